"""Maximises the likelihood of a tie model, by Newton's method.

N models and three more make one vector x, (N + 3,): the log-strengths, k, u (see `tie_models`), and a phantom
of log-strength 0 that only priors speak of.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from palestra.errors import PalestraError
from palestra.ranking.arrays import Floats, Ints, total
from palestra.ranking.bradley_terry.newton import FAR
from palestra.ranking.ties.models import chance_of

if TYPE_CHECKING:
    from palestra.ranking.arrays import Bools
    from palestra.ranking.ties.models import TieModel

_STEPS = 200
_SMALL = 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """What happened between P pairs of N models."""

    size: int
    """N."""
    i: Ints
    """(P,)"""
    j: Ints
    n: Floats
    """Σ weight of each outcome, (P, 4): i won, j won, tied, both bad."""
    moment: Floats
    """Σ weight² · share · shareᵀ, the shares of a row in the four outcomes, (P, 4, 4)."""

    def within(self, keep: Bools) -> Results:
        """Only what happened between the models where `keep`, (N,), is True; all keep their numbers."""
        inside = keep[self.i] & keep[self.j]
        return Results(self.size, self.i[inside], self.j[inside], self.n[inside], self.moment[inside])

    def only(self, keep: Bools) -> Results:
        """Only the outcomes where `keep`, (4,), is True."""
        both = keep[:, None] & keep[None, :]
        return Results(self.size, self.i, self.j, self.n * keep, self.moment * both)

    def variables(self) -> Ints:
        """Where in x the four variables of each pair are, (P, 4)."""
        both = np.full(self.i.shape, self.size)
        return np.stack([self.i, self.j, both, both + 1], axis=1)

    def spread(self, model: TieModel, x: Floats) -> Floats:
        """Σ of the squared scores of all rows, (N + 3, N + 3)."""
        where = self.variables()
        scores = model.scores(x[where])
        return _assembled(where, np.einsum("poa,pom,pmb->pab", scores, self.moment, scores), x.size)


@dataclass(frozen=True, slots=True, eq=False)
class Prior:
    """Weak knowledge beside the results."""

    i: Ints
    """Bradley-Terry battles between entries of x, (edges,)."""
    j: Ints
    wins_i: Floats
    wins_j: Floats
    tie: float = 0.0
    """Weight of a tie, and of a win, between two equals."""

    @classmethod
    def none(cls) -> Prior:
        """Nothing."""
        nothing = np.zeros(0, dtype=np.int64)
        return cls(nothing, nothing, np.zeros(0), np.zeros(0))


@dataclass(frozen=True, slots=True, eq=False)
class Objective:
    """A log-likelihood and its derivatives; entries of variables that are not fitted mean nothing."""

    model: TieModel
    results: Results
    prior: Prior

    def value(self, x: Floats) -> float:
        """The log-likelihood, with that of the prior."""
        prior = self.prior
        gap = x[prior.i] - x[prior.j]
        battles = prior.wins_i * np.logaddexp(0, -gap) + prior.wins_j * np.logaddexp(0, gap)
        tie = prior.tie * self.model.prior(float(x[-2]))[0] if prior.tie else 0.0
        return self.log_likelihood(x) - float(battles.sum()) + tie

    def log_likelihood(self, x: Floats) -> float:
        """Of the results alone."""
        n = self.results.n
        chances = self.model.log_chances(x[self.results.variables()])
        return float((n[n > 0] * chances[n > 0]).sum())

    def gradient(self, x: Floats) -> Floats:
        """(N + 3,)"""
        where, prior = self.results.variables(), self.prior
        pull = np.einsum("po,poa->pa", self.results.n, self.model.scores(x[where]))
        gradient = total(where.ravel(), pull.ravel(), x.size)
        chance = chance_of(x[prior.i] - x[prior.j])
        push = prior.wins_i * (1 - chance) - prior.wins_j * chance
        gradient += total(prior.i, push, x.size) - total(prior.j, push, x.size)
        if prior.tie:
            gradient[-2] += prior.tie * self.model.prior(float(x[-2]))[1]
        return gradient

    def curvature(self, x: Floats) -> Floats:
        """Minus the Hessian, (N + 3, N + 3)."""
        where, prior = self.results.variables(), self.prior
        matrix = _assembled(where, self.model.curvature(x[where], self.results.n), x.size)
        chance = chance_of(x[prior.i] - x[prior.j])
        weight = ((prior.wins_i + prior.wins_j) * chance * (1 - chance))[:, None, None]
        edges = np.stack([prior.i, prior.j], axis=1)
        matrix += _assembled(edges, weight * np.array([[1.0, -1.0], [-1.0, 1.0]]), x.size)
        if prior.tie:
            matrix[-2, -2] += prior.tie * self.model.prior(float(x[-2]))[2]
        return matrix


def _assembled(where: Ints, blocks: Floats, size: int) -> Floats:
    """The sum of small blocks, (B, V, V), at the rows and columns `where`, (B, V), (size, size)."""
    cells = where[:, :, None] * size + where[:, None, :]
    return total(cells.ravel(), blocks.ravel(), size * size).reshape(size, size)


def regular(matrix: Floats, along: Floats) -> Floats:
    """A curvature that is 0 along one direction, (V,) of zeros and ones, made regular: its inverse is the
    pseudo-inverse on all vectors orthogonal to that direction. Without direction it stays as it is.
    """
    length = max(float(along.sum()), 1.0)
    return matrix + float(matrix.diagonal() @ along) / length**2 * np.outer(along, along)


def maximise(objective: Objective, x: Floats, free: Ints, along: Floats) -> Floats:
    """The x of greatest likelihood, starting at `x`, when only the entries `free` move.

    `along` is 1 for those of `free` that can move together without changing the likelihood, and 0 for the
    rest; their mean stays. The maximum must be finite.

    Raises:
        PalestraError: the steps do not end, which such data cannot cause but extreme weights could.
    """
    if free.size == 0:
        return x
    before, last = objective.value(x), np.inf
    for _ in range(_STEPS):
        matrix = regular(objective.curvature(x)[np.ix_(free, free)], along)
        step = np.asarray(np.linalg.solve(matrix, objective.gradient(x)[free]), dtype=np.float64)
        size = float(np.abs(step).max())
        x, before = _climb(objective, x, free, step * min(1.0, FAR / max(size, FAR)), before)
        if size < _SMALL or (size < 1e-6 and size > last / 2):
            return x
        last = size
    raise PalestraError(
        f"the {objective.model.name} fit did not settle in {_STEPS} steps (last step {last:g})",
        hint="are some weights more than a billion times others?",
    )


def _climb(objective: Objective, x: Floats, free: Ints, step: Floats, before: float) -> tuple[Floats, float]:
    """The largest of step, step/2, step/4, … that does not lose likelihood."""
    slack = 1e-12 * (1.0 + abs(before))
    for _ in range(60):
        trial = x.copy()
        trial[free] += step
        after = objective.value(trial)
        if after >= before - slack:
            return trial, after
        step = step / 2
    return x, before
