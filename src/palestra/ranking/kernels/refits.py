"""A Bradley-Terry fit near one that is known."""

from __future__ import annotations

from typing import Any

import numpy as np

from palestra.ranking.kernels.jit import compiled


@compiled
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


@compiled
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


@compiled
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
