"""Win rates and their Wilson bounds."""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from palestra.errors import UsageError

if TYPE_CHECKING:
    from palestra.ranking.arrays import Floats


def z_exact(level: float) -> float:
    """The normal quantile of a two-sided interval of this coverage.

    Raises:
        UsageError: a level outside (0, 1).
    """
    if not 0 < level < 1:
        raise UsageError(f"a level of {level!r} makes no interval; give one between 0 and 1, such as 0.95")
    return NormalDist().inv_cdf((1 + level) / 2)


def student(level: float, freedom: float) -> float:
    """Student's quantile of a two-sided interval of this coverage, `freedom` ≥ 1 degrees of freedom.

    The expansion of Abramowitz & Stegun 26.7.5: within 0.005 at 95 % from 4 degrees on.

    Raises:
        UsageError: a level outside (0, 1).
    """
    z = z_exact(level)
    return (
        z
        + (z**3 + z) / (4 * freedom)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3)
    )


def wilson(rate: Floats, n: Floats, level: float = 0.95) -> tuple[Floats, Floats]:
    """Wilson's score interval for shares `rate` of `n` battles, any one shape; NaN where `n` is 0.

    Wilson, J. Amer. Stat. Assoc. 22 (1927) 209. z is 1.96 at a level of 0.95, as tables print it, and
    exact elsewhere. 7 of 10: 0.396773 to 0.892211.
    """
    z = 1.96 if level == 0.95 else z_exact(level)
    with np.errstate(invalid="ignore", divide="ignore"):
        shrink = 1.0 + z * z / n
        centre = (rate + z * z / (2 * n)) / shrink
        half = z / shrink * np.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
        return np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)
