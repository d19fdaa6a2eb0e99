"""Graph Laplacians: the curvature of every likelihood that compares two at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from palestra.ranking.arrays import Bools, Floats, Ints, total
from palestra.ranking.blas import few_threads

if TYPE_CHECKING:
    from collections.abc import Callable

_SMALL_ENOUGH = 160
"""Up to so many nodes a direct solution is the fastest."""
_SPARSE = 12
"""Where fewer than one in so many entries of the matrix has an edge, it need not be written out."""
_TOO_LARGE = 3000
"""From so many nodes on a direct solution takes too long."""
_EXACT = 1e-8
"""Of the right-hand side: the residual at which an iterative solution ends. What is left is for the next
of Newton's steps."""
_ROUNDING = 1e-13
"""Of the largest degree: a residual that is nothing but rounding."""


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


@dataclass(frozen=True, slots=True, eq=False)
class Laplacian:
    """The rows and columns of a connected graph's Laplacian at K free nodes (or at all, K = N)."""

    i: Ints
    """Edges between free nodes, renumbered, (edges,)."""
    j: Ints
    weight: Floats
    degree: Floats
    """The diagonal, (K,): the weights of all edges at a node, those to fixed ones too."""
    whole: bool
    """Whether all nodes are free: constant vectors are then in the kernel."""

    @classmethod
    def of(cls, size: int, i: Ints, j: Ints, weight: Floats, free: Bools | None = None) -> Laplacian:
        """Of N = `size` nodes; `free`, (N,), says which rows and columns to keep."""
        degree = total(i, weight, size) + total(j, weight, size)
        if free is None:
            return cls(i, j, weight, degree, whole=True)
        inside = free[i] & free[j]
        position = np.cumsum(free) - 1
        return cls(position[i[inside]], position[j[inside]], weight[inside], degree[free], whole=False)

    def matrix(self) -> Floats:
        """Written out, (K, K)."""
        size = self.degree.size
        half = total(self.i * size + self.j, self.weight, size * size).reshape(size, size)
        matrix: Floats = -(half + half.T)
        np.fill_diagonal(matrix, self.degree)
        return matrix

    def solve(self, right: Floats) -> Floats:
        """The x with L·x = `right`, (K,); if all nodes are free, `right` sums to 0 and so does x."""
        size = self.degree.size
        if size > _SMALL_ENOUGH and _SPARSE * self.i.size < size * size:
            most = 400 if size <= _TOO_LARGE else 20 * size
            found, settled = _iterate(self._times, self.degree, right, most)
            if settled or size > _TOO_LARGE:
                return _level(found) if self.whole else found
        return solve_dense(right, self.matrix(), whole=self.whole)

    def _times(self, x: Floats) -> Floats:
        size = self.degree.size
        return (
            self.degree * x
            - total(self.i, self.weight * x[self.j], size)
            - total(self.j, self.weight * x[self.i], size)
        )


def solve_dense(right: Floats, matrix: Floats, *, whole: bool) -> Floats:
    """As `Laplacian.solve`, of one that is written out, (K, K)."""
    with few_threads(right.size):
        if right.size > _SMALL_ENOUGH:
            found, settled = _iterate(matrix.__matmul__, matrix.diagonal(), right, 80)
            if settled:
                return _level(found) if whole else found
        return np.asarray(np.linalg.solve(gauged(matrix) if whole else matrix, right), dtype=np.float64)


def _iterate(
    times: Callable[[Floats], Floats], degree: Floats, right: Floats, most: int
) -> tuple[Floats, bool]:
    """Conjugate gradients, preconditioned by the diagonal (Hestenes & Stiefel 1952)."""
    x = np.zeros(right.size)
    rest = right.copy()
    goal = max(_EXACT * float(np.linalg.norm(right)), _ROUNDING * float(degree.max()))
    scaled = rest / degree
    way = scaled.copy()
    size = float(rest @ scaled)
    for _ in range(most):
        if float(np.linalg.norm(rest)) <= goal:
            return x, True
        image = times(way)
        length = size / float(way @ image)
        x += length * way
        rest -= length * image
        scaled = rest / degree
        last, size = size, float(rest @ scaled)
        way = scaled + (size / last) * way
    return x, False


def _level(x: Floats) -> Floats:
    return np.asarray(x - x.mean())
