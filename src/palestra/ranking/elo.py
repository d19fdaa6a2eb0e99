"""Sequential Elo: each battle moves both ratings by K · weight · (share − expected share).

Elo, The Rating of Chessplayers (1978). Ratings depend on the order of the battles, and on nothing
else than that: splitting them into batches changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from palestra.errors import UsageError
from palestra.ranking.scale import BASE, SCALE

if TYPE_CHECKING:
    from palestra.ranking.arrays import Floats
    from palestra.ranking.counts import Rows


def elo(rows: Rows, *, k: float, start: float) -> Floats:
    """Ratings after all battles, (M,); `start` where a model had none.

    A battle of a model with itself moves nothing. 8 to 6 with K 32 from 1000: 1002.2857 and 997.7143.

    Raises:
        UsageError: `k` is not above 0, or `start` is not finite.
    """
    if not (k > 0 and np.isfinite(k)):
        raise UsageError(f"Elo's K must be above 0, not {k!r}")
    if not np.isfinite(start):
        raise UsageError(f"Elo's starting rating must be a number, not {start!r}")
    ratings = [float(start)] * len(rows.models)
    times = rows.n * rows.weight
    for a, b, share, weight in zip(
        rows.a.tolist(), rows.b.tolist(), rows.share.tolist(), times.tolist(), strict=True
    ):
        if a == b:
            continue
        gap = min(max((ratings[b] - ratings[a]) / SCALE, -300.0), 300.0)
        move = k * weight * (share - 1.0 / (1.0 + BASE**gap))
        ratings[a] += move
        ratings[b] -= move
    return np.array(ratings, dtype=np.float64)
