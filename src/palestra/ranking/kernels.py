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
def count(winner: Any, a: Any, b: Any, shape: Any, table: Any) -> None:
    """Add 1 for each row's triple of codes, (rows,) each, to `table`, an array of `shape` as one line."""
    wide, deep = np.uint64(shape[2]), np.uint64(shape[1])
    for row in range(a.size):
        line = np.uint64(winner[row]) * deep + np.uint64(a[row])
        table[line * wide + np.uint64(b[row])] += 1


@_compiled
def play(a: Any, b: Any, share: Any, times: Any, ratings: Any, k: float, rate: float) -> None:
    """Sequential Elo, in place; `rate` is ln(base) / scale."""
    for row in range(a.size):
        one, two = np.uint64(a[row]), np.uint64(b[row])
        if one == two:
            continue
        gap = (ratings[two] - ratings[one]) * rate
        if gap > 690.0:
            gap = 690.0
        elif gap < -690.0:
            gap = -690.0
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


_AT_ONCE = 512
"""Rows whose columns are in the processor's nearest cache at once."""
_STEEPEST = 700.0
"""Beyond this log-odds exp() would overflow."""
_NONE = 1e-9
"""A residual this small is rounding."""


@_compiled
def exponential(x: Any, bits: Any, found: Any) -> None:
    """exp(x) to 1e-13 for x within ±700, (n,), into `found`; `bits`, (n,), is room for 64-bit integers.

    2ᵏ·eᵗ with |t| ≤ ln 2 / 2 and Taylor's series for eᵗ: unlike the library's, the processor can do
    several at once.
    """
    power = bits.view(np.float64)
    for n in range(x.size):
        k = np.floor(x[n] * 1.4426950408889634 + 0.5)
        t = x[n] - k * 0.6931471805599453
        series = 1 / 39916800 + t / 479001600
        series = 1 / 362880 + t * (1 / 3628800 + t * series)
        series = 1 / 5040 + t * (1 / 40320 + t * series)
        series = 1 / 120 + t * (1 / 720 + t * series)
        series = 1 / 6 + t * (1 / 24 + t * series)
        found[n] = 1.0 + t * (1.0 + t * (0.5 + t * series))
        bits[n] = (np.int64(k) + 1023) << 52
    for n in range(x.size):
        found[n] *= power[n]


@_compiled
def add_moments(
    pair: Any, sign: Any, v: Any, x: Any, part: Any, mass: Any, mass_x: Any, mass_xx: Any
) -> None:
    """Add rows, (n,) each, with features `x`, (F, n or more), to the moments; `part` is room as large."""
    for n in range(v.size):
        mass[pair[n]] += v[n]
    for f in range(len(x)):
        mine, times_v, of_pairs = x[f], part[f], mass_x[f]
        for n in range(v.size):
            times_v[n] = v[n] * mine[n]
        for g in range(f + 1):
            other, found = x[g], 0.0
            for n in range(v.size):
                found += times_v[n] * other[n]
            mass_xx[f, g] += found
            if g < f:
                mass_xx[g, f] += found
        for n in range(v.size):
            of_pairs[pair[n]] += times_v[n] * sign[n]


@_compiled
def sum_rows(columns: Any, times: Any, part: Any, gap: Any, beta: Any, sums: Any, whole: bool) -> float:
    """The pass of `PairedRows.sums` over the rows from the first of `part` to below the second.

    `columns` are those of the rows from `pair` to `x`, `times` may be empty, `gap`, (P,), is θ_i − θ_j, and
    `sums` are the arrays to add to. Only if `whole` the scatter is, and the log-likelihood given back.
    """
    every_pair, every_sign, every_won, every_lost, every_x = columns
    pull, pull_x, mass, mass_x, mass_xx, square, square_x, square_xx = sums
    wide, told = len(every_x), 0.0
    room, bits = np.empty((4, _AT_ONCE)), np.empty(_AT_ONCE, dtype=np.int64)
    x, x_times_v = np.empty((wide, _AT_ONCE)), np.empty((wide, _AT_ONCE))
    for first in range(part[0], part[1], _AT_ONCE):
        size = min(_AT_ONCE, part[1] - first)
        pair, sign = every_pair[first : first + size], every_sign[first : first + size]
        won, lost = every_won[first : first + size], every_lost[first : first + size]
        odds, p, rest, v = room[0, :size], room[1, :size], room[2, :size], room[3, :size]
        for n in range(size):
            odds[n] = gap[pair[n]] * sign[n]
        for f in range(wide):
            given, mine = every_x[f, first : first + size], x[f]
            for n in range(size):
                mine[n] = given[n]
                odds[n] += beta[f] * given[n]
        for n in range(size):
            odds[n] = min(max(-odds[n], -_STEEPEST), _STEEPEST)
        exponential(odds, bits[:size], p)
        for n in range(size):
            chance = 1.0 / (1.0 + p[n])
            against = p[n] * chance
            p[n] = chance
            rest[n] = won[n] * against - lost[n] * chance
            v[n] = (won[n] + lost[n]) * (chance * against)
        for n in range(size):
            pull[pair[n]] += rest[n] * sign[n]
        for f in range(wide):
            mine, found = x[f], 0.0
            for n in range(size):
                found += mine[n] * rest[n]
            pull_x[f] += found
        add_moments(pair, sign, v, x, x_times_v, mass, mass_x, mass_xx)
        if whole:
            for n in range(size):
                both = won[n] + lost[n]
                told += both * np.log(p[n]) + lost[n] * odds[n]
                v[n] = 0.0 if abs(rest[n]) < _NONE * both else rest[n] * rest[n]
            if times.size:
                for n in range(size):
                    v[n] /= times[first + n]
            add_moments(pair, sign, v, x, x_times_v, square, square_x, square_xx)
    return told
