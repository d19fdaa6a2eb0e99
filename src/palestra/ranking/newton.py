"""Maximises the Bradley-Terry likelihood of weighted wins between pairs, by Newton's method."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from palestra.errors import PalestraError
from palestra.ranking.arrays import Bools, Floats, Ints, total
from palestra.ranking.dense import Table
from palestra.ranking.laplacian import Laplacian, laplacian, solve_dense

_STEPS = 200
_WIDE = 600.0
"""Log-strengths further apart than this overflow as odds."""
_SURE = 0.8
"""Where no two log-strengths move by more than twice this against each other, Newton's step cannot lose
likelihood: the curvature along it grows by less than e^d, and (e^d - 1 - d)/d² < 1 up to d = 1.79
(Bach, Electron. J. Statist. 4 (2010) 384)."""
_SMALL = 1e-10
"""A step in log-strength (1.7e-8 rating points); Newton squares the error, so the next would be nil."""


@dataclass(frozen=True, slots=True, eq=False)
class Games:
    """Edges between N nodes, with the wins of either end, (edges,) each."""

    i: Ints
    j: Ints
    wins_i: Floats
    wins_j: Floats

    def select(self, keep: Bools, position: Ints) -> Games:
        """Some of the edges, their nodes renumbered: `position[node]` is the new number."""
        return Games(position[self.i[keep]], position[self.j[keep]], self.wins_i[keep], self.wins_j[keep])

    def join(self, other: Games) -> Games:
        """The edges of both."""
        return Games(
            np.r_[self.i, other.i],
            np.r_[self.j, other.j],
            np.r_[self.wins_i, other.wins_i],
            np.r_[self.wins_j, other.wins_j],
        )

    def arcs(self, least: float) -> tuple[Ints, Ints]:
        """Who won more than `least` against whom: winners and losers, (arcs,) each."""
        forth, back = self.wins_i > least, self.wins_j > least
        return np.r_[self.i[forth], self.j[back]], np.r_[self.j[forth], self.i[back]]

    def chances(self, theta: Floats) -> tuple[Floats, Floats]:
        """The probabilities that i and that j wins, (edges,) each; neither is 1 minus the other in
        arithmetic, so that a tiny one keeps its digits.
        """
        if theta.size and np.ptp(theta) > _WIDE:
            return _chances_far_apart(theta[self.i] - theta[self.j])
        odds = np.exp(theta - theta.max(initial=0.0) + _WIDE / 2)
        of_i, of_j = odds[self.i], odds[self.j]
        both = of_i + of_j
        return of_i / both, of_j / both

    def pull(self, p: Floats, q: Floats, size: int) -> Floats:
        """The log-likelihood's derivative by each log-strength, (N,), at these chances."""
        force = self.wins_i * q - self.wins_j * p
        return total(self.i, force, size) - total(self.j, force, size)

    def gradient(self, theta: Floats) -> Floats:
        """The log-likelihood's derivative by each log-strength, (N,)."""
        return self.pull(*self.chances(theta), theta.size)

    def log_likelihood(self, theta: Floats) -> float:
        """Up to a constant."""
        gap = theta[self.i] - theta[self.j]
        soft = np.log1p(np.exp(-np.abs(gap)))
        loss = self.wins_i * (np.maximum(-gap, 0) + soft) + self.wins_j * (np.maximum(gap, 0) + soft)
        return -float(loss.sum())

    def curvature(self, theta: Floats) -> Floats:
        """Minus the Hessian, (N, N): a graph Laplacian."""
        p, q = self.chances(theta)
        return laplacian(theta.size, self.i, self.j, (self.wins_i + self.wins_j) * p * q)


def maximise(games: Games, theta: Floats, free: Bools | None = None) -> Floats:
    """The log-strengths, (N,), of greatest likelihood, starting at `theta`.

    With `free`, only those nodes move and the others say where zero is; without it, all move and the
    mean stays. The maximum must be finite: every node strongly connected, or tied to a fixed one.

    Raises:
        PalestraError: the steps do not end, which such data cannot cause but extreme weights could.
    """
    theta = theta.copy()
    nodes = np.arange(theta.size) if free is None else np.flatnonzero(free)
    if nodes.size == 0 or games.i.size == 0:
        return theta
    table = Table.where_dense(games, theta.size) if free is None else None
    last = np.inf
    for _ in range(_STEPS):
        step = _newton_step(games, table, theta, free)
        size = float(np.abs(step).max())
        if size < _SURE:
            theta[nodes] += step
        else:
            theta = _climb(games, theta, nodes, step)
        if size < _SMALL or (size < 1e-6 and size > last / 2):
            return theta
        last = size
    raise PalestraError(
        f"the Bradley-Terry fit did not settle in {_STEPS} steps (last step {last:g})",
        hint="are some weights more than a billion times others?",
    )


def _newton_step(games: Games, table: Table | None, theta: Floats, free: Bools | None) -> Floats:
    if table is not None and np.ptp(theta) < _WIDE:
        return solve_dense(*table.slopes(theta), whole=True)
    p, q = games.chances(theta)
    push = games.pull(p, q, theta.size)
    weight = (games.wins_i + games.wins_j) * p * q
    bend = Laplacian.of(theta.size, games.i, games.j, weight, free)
    return bend.solve(push if free is None else push[free])


def _climb(games: Games, theta: Floats, nodes: Ints, step: Floats) -> Floats:
    """The largest of step, step/2, step/4, … that does not lose likelihood."""
    before = games.log_likelihood(theta)
    slack = 1e-12 * (1.0 + abs(before))
    for _ in range(60):
        trial = theta.copy()
        trial[nodes] += step
        if games.log_likelihood(trial) >= before - slack:
            return trial
        step = step / 2
    return theta


def _chances_far_apart(gap: Floats) -> tuple[Floats, Floats]:
    small = np.exp(-np.abs(gap))
    high, low = 1.0 / (1.0 + small), small / (1.0 + small)
    return np.where(gap >= 0, high, low), np.where(gap >= 0, low, high)
