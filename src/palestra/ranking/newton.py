"""Maximises the Bradley-Terry likelihood of weighted wins between pairs, by Newton's method."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from palestra.errors import PalestraError
from palestra.ranking.arrays import Bools, Floats, Ints, total

_STEPS = 200
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
        gap = theta[self.i] - theta[self.j]
        small = np.exp(-np.abs(gap))
        high, low = 1.0 / (1.0 + small), small / (1.0 + small)
        return np.where(gap >= 0, high, low), np.where(gap >= 0, low, high)

    def gradient(self, theta: Floats) -> Floats:
        """The log-likelihood's derivative by each log-strength, (N,)."""
        p, q = self.chances(theta)
        pull = self.wins_i * q - self.wins_j * p
        return total(self.i, pull, theta.size) - total(self.j, pull, theta.size)

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


def laplacian(size: int, i: Ints, j: Ints, weight: Floats) -> Floats:
    """Σ weight · (e_i − e_j)(e_i − e_j)ᵀ, (N, N)."""
    half = total(i * size + j, weight, size * size).reshape(size, size)
    matrix: Floats = -(half + half.T)
    np.fill_diagonal(matrix, -matrix.sum(axis=1))
    return matrix


def gauged(curvature: Floats) -> Floats:
    """A Laplacian made regular: its inverse equals the pseudo-inverse on vectors that sum to 0."""
    size = len(curvature)
    return curvature + float(np.trace(curvature)) / size**2


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
    before = games.log_likelihood(theta)
    last = np.inf
    for _ in range(_STEPS):
        curvature = games.curvature(theta)
        matrix = gauged(curvature) if free is None else curvature[np.ix_(nodes, nodes)]
        step = np.asarray(np.linalg.solve(matrix, games.gradient(theta)[nodes]), dtype=np.float64)
        size = float(np.abs(step).max())
        theta, before = _climb(games, theta, nodes, step, before)
        if size < _SMALL or (size < 1e-6 and size > last / 2):
            return theta
        last = size
    raise PalestraError(
        f"the Bradley-Terry fit did not settle in {_STEPS} steps (last step {last:g})",
        hint="are some weights more than a billion times others?",
    )


def _climb(games: Games, theta: Floats, nodes: Ints, step: Floats, before: float) -> tuple[Floats, float]:
    """The largest of step, step/2, step/4, … that does not lose likelihood."""
    slack = 1e-12 * (1.0 + abs(before))
    for _ in range(60):
        trial = theta.copy()
        trial[nodes] += step
        after = games.log_likelihood(trial)
        if after >= before - slack:
            return trial, after
        step = step / 2
    return theta, before
