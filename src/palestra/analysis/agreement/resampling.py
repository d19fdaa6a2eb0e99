"""Ratios of sums over matchups, with intervals from a bootstrap of clusters of matchups.

All measures of all judges are functions of sums over matchups, so one matrix of weights, drawn once, gives
every measure in every resample, and differences between judges are of the same resamples.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

import numpy as np

from palestra.analysis.agreement.findings import Estimate
from palestra.errors import UsageError
from palestra.ranking.arrays import Floats, Ints
from palestra.ranking.win_rate import wilson, z_exact

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Sums = dict[str, Floats]
"""A sum for each name: one number, or one of each resample, (rounds,)."""
_AT_ONCE = 1 << 22
"""Weights in memory at once."""
_FLAT = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Resampled:
    """Sums of columns over all matchups, and over resamples of their clusters."""

    level: float
    places: dict[str, dict[str, int]]
    """Of each part's columns."""
    whole: Floats
    """(K,)"""
    draws: Floats
    """(rounds, K)"""
    clusters: Ints
    """How many clusters each column is not 0 in, (K,)."""

    @classmethod
    def of(
        cls, parts: Mapping[str, Mapping[str, Floats]], cluster: Ints, *, rounds: int, level: float, seed: int
    ) -> Resampled:
        """Columns of each part, such as a judge, (m,) each, summed by `cluster`, (m,) from 0.

        Each round draws as many clusters as there are, with replacement. Clusters of equal sums are drawn
        together, in an order that depends on their sums alone: so names and the order of rows change nothing.

        Raises:
            UsageError: fewer than two rounds, a negative seed, a level outside (0, 1).
        """
        z_exact(level)
        if rounds < 2:
            raise UsageError(f"a bootstrap needs at least 2 rounds, not {rounds}", key="rounds")
        if seed < 0:
            raise UsageError(f"a seed is 0 or more, not {seed}", key="seed")
        numbers = count()
        places = {part: {name: next(numbers) for name in columns} for part, columns in parts.items()}
        size = int(cluster.max()) + 1 if cluster.size else 0
        each = [column for columns in parts.values() for column in columns.values()]
        sums = np.stack([np.bincount(cluster, column, size) for column in each], axis=1)
        sums = sums[np.abs(sums).sum(axis=1) > 0]
        kinds, times = np.unique(np.round(sums, 9) + 0.0, axis=0, return_counts=True)
        return cls(
            level,
            places,
            sums.sum(axis=0),
            _draws(kinds, times, rounds, np.random.default_rng(seed)),
            np.count_nonzero(sums, axis=0),
        )

    def _sums(self, part: str, source: Floats) -> Sums:
        return {name: np.asarray(source[..., at]) for name, at in self.places[part].items()}

    def share(self, part: str, hits: str, of: str) -> Estimate:
        """`hits` / `of`, a share in [0, 1]; where no resample differs from another, Wilson's interval for as
        many trials as clusters.
        """
        found = self.measure(part, lambda s: _ratio(s[hits], s[of]), of=of, hits=hits)
        if np.isnan(found.low) and not np.isnan(found.value):
            n = np.array(float(self.clusters[self.places[part][of]]))
            low, high = wilson(np.array(found.value), n, self.level)
            return Estimate(found.value, float(low), float(high), found.error, found.n, found.hits)
        return found

    def measure(
        self, part: str, function: Callable[[Sums], Floats], *, of: str, hits: str | None = None
    ) -> Estimate:
        """Any function of the sums, with percentile bounds and the standard deviation of the resamples that
        have a value. There are no bounds where fewer than half have one, or where all are alike.
        """
        with np.errstate(invalid="ignore", divide="ignore"):
            value = float(function(self._sums(part, self.whole)))
            draws = np.asarray(function(self._sums(part, self.draws)))
        n = float(self.whole[self.places[part][of]])
        counted = None if hits is None else float(self.whole[self.places[part][hits]])
        known = draws[np.isfinite(draws)]
        low = high = error = float("nan")
        if not np.isnan(value) and 2 * known.size >= draws.size and np.ptp(known) > _FLAT:
            tail = (1 - self.level) / 2
            low, high = (float(bound) for bound in np.quantile(known, [tail, 1 - tail]))
            error = float(known.std(ddof=1))
        return Estimate(value, low, high, error, n, counted)


def _ratio(one: Floats, other: Floats) -> Floats:
    return np.asarray(np.where(other > 0, one / other, np.nan))


def _draws(kinds: Floats, times: Ints, rounds: int, rng: np.random.Generator) -> Floats:
    """Sums of `rounds` resamples of clusters of these sums, (kinds, K), each of which is there `times`."""
    if not len(kinds):
        return np.zeros((rounds, kinds.shape[1]))
    size = int(times.sum())
    step = max(1, _AT_ONCE // len(kinds))
    parts = [
        rng.multinomial(size, times / size, size=min(step, rounds - first)).astype(np.float64) @ kinds
        for first in range(0, rounds, step)
    ]
    return np.concatenate(parts)
