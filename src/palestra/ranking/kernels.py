"""Compiled inner loops, by numba. Nothing here decides anything: each has a numpy counterpart that gives
the same numbers, or for random draws the same law.

Import it through `compiled.kernels`, which knows when that is worth its while.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from collections.abc import Callable

Loop = TypeVar("Loop", bound="Callable[..., Any]")


def _compiled(loop: Loop) -> Loop:
    """Compiled when first called, kept on disk, and run without the interpreter's lock."""
    return cast("Loop", njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})(loop))


@_compiled
def play(a: Any, b: Any, share: Any, times: Any, ratings: Any, k: float, rate: float) -> None:
    """Sequential Elo, in place; `rate` is ln(base) / scale."""
    for row in range(a.size):
        one, two = a[row], b[row]
        if one == two:
            continue
        gap = min(max((ratings[two] - ratings[one]) * rate, -690.0), 690.0)
        move = k * times[row] * (share[row] - 1.0 / (1.0 + np.exp(gap)))
        ratings[one] += move
        ratings[two] -= move


@_compiled
def draw(state: Any, cell_of_row: Any, n: Any) -> None:
    """A resample of the rows, (N,) and N below 2³²: how often each cell occurs, into `n`, (cells,).

    xoshiro256++ (Blackman & Vigna, ACM Trans. Math. Softw. 47 (2021) 36) from `state`, (4,); whole
    numbers below N without bias by Lemire's method (ACM Trans. Model. Comput. Simul. 29 (2019) 3).
    """
    n[:] = 0
    size = np.uint64(cell_of_row.size)
    low_bits = np.uint64(0xFFFFFFFF)
    half = np.uint64(32)
    unfair = (np.uint64(1) << half) % size
    s0, s1, s2, s3 = state[0], state[1], state[2], state[3]
    drawn = 0
    while drawn < cell_of_row.size:
        total = s0 + s3
        word = ((total << np.uint64(23)) | (total >> np.uint64(41))) + s0
        kept = s1 << np.uint64(17)
        s2 ^= s0
        s3 ^= s1
        s1 ^= s2
        s0 ^= s3
        s2 ^= kept
        s3 = (s3 << np.uint64(45)) | (s3 >> np.uint64(19))
        for _ in range(2):
            scaled = (word & low_bits) * size
            word >>= half
            if (scaled & low_bits) >= unfair and drawn < cell_of_row.size:
                n[cell_of_row[scaled >> half]] += 1
                drawn += 1


@_compiled
def tabulate(n: Any, cell_i: Any, cell_j: Any, won_i: Any, won_j: Any, wins: Any) -> None:
    """The wins of row over column, (C, C), if each cell, (cells,), occurs `n` times; `won_i` and `won_j`
    are what i and j win by one row of it. Cells outside have `cell_i` -1.
    """
    wins[:] = 0.0
    for cell in range(n.size):
        i, j = cell_i[cell], cell_j[cell]
        if i >= 0 and n[cell] > 0:
            wins[i, j] += n[cell] * won_i[cell]
            wins[j, i] += n[cell] * won_j[cell]


@_compiled
def is_strong(wins: Any, least: float, pivot: int) -> bool:
    """Whether everyone reaches the pivot and is reached from it along wins above `least`."""
    size = len(wins)
    line = np.empty(size, dtype=np.int64)
    for back in range(2):
        seen = np.zeros(size, dtype=np.bool_)
        seen[pivot] = True
        line[0] = pivot
        first, last = 0, 1
        while first < last:
            node = line[first]
            first += 1
            for other in range(size):
                if not seen[other] and (wins[other, node] if back else wins[node, other]) > least:
                    seen[other] = True
                    line[last] = other
                    last += 1
        if last < size:
            return False
    return True


@_compiled
def settle(wins: Any, inverse: Any, theta: Any, settled: float) -> bool:
    """Move `theta`, (C,), to the maximum by steps with the curvature of the point fit, `inverse`, (C, C);
    False if they do not shrink by half each time.
    """
    size = theta.size
    odds, rate, gradient, step = np.empty(size), np.empty(size), np.empty(size), np.empty(size)
    battles = wins + wins.T
    record = np.zeros(size)
    for i in range(size):
        for j in range(size):
            record[i] += wins[i, j]
    last = np.inf
    while True:
        for i in range(size):
            odds[i] = np.exp(theta[i])
            rate[i] = 0.0
            step[i] = 0.0
        for i in range(size):
            mine, sum_of_row = odds[i], 0.0
            for j in range(i):
                share = battles[i, j] / (mine + odds[j])
                rate[j] += share
                sum_of_row += share
            rate[i] += sum_of_row
        for i in range(size):
            gradient[i] = record[i] - odds[i] * rate[i]
        for i in range(size):
            pull = gradient[i]
            for j in range(size):
                step[j] += inverse[i, j] * pull
        largest = 0.0
        for i in range(size):
            largest = max(largest, abs(step[i]))
        if not largest <= last / 2:
            return False
        for i in range(size):
            theta[i] += step[i]
        if largest < settled:
            return True
        last = largest
