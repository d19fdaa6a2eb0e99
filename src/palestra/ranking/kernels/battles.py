"""Passes over battles in their order."""

from __future__ import annotations

from typing import Any

import numpy as np

from palestra.ranking.kernels.jit import compiled


@compiled
def count(winner: Any, a: Any, b: Any, shape: Any, table: Any) -> None:
    """Add 1 for each row's triple of codes, (rows,) each, to `table`, an array of `shape` as one line."""
    wide, deep = np.uint64(shape[2]), np.uint64(shape[1])
    for row in range(a.size):
        line = np.uint64(winner[row]) * deep + np.uint64(a[row])
        table[line * wide + np.uint64(b[row])] += 1


@compiled
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
