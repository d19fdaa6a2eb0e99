"""Bootstrap of Bradley-Terry log-strengths: the fit, again and again, on resampled battles."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from palestra.errors import UsageError
from palestra.ranking.blas import few_threads, processors
from palestra.ranking.bootstrap.refit import SETTLED, Core
from palestra.ranking.bootstrap.resample import Resampler
from palestra.ranking.compiled import kernels

if TYPE_CHECKING:
    from collections.abc import Callable

    from palestra.ranking.arrays import Floats, Ints
    from palestra.ranking.bradley_terry import Fit
    from palestra.ranking.pairs import Pairs


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """Log-strengths of bootstrap resamples."""

    theta: Floats
    """(rounds, M); NaN where the resample does not determine the model's strength."""

    @property
    def unidentified(self) -> Ints:
        """In how many resamples each model's strength is not determined, (M,)."""
        return np.asarray(np.count_nonzero(np.isnan(self.theta), axis=0), dtype=np.int64)

    @property
    def errors(self) -> Floats:
        """The standard deviation of each log-strength over the resamples that determine it, (M,)."""
        errors = np.full(self.theta.shape[1], np.nan)
        known = len(self.theta) - self.unidentified > 1
        errors[known] = np.nanstd(self.theta[:, known], axis=0, ddof=1)
        return errors

    def bounds(self, level: float) -> tuple[Floats, Floats]:
        """Percentile bounds over the resamples that determine the model, (M,) each; NaN where these
        are less than half, or all alike.
        """
        low, high = np.full(self.theta.shape[1], np.nan), np.full(self.theta.shape[1], np.nan)
        lost = self.unidentified
        tail = (1 - level) / 2
        whole, some = lost == 0, (lost > 0) & (2 * lost <= len(self.theta))
        if whole.any():
            low[whole], high[whole] = np.quantile(self.theta[:, whole], [tail, 1 - tail], axis=0)
        if some.any():
            low[some], high[some] = np.nanquantile(self.theta[:, some], [tail, 1 - tail], axis=0)
        alike = high - low < 1e-12
        low[alike] = high[alike] = np.nan
        return low, high


def bootstrap(pairs: Pairs, fit: Fit, *, rounds: int, seed: int, threads: int | None = None) -> Draws:
    """Refit `rounds` resamples of the battles, or of their clusters where the cells have clusters.

    The same seed gives the same numbers for any number of `threads`, which is that of the processors
    unless given.

    Raises:
        UsageError: fewer than two rounds, or a negative seed.
    """
    if rounds < 2:
        raise UsageError(f"a bootstrap needs at least 2 rounds, not {rounds}")
    if seed < 0:
        raise UsageError(f"a seed is 0 or more, not {seed}")
    theta = np.full((rounds, pairs.n_models), np.nan)
    cores = [Core.of(pairs, part) for part in fit.parts if part.core.any()]
    if cores:
        resampler = Resampler.of(pairs, seed)
        work = rounds * (resampler.size * 1e-8 + sum(core.theta.size**2 for core in cores) * 3e-8)
        fast = kernels(work)
        refit_all = _plain(pairs, cores, resampler, theta)
        if fast is not None and all(core.is_small for core in cores):
            refit_all = _compiled(pairs, cores, resampler, theta, fast)
        workers = min(threads or processors(), rounds)
        with few_threads(0), ThreadPoolExecutor(workers) as pool:
            list(pool.map(refit_all, [range(first, rounds, workers) for first in range(workers)]))
    return Draws(theta)


def _plain(pairs: Pairs, cores: list[Core], resampler: Resampler, theta: Floats) -> Callable[[range], None]:
    def refit_all(numbers: range) -> None:
        for number in numbers:
            wins_i, wins_j = pairs.wins(resampler.draw(number))
            for core in cores:
                theta[number, core.nodes] = core.refit(wins_i, wins_j)

    return refit_all


def _compiled(
    pairs: Pairs, cores: list[Core], resampler: Resampler, theta: Floats, fast: Any
) -> Callable[[range], None]:
    """The same by compiled kernels, with other random numbers of the same law. What they leave open, a
    resample that does not determine every strength or steps that do not shrink, is left to numpy.
    """
    of_i = pairs.cell_weight * pairs.cell_share
    of_j = pairs.cell_weight - of_i
    ends = [core.ends_of_cells(pairs) for core in cores]
    draw = resampler.compiled(fast)

    def refit_all(numbers: range) -> None:
        tables = [np.empty(core.inverse.shape) for core in cores]
        n = resampler.empty()
        for number in numbers:
            draw(n, number)
            for core, (i, j), wins in zip(cores, ends, tables, strict=True):
                fast.tabulate(n, i, j, of_i, of_j, wins)
                found = core.theta.copy()
                whole = fast.is_strong(wins, core.least, core.pivot)
                if whole and fast.settle(wins, core.inverse, found, SETTLED):
                    theta[number, core.nodes] = found + (core.theta.mean() - found.mean() + core.shift)
                else:
                    theta[number, core.nodes] = core.refit(*pairs.wins(n.astype(np.float64)))

    return refit_all
