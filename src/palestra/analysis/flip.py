"""How firmly the leader sits: how few votes would put the runner-up first."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from palestra.ranking.bradley_terry import fit
from palestra.ranking.bradley_terry.laplacian import Laplacian
from palestra.ranking.counts import Counts, Outcome, Rows
from palestra.ranking.pairs import Pairs

if TYPE_CHECKING:
    from collections.abc import Callable

    from palestra.ranking.arrays import Floats, Ints
    from palestra.ranking.bradley_terry import Fit

_SAME = 1e-9
"""Log-strengths this close are equal."""
_MOST = 2**40
"""No board needs more battles than this."""


@dataclass(frozen=True, slots=True)
class Flip:
    """What it takes to change the first two of a Bradley-Terry board."""

    leader: str
    runner_up: str
    gap: float
    """How far the leader is ahead in log-strength, 0 or more."""
    losses: int | None
    """The least number of further battles of weight 1 that the leader would have to lose against the
    runner-up; 0 if they are level, None where even 2**40 do not do it."""
    reversals: int | None
    """How many of the votes there are would do it if their winner were swapped; 0 if the two are level,
    None if none do."""
    exact: bool
    """Whether no smaller number of reversals can do it; else a smaller one may exist."""


def votes_to_flip(counts: Counts) -> Flip | None:
    """How many votes would put the second model first, found by refitting; None without a second model.

    Only the largest part of models that met is looked at, in which equal ratings stand by name. A flip is
    the runner-up's strength exceeding the leader's. For the losses and the reversals of votes between the
    two there is a guess in closed form, proven by refits at it and below it: at the flip the two are as
    one model, so fitting them as one leaves a surplus of wins on the leader's side. Each further loss takes
    one of it, each reversal two.

    No other vote moves the gap more than one between the two: a vote's pull is the difference of a
    potential that is greatest at the leader and least at the runner-up (the battle graph as a network of
    resistors, Doyle & Snell, Random Walks and Electric Networks, 1984). So where reversals between the
    two suffice, all votes weigh the same, and both strengths are determined by the battles, the number is
    the least there is. Else the votes that pull most on the present fit are reversed first.
    """
    counts = Rows.from_codes(
        counts.models,
        counts.a,
        counts.b,
        counts.outcome,
        share=counts.share,
        weight=counts.weight,
        n=counts.n,
    ).counts()  # without clusters, which say nothing of the order
    pairs = Pairs.of(counts)
    fitted = fit(pairs)
    nodes = np.flatnonzero(fitted.component == 0)
    if nodes.size < 2:
        return None
    order = nodes[np.lexsort((nodes, -np.round(fitted.theta[nodes], 9)))]
    leader, second = int(order[0]), int(order[1])
    gap = float(fitted.theta[leader] - fitted.theta[second])
    names = counts.models[leader], counts.models[second]
    if gap <= _SAME:
        return Flip(*names, max(gap, 0.0), 0, 0, exact=True)
    surplus = _surplus(counts, leader, second)
    votes = _Votes.of(counts, pairs, fitted, leader, second)
    reversals = _least(
        lambda n: _flips(votes.reverse(n), leader, second), surplus / (2 * votes.first_weight), votes.total
    )
    losses = _least(lambda n: _flips(_lost(counts, leader, second, n), leader, second), surplus, _MOST)
    determined = bool(fitted.core[leader] and fitted.core[second])
    sure = determined and reversals is not None and reversals <= votes.head_to_head
    return Flip(*names, gap, losses, reversals, exact=sure)


def _flips(counts: Counts, leader: int, second: int) -> bool:
    theta = fit(Pairs.of(counts)).theta
    return bool(theta[second] - theta[leader] > _SAME)


def _lost(counts: Counts, leader: int, second: int, n: int) -> Counts:
    """With `n` more battles, all lost by the leader to the second."""
    extra = Counts.from_codes(counts.models, [second], [leader], [Outcome.A], n=[n])
    return Counts.merge([counts, extra])


def _surplus(counts: Counts, leader: int, second: int) -> float:
    """How many more wins than its equal the leader has, with both fitted as one model."""
    merged = counts.rename({counts.models[second]: counts.models[leader]})
    theta = dict(zip(merged.models, fit(Pairs.of(merged)).theta.tolist(), strict=True))
    theta[counts.models[second]] = theta[counts.models[leader]]
    strength = np.array([theta[name] for name in counts.models])
    pairs = Pairs.of(counts)
    excess = pairs.wins_i - pairs.weight * _chance(strength[pairs.i] - strength[pairs.j])
    return _at(leader, pairs, excess) - _at(second, pairs, excess)


def _at(model: int, pairs: Pairs, excess: Floats) -> float:
    return float(excess[pairs.i == model].sum() - excess[pairs.j == model].sum())


def _chance(gap: Floats) -> Floats:
    return np.asarray(0.5 * (1.0 + np.tanh(gap / 2)))


def _least(flips: Callable[[int], bool], guess: float, most: int) -> int | None:
    """The least n from 1 to `most` that flips, if more never undo it; None if none does.

    A right guess costs two trials.
    """
    if most < 1:
        return None
    low, high = 0, int(min(max(math.floor(guess) + 1, 1), most))
    step = 1
    while not flips(high):
        if high >= most:
            return None
        low, high, step = high, min(high + step, most), 2 * step
    step = 1
    while low == 0 and high > 1:
        trial = max(high - step, 1)
        if not flips(trial):
            low = trial
        else:
            high, step = trial, 2 * step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if flips(middle) else (middle, high)
    return high


@dataclass(frozen=True, slots=True, eq=False)
class _Votes:
    """The votes whose reversal narrows the gap, those that pull most first."""

    counts: Counts
    cells: Ints
    """The cells they are in, in order."""
    end: Ints
    """How many votes there are up to the end of each of those cells."""
    head_to_head: int
    """How many of the first are votes between the two, all weights being the same; else 0."""

    @property
    def total(self) -> int:
        """How many votes there are."""
        return int(self.end[-1]) if self.end.size else 0

    @property
    def first_weight(self) -> float:
        """The weight of the first of them."""
        return float(self.counts.weight[self.cells[0]]) if self.cells.size else 1.0

    @classmethod
    def of(cls, counts: Counts, pairs: Pairs, fitted: Fit, leader: int, second: int) -> _Votes:
        potential = _potential(pairs, fitted, leader, second)
        pull = counts.weight * (2 * counts.share - 1) * (potential[counts.a] - potential[counts.b])
        two = [leader, second]
        other = ~(np.isin(counts.a, two) & np.isin(counts.b, two))
        order = np.lexsort((np.arange(pull.size), other, -np.round(pull, 12)))
        cells = order[np.round(pull[order], 12) > 0]
        alike = np.unique(counts.weight).size == 1 and not np.any(counts.outcome == Outcome.SOFT)
        first = int(np.argmax(np.r_[other[cells], True]))
        return cls(
            counts,
            cells,
            np.cumsum(counts.n[cells]),
            int(counts.n[cells[:first]].sum()) if alike else 0,
        )

    def reverse(self, n: int) -> Counts:
        """The battles with the winners of the first `n` of these votes swapped."""
        counts, cells = self.counts, self.cells
        taken = np.zeros(counts.n.size, dtype=np.int64)
        taken[cells] = np.clip(n - (self.end - counts.n[cells]), 0, counts.n[cells])
        some = np.flatnonzero(taken)
        return Rows.from_codes(
            counts.models,
            np.r_[counts.a, counts.b[some]],
            np.r_[counts.b, counts.a[some]],
            np.r_[counts.outcome, counts.outcome[some]],
            share=np.r_[counts.share, counts.share[some]],
            weight=np.r_[counts.weight, counts.weight[some]],
            n=np.r_[counts.n - taken, taken[some]],
        ).counts()


def _potential(pairs: Pairs, fitted: Fit, leader: int, second: int) -> Floats:
    """How much a win of each model against nobody would widen the gap, (M,), at the present fit."""
    inside = fitted.component == 0
    position = np.cumsum(inside) - 1
    edges = inside[pairs.i]
    i, j = position[pairs.i[edges]], position[pairs.j[edges]]
    theta = fitted.theta[inside]
    chance = _chance(theta[i] - theta[j])
    curvature = Laplacian.of(theta.size, i, j, pairs.weight[edges] * chance * (1 - chance))
    poles = np.zeros(theta.size)
    poles[position[leader]], poles[position[second]] = 1.0, -1.0
    potential = np.zeros(inside.size)
    potential[inside] = curvature.solve(poles)
    return potential
