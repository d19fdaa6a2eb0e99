"""The two ratings of the GPU-Poor LLM Gladiator Arena: Elo that knows how large the models are, and a score.

Start 1000 + 100 · size, size in billions of parameters; a winner's K is

    min(64, 32 · (1 + (size of the loser − size of the winner) / largest size))

so that a small model gains much by beating a large one, and a large one little by beating a small one.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import numpy as np

from palestra.errors import UsageError
from palestra.ranking.elo import play

if TYPE_CHECKING:
    import numpy.typing as npt

    from palestra.ranking.arrays import Floats
    from palestra.ranking.counts import Rows

START = 1000.0
PER_BILLION = 100.0
K = 32.0
MOST_K = 64.0
LEAST_MILLIONS = 10.0
"""Fewer millions, as in `-1M`, are rather a length of context."""

_SIZE = re.compile(
    r"(?<![0-9A-Za-z.])(?<![0-9]_)"  # a word of its own: not A3B, v0.1b or the end of 1_6b
    r"(?:[A-Za-z]{2,})?"  # or the end of one, as in falcon7b
    r"(?:(?P<experts>[0-9]+)[xX×])?(?P<number>[0-9]+(?:\.[0-9]+)?)(?P<unit>[bBmM])(?![0-9A-Za-z])"
)


def size_of(name: str) -> float | None:
    """Billions of parameters, read from a model's name; None where it does not say.

    `360M` is 0.36, `8x7B` 56, `qwen2.5:0.5b` 0.5, `phi-3.5-mini-3.8B` 3.8. A number without B or M is a
    version (`gpt-4`, `llama3.2`); parameters in use (`A3B` in `Qwen3-30B-A3B`) are not the size; a name
    with two sizes, or only with a few millions (`-1M`, a length of context), does not say.
    """
    billions, millions = set(), set()
    for found in _SIZE.finditer(name):
        number = float(found["number"]) * float(found["experts"] or 1)
        if found["unit"] in "bB":
            billions.add(number)
        elif number >= LEAST_MILLIONS:
            millions.add(number / 1000.0)
    sizes = billions or millions
    size = next(iter(sizes)) if len(sizes) == 1 else 0.0
    return size if 0.0 < size < math.inf else None


def size_elo(rows: Rows, sizes: Floats) -> Floats:
    """Ratings after all battles, in the order of the rows, (M,); a model's start where it had none.

    `sizes`, (M,), are billions of parameters, NaN where unknown; the largest size is that of all models in
    `rows.models`. A tie of either kind moves with K 32. A soft row of share y, as a tie or a win does,
    moves by K · (y − expected share) with

        K = min(64, 32 · (1 + (2y − 1) · (size of B − size of A) / largest size))

    which is the rule above at 1 and 0 and a tie's at ½. A row's weight and how often it occurred (`n`)
    multiply its K after the limit of 64. A battle of a model with itself moves nothing.

    Sizes 1 and 12, the small one wins from 1100 and 2200: 1161.2245 and 2138.7755.

    Raises:
        UsageError: a size that is unknown or not above 0; the model is named.
    """
    if sizes.shape != (len(rows.models),):
        raise UsageError(f"{len(rows.models)} models need as many sizes, not {sizes.size}")
    for name, size in zip(rows.models, sizes.tolist(), strict=True):
        if not 0.0 < size < math.inf:
            raise UsageError(
                f"the size of {name!r} is {'unknown' if math.isnan(size) else f'{size!r}, not above 0'}",
                key="size_b",
                hint="size Elo needs every model's billions of parameters, as in --size Llama=8 or size_b: 8",
            )
    ratings = START + PER_BILLION * sizes
    if sizes.size:
        larger = (sizes[rows.b] - sizes[rows.a]) / sizes.max()
        step = np.minimum(MOST_K, K * (1.0 + (2.0 * rows.share - 1.0) * larger))
        play(rows.a, rows.b, rows.share, step * rows.n * rows.weight, ratings, 1.0)
    return ratings


def gladiator_score(wins: npt.ArrayLike, n: npt.ArrayLike) -> Floats:
    """wins/n · (1 − 1/(n + 1)), any shape, in [0, 1): the share of battles won, less for few battles.

    A tie counts in `n` and not in `wins`. With weights both are sums of weights, and a soft row adds its
    share to the wins. Without battles it is 0, as it would be for any share of none. 7 of 10: 0.6364.

    Raises:
        UsageError: fewer than 0 wins, or more wins than battles.
    """
    wins, n = np.broadcast_arrays(np.asarray(wins, dtype=np.float64), np.asarray(n, dtype=np.float64))
    if not np.all((wins >= 0) & (wins <= n * (1 + 1e-9)) & np.isfinite(n)):
        raise UsageError("wins must be between 0 and the number of battles")
    return np.asarray(wins / (n + 1.0))
