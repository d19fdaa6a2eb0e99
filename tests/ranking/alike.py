"""Whether two samples are of the same law, by Kolmogorov and Smirnov."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from palestra.ranking.arrays import Floats

_DIGITS = 6
"""Strengths of resamples are few different numbers, fitted to some ten digits: what lies closer is equal."""


def distance(one: Floats, other: Floats) -> float:
    """The largest gap between the two samples' distribution functions; one and other are (n,) and (m,)."""
    one, other = np.sort(np.round(one, _DIGITS)), np.sort(np.round(other, _DIGITS))
    where = np.concatenate([one, other])
    here = np.searchsorted(one, where, side="right") / one.size
    there = np.searchsorted(other, where, side="right") / other.size
    return float(np.abs(here - there).max())


def limit(one: Floats, other: Floats, chance: float = 1e-4) -> float:
    """The distance that two samples of one law exceed with about this chance, or less if the law is of few
    values (Smirnov, Ann. Math. Statist. 19 (1948) 279).
    """
    return math.sqrt(-math.log(chance / 2) / 2 * (1 / one.size + 1 / other.size))


def alike(one: Floats, other: Floats) -> bool:
    """Whether each column of two samples, (n, K) and (m, K), could be of one law."""
    columns = zip(one.T, other.T, strict=True)
    return all(distance(mine, yours) < limit(mine, yours) for mine, yours in columns)
