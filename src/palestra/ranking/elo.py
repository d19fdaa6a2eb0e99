"""Sequential Elo: each battle moves both ratings by K · weight · (share − expected share).

Elo, The Rating of Chessplayers (1978). Ratings depend on the order of the battles, and on nothing
else than that: splitting them into batches changes nothing. `elo_over_orders` averages the order away.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from palestra.errors import UsageError
from palestra.ranking.compiled import kernels
from palestra.ranking.scale import BASE, SCALE

if TYPE_CHECKING:
    from palestra.ranking.arrays import Floats, Ints
    from palestra.ranking.counts import Rows

_SECONDS_A_BATTLE = 4e-7
"""Without a compiler."""
_BLOCK = 1 << 16
"""Rows turned into Python numbers at once: all of a large file's would fill the memory."""


def elo(rows: Rows, *, k: float, start: float) -> Floats:
    """Ratings after all battles, (M,); `start` where a model had none.

    A battle of a model with itself moves nothing. 8 to 6 with K 32 from 1000: 1002.2857 and 997.7143.

    Raises:
        UsageError: `k` is not above 0, or `start` is not finite.
    """
    _check(k, start)
    ratings = np.full(len(rows.models), float(start))
    play(rows.a, rows.b, rows.share, rows.n * rows.weight, ratings, k)
    return ratings


def elo_over_orders(rows: Rows, *, k: float, start: float, orders: int, seed: int) -> tuple[Floats, Floats]:
    """Elo averaged over random orders of the battles: the mean and the standard deviation over `orders`
    orders, (M,) each.

    The deviation says how much of one board's rating is owed to its order; the mean itself is uncertain
    by deviation/√orders. A row that occurred n times is n battles, which are shuffled like any others.
    Neither the order nor the sides that the rows come in matter: they are sorted before each shuffle,
    which has its own random stream, made from the seed and its number. (Other names sort otherwise and
    so draw other orders.) Without battles every mean is `start` and every deviation 0.

    Raises:
        UsageError: fewer than two orders, a negative seed, `k` not above 0, or `start` not finite.
    """
    _check(k, start)
    if orders < 2:
        raise UsageError(f"an average over orders needs at least 2 of them, not {orders}")
    if seed < 0:
        raise UsageError(f"a seed is 0 or more, not {seed}")
    a, b, share, times = _sorted(rows)
    found = np.full((orders, len(rows.models)), float(start))
    for number, ratings in enumerate(found):
        order = np.random.default_rng([seed, number]).permutation(a.size)
        play(a[order], b[order], share[order], times[order], ratings, k)
    return found.mean(axis=0), found.std(axis=0, ddof=1)


def play(a: Ints, b: Ints, share: Floats, times: Floats, ratings: Floats, k: float) -> None:
    """Let battles move `ratings`, (M,), in place, one after the other.

    `a` and `b` are positions in `ratings`, `share` is A's share of the win in [0, 1], and `times`
    multiplies K, (rows,) each. A battle of a model with itself moves nothing.
    """
    fast = kernels(a.size * _SECONDS_A_BATTLE)
    if fast is not None:
        fast.play(a, b, share, times, ratings, k, math.log(BASE) / SCALE)
        return
    rated: list[float] = ratings.tolist()
    for begin in range(0, a.size, _BLOCK):
        rows = slice(begin, begin + _BLOCK)
        heavy: Floats = k * times[rows]
        for one, other, y, step in zip(
            a[rows].tolist(), b[rows].tolist(), share[rows].tolist(), heavy.tolist(), strict=True
        ):
            if one == other:
                continue
            mine, theirs = rated[one], rated[other]
            gap = (theirs - mine) / SCALE
            if gap > 300.0:
                gap = 300.0
            elif gap < -300.0:
                gap = -300.0
            move = step * (y - 1.0 / (1.0 + BASE**gap))
            rated[one] = mine + move
            rated[other] = theirs - move
    ratings[:] = rated


def _check(k: float, start: float) -> None:
    if not (k > 0 and np.isfinite(k)):
        raise UsageError(f"Elo's K must be above 0, not {k!r}")
    if not np.isfinite(start):
        raise UsageError(f"Elo's starting rating must be a number, not {start!r}")


def _sorted(rows: Rows) -> tuple[Ints, Ints, Floats, Floats]:
    """Every battle that can move something, once for each time it occurred, in an order and with sides
    that depend on nothing but the battles. (A share of 1e-20 is 0 once it was told from the other side:
    shares are compared to twelve digits.)
    """
    moving = (rows.a != rows.b) & (rows.weight > 0)
    often = np.where(moving, rows.n, 0)
    flipped = rows.a > rows.b
    low, high = np.where(flipped, rows.b, rows.a), np.where(flipped, rows.a, rows.b)
    share = np.where(flipped, 1.0 - rows.share, rows.share)
    order = np.lexsort((rows.weight, np.rint(share * 2.0**40), high, low))
    each = np.repeat(order, often[order])
    return low[each], high[each], share[each], rows.weight[each]
