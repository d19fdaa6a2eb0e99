"""What to battle next: which models are told apart, how many more battles would tell the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from palestra.analysis import apart
from palestra.analysis.flip import Flip, votes_to_flip
from palestra.analysis.sampling import pair_chances, result_variances, sample_pairs
from palestra.errors import UsageError, nearest
from palestra.ranking.bradley_terry import fit
from palestra.ranking.intervals import covariance, settled
from palestra.ranking.leaderboard import rank_counts
from palestra.ranking.pairs import Pairs
from palestra.ranking.scale import POINTS
from palestra.ranking.table import few
from palestra.ranking.uncertainty import better

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from palestra.ranking.arrays import Bools, Floats, Ints
    from palestra.ranking.bradley_terry import Fit
    from palestra.ranking.counts import Counts
    from palestra.records.rating import Leaderboard, Rating

MOST_MODELS = 3000
"""A plan looks at every pair of models, and takes about a gigabyte for so many."""


@dataclass(frozen=True, slots=True)
class PairPlan:
    """Two models of one part of the battle graph, the one that stands higher first."""

    model_a: str
    model_b: str
    rank_a: int
    rank_b: int
    n_battles: int
    """Battles between the two."""
    gap: float
    """Rating points between them."""
    chance_better: float
    """P(A is better than B), from ½; NaN where the battles cannot tell the error."""
    told_apart: bool
    more_battles: float
    """About how many more battles between the two would tell them apart: 0 if they are told apart,
    infinity if they are equal, NaN where the battles cannot tell the error."""


@dataclass(frozen=True, slots=True)
class NextPair:
    """A pair to battle next."""

    model_a: str
    """Who is shown first."""
    model_b: str
    propensity: float
    """The chance that the pair had, whoever is shown first, in (0, 1]."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan, with what it was made from."""

    board: Leaderboard
    level: float
    chance: float
    """With which the stated number of battles tells two models apart."""
    pairs: tuple[PairPlan, ...]
    flip: Flip | None
    """None where there are no two models to compare."""
    scatter: float
    """How much results scatter, see `apart.scatter`."""
    separability: float
    """The share of pairs whose intervals do not overlap, NaN without a pair."""
    target: float
    battles_to_target: float
    """How many more battles, spread as those so far, bring the separability to the target."""
    next_pairs: tuple[NextPair, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Draw:
    """How to draw the pairs to battle next."""

    size: int = 0
    seed: int = 0
    floor: float = 0.1
    """The share of battles spread over all pairs alike, in [0, 1]."""
    weights: Mapping[str, float] | None = None
    """How much to favour a model; 1 for those not named."""


def make_plan(
    counts: Counts,
    *,
    level: float = 0.95,
    chance: float = 0.8,
    target: float = 0.9,
    n_pairs: int | None = None,
    draw: Draw | None = None,
    cluster: str | None = None,
    n_failed: int | None = None,
) -> Plan:
    """Plan from the battles there are, rated by Bradley-Terry.

    `pairs` holds the `n_pairs` nearest on the board, by how many ranks lie between them, then from the top;
    by default each model with the next. See `apart` for `level`, `chance` and `target`, `sampling` for
    what is drawn. `cluster` names what the
    clusters of the counts are, if they have any; it and `n_failed` are passed on.

    Raises:
        UsageError: more than `MOST_MODELS` models, a level, chance, target or floor out of range, a weight
            for a model in no battle, or no two models to draw from.
    """
    size = len(counts.models)
    if size > MOST_MODELS:
        raise UsageError(
            f"a plan of {size} models is too large; at most {MOST_MODELS}",
            hint="leave some out with --filter",
        )
    board = rank_counts(counts, level=level, cluster=cluster, n_failed=n_failed)
    pairs = Pairs.of(counts)
    fitted = fit(pairs)
    theta, spread = fitted.theta, covariance(settled(pairs, fitted), fitted)
    tables = _Tables.of(pairs, fitted, spread, level, chance)
    return Plan(
        board=board,
        level=level,
        chance=chance,
        pairs=tuple(tables.pair(counts, *two) for two in _nearest(board, n_pairs)),
        flip=votes_to_flip(counts),
        scatter=tables.scatter,
        separability=apart.separated_share(theta, spread, level),
        target=target,
        battles_to_target=apart.battles_to_separate(theta, spread, counts.n_battles, target, level),
        next_pairs=() if draw is None else _next(counts, fitted, tables, draw),
        warnings=(*board.warnings, *_short(board)),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Tables:
    """What there is to say of each pair, (M, M) each."""

    scatter: float
    met: Ints
    """Battles between the two."""
    gap: Floats
    better: Floats
    told: Bools
    needed: Floats

    @classmethod
    def of(cls, pairs: Pairs, fitted: Fit, spread: Floats, level: float, chance: float) -> _Tables:
        met = np.zeros((pairs.n_models, pairs.n_models), dtype=np.int64)
        battles = np.bincount(pairs.cell_pair, pairs.cell_n, pairs.i.size).astype(np.int64)
        met[pairs.i, pairs.j] = met[pairs.j, pairs.i] = battles
        scatter = apart.scatter(pairs, fitted)
        return cls(
            scatter=scatter,
            met=met,
            gap=apart.gaps(fitted.theta),
            better=better(fitted.theta, spread),
            told=apart.told_apart(fitted.theta, spread, level),
            needed=apart.battles_to_tell_apart(
                fitted.theta, spread, scatter=scatter, level=level, chance=chance
            ),
        )

    def pair(self, counts: Counts, above: Rating, below: Rating) -> PairPlan:
        """What there is to say of these two."""
        a, b = counts.models.index(above.model), counts.models.index(below.model)
        return PairPlan(
            model_a=above.model,
            model_b=below.model,
            rank_a=above.rank,
            rank_b=below.rank,
            n_battles=int(self.met[a, b]),
            gap=POINTS * float(self.gap[a, b]),
            chance_better=float(self.better[a, b]),
            told_apart=bool(self.told[a, b]),
            more_battles=float(self.needed[a, b]),
        )


def _nearest(board: Leaderboard, most: int | None) -> Iterator[tuple[Rating, Rating]]:
    """Two rows of one part, by their distance on the board, then from the top."""
    rows = board.ratings
    limit = sum(len(part) - 1 for part in board.components) if most is None else most
    for distance in range(1, len(rows)):
        for above in range(len(rows) - distance):
            if rows[above].component != rows[above + distance].component:
                continue
            if limit <= 0:
                return
            limit -= 1
            yield rows[above], rows[above + distance]


def _next(counts: Counts, fitted: Fit, tables: _Tables, draw: Draw) -> tuple[NextPair, ...]:
    weights = np.ones(len(counts.models))
    for name, weight in (draw.weights or {}).items():
        if name not in counts.models:
            raise UsageError(f"no battle names a model {name!r}", hint=nearest(name, counts.models))
        weights[counts.models.index(name)] = weight
    variance = result_variances(fitted.theta, fitted.component, tables.scatter)
    chances = pair_chances(variance, tables.met.astype(np.float64), weights=weights, floor=draw.floor)
    drawn = sample_pairs(chances, draw.size, seed=draw.seed)
    return tuple(
        NextPair(counts.models[a], counts.models[b], propensity)
        for a, b, propensity in zip(
            drawn.a.tolist(), drawn.b.tolist(), drawn.propensity.tolist(), strict=True
        )
    )


def _short(board: Leaderboard) -> list[str]:
    """A warning on models whose error is not that of a large sample."""
    names = [row.model for row in board.ratings if "few_battles" in row.flags]
    if not names:
        return []
    return [
        f"{few(names)} fought few battles: errors are then larger, and the numbers of battles rougher, than "
        "they look"
    ]
