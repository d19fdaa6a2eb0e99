"""Passes over rows with features."""

from __future__ import annotations

from typing import Any

import numpy as np

from palestra.ranking.kernels.jit import compiled

_AT_ONCE = 512
"""Rows whose columns are in the processor's nearest cache at once."""
_STEEPEST = 700.0
"""Beyond this log-odds exp() would overflow."""
_NONE = 1e-9
"""A residual this small is rounding."""


@compiled
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


@compiled
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


@compiled
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
