"""Every pair of models: what came of their battles, and what ratings expect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from palestra.ranking.arrays import Floats, Ints
    from palestra.ranking.counts import Counts
    from palestra.records.rating import Leaderboard


_PREDICTING = ("bradley-terry", "elo", "elo-average")


def predicts(board: Leaderboard) -> bool:
    """Whether differences of the board's ratings are chances of winning, as in `predicted`. Win rates are
    not, nor are ratings in which ties are an outcome of their own.
    """
    return board.method in _PREDICTING


def observed(counts: Counts, models: Sequence[str]) -> tuple[Floats, Ints]:
    """Each row model's share of the win against each column model, in [0, 1], (K, K); NaN where the two
    never met. And the number of their battles, (K, K). K models, in the order given.

    A tie is half a win, rows count by their weight.
    """
    size = len(models)
    position = {name: index for index, name in enumerate(models)}
    where = np.array([position.get(name, size) for name in counts.models], dtype=np.int64)
    a, b = where[counts.a], where[counts.b]
    mass = counts.n * counts.weight
    won, weight = np.zeros((size + 1, size + 1)), np.zeros((size + 1, size + 1))
    n = np.zeros((size + 1, size + 1), dtype=np.int64)
    np.add.at(won, (a, b), mass * counts.share)
    np.add.at(won, (b, a), mass * (1.0 - counts.share))
    for table, value in ((weight, mass), (n, counts.n)):
        np.add.at(table, (a, b), value)
        np.add.at(table, (b, a), value)
    share = np.full(won.shape, np.nan)
    np.divide(won, weight, out=share, where=weight > 0)
    return share[:size, :size], n[:size, :size]


def predicted(board: Leaderboard) -> Floats:
    """The chance that each row's model beats each column's, in [0, 1], (K, K), by the board's own scale:
    1 / (1 + base^((R_column − R_row) / scale)), a tie being half a win.

    NaN on the diagonal, and for models of parts that never met, whose ratings cannot be compared. Only
    for a board whose method `predicts`.
    """
    rating = np.array([row.rating for row in board.ratings], dtype=np.float64)
    part = np.array([row.component for row in board.ratings], dtype=np.int64)
    gap = np.clip((rating[None, :] - rating[:, None]) / board.scale, -300.0, 300.0)
    chance = 1.0 / (1.0 + board.base**gap)
    chance[part[:, None] != part[None, :]] = np.nan
    np.fill_diagonal(chance, np.nan)
    return np.asarray(chance)
