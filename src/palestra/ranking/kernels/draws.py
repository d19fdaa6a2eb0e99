"""Resamples of battles.

All random words are of xoshiro256++ (Blackman & Vigna, ACM Trans. Math. Softw. 47 (2021) 36) from a
`state`, (4,).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from palestra.ranking.kernels.jit import compiled

_AT_ONCE = 2048
"""Random words that are made at once."""
_FEW = 10.0
"""Up to this mean a Poisson number is found by counting up to it."""


@compiled
def _fill(state: Any, room: Any) -> None:
    """Random words of 64 bits."""
    s0, s1, s2, s3 = state[0], state[1], state[2], state[3]
    for place in range(room.size):
        total = s0 + s3
        room[place] = ((total << np.uint64(23)) | (total >> np.uint64(41))) + s0
        kept = s1 << np.uint64(17)
        s2 ^= s0
        s3 ^= s1
        s1 ^= s2
        s0 ^= s3
        s2 ^= kept
        s3 = (s3 << np.uint64(45)) | (s3 >> np.uint64(19))
    state[0], state[1], state[2], state[3] = s0, s1, s2, s3


@compiled
def _uniform(word: Any) -> float:
    """Above 0 and below 1."""
    return (np.float64(np.int64(word >> np.uint64(12))) + 0.5) * 2.0**-52


@compiled
def draw_rows(state: Any, cell_of_row: Any, n: Any) -> None:
    """A resample of the rows, (N,) and N below 2³²: how often each cell occurs, into `n`, (cells,).

    Whole numbers below N without bias by Lemire's method (ACM Trans. Model. Comput. Simul. 29 (2019) 3).
    """
    n[:] = 0
    size = np.uint64(cell_of_row.size)
    low_bits = np.uint64(0xFFFFFFFF)
    half = np.uint64(32)
    unfair = (np.uint64(1) << half) % size
    room = np.empty(_AT_ONCE, dtype=np.uint64)
    drawn = 0
    while drawn < cell_of_row.size:
        _fill(state, room)
        for word in room:
            for part in (word & low_bits, word >> half):
                scaled = part * size
                if (scaled & low_bits) >= unfair and drawn < cell_of_row.size:
                    n[cell_of_row[scaled >> half]] += 1
                    drawn += 1


@compiled
def _counted_up(uniform: float, mean: float, none: float) -> int:
    """The Poisson number at this place of its distribution; `none` is the chance of 0."""
    left, number, chance = uniform, 0, none
    while left > chance and chance > 1e-300:
        left -= chance
        number += 1
        chance *= mean / number
    return number


@compiled
def _tried(u: float, v: float, mean: float) -> int:
    """A Poisson number of a mean of 10 or more, or -1 where two more uniform numbers are to be tried.

    Transformed rejection: PTRS of Hörmann, Insurance: Math. Econ. 12 (1993) 39.
    """
    b = 0.931 + 2.53 * math.sqrt(mean)
    a = -0.059 + 0.02483 * b
    near = 0.5 - abs(u - 0.5)
    number = math.floor((2.0 * a / near + b) * (u - 0.5) + mean + 0.43)
    if near >= 0.07 and v <= 0.9277 - 3.6224 / (b - 2.0):
        return int(number)
    if number < 0 or (near < 0.013 and v > near):
        return -1
    height = math.log(v * (1.1239 + 1.1328 / (b - 3.4)) / (a / (near * near) + b))
    return int(number) if height <= number * math.log(mean) - mean - math.lgamma(number + 1.0) else -1


@compiled
def _poissons(state: Any, room: Any, means: Any, none: Any, n: Any) -> int:
    """A Poisson number for each mean, into `n`; gives back their sum."""
    at, drawn, cell = room.size, 0, 0
    while cell < means.size:
        if at + 2 > room.size:
            _fill(state, room)
            at = 0
        mean = means[cell]
        if mean < _FEW:
            number = _counted_up(_uniform(room[at]), mean, none[cell])
            at += 1
        else:
            number = _tried(_uniform(room[at]), _uniform(room[at + 1]), mean)
            at += 2
        if number >= 0:
            n[cell] = number
            drawn += number
            cell += 1
    return drawn


@compiled
def draw_cells(state: Any, rows: Any, odds: Any, n: Any) -> None:
    """A resample of N rows in cells: how often each cell occurs, into `n`, (cells,).

    Poisson numbers of a little less than its rows for each cell are, given their sum, multinomial; if the sum
    is not above N, rows drawn one by one make up for what is missing, and all together are multinomial with
    sum N. Otherwise, less than once in a million times, all is drawn anew.

    `rows` are the sums of rows before each cell, (cells + 1,), and the cells of the rows k·N/G, (G,); `odds`
    the means, and the chances that such a Poisson number is 0, (cells,) each.
    """
    (before, guide), (means, none) = rows, odds
    room = np.empty(_AT_ONCE, dtype=np.uint64)
    size = before[-1]
    drawn = size + 1
    while drawn > size:
        drawn = _poissons(state, room, means, none, n)
    at = room.size
    for _ in range(size - drawn):
        if at == room.size:
            _fill(state, room)
            at = 0
        row = min(int(_uniform(room[at]) * size), size - 1)
        at += 1
        cell = guide[min(int(row / size * guide.size), guide.size - 1)]
        while before[cell + 1] <= row:
            cell += 1
        while before[cell] > row:
            cell -= 1
        n[cell] += 1
