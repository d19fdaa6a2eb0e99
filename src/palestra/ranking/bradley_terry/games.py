"""Battles between pairs, as edges of a graph, and what the Bradley-Terry likelihood says of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from palestra.ranking.arrays import Bools, Floats, Ints, total
from palestra.ranking.bradley_terry.laplacian import laplacian

WIDE = 600.0
"""Log-strengths further apart than this overflow as odds."""


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
        if theta.size and np.ptp(theta) > WIDE:
            return _chances_far_apart(theta[self.i] - theta[self.j])
        odds = np.exp(theta - theta.max(initial=0.0) + WIDE / 2)
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


def _chances_far_apart(gap: Floats) -> tuple[Floats, Floats]:
    small = np.exp(-np.abs(gap))
    high, low = 1.0 / (1.0 + small), small / (1.0 + small)
    return np.where(gap >= 0, high, low), np.where(gap >= 0, low, high)
