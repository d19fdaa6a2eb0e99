"""What a rating method gives back, and what it is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypedDict

import numpy as np

from palestra.ranking.scale import BASE, SCALE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from palestra.ranking.arrays import Bools, Floats, Ints
    from palestra.records.rating import Interval

Method = Literal[
    "bradley-terry", "davidson", "rao-kupper", "win-rate", "gladiator", "elo", "elo-average", "size-elo"
]
Ci = Literal["sandwich", "bootstrap", "none"]
Ordered = ("elo", "elo-average", "size-elo")
"""Methods that need the battles one by one."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How to rate."""

    method: Method = "bradley-terry"
    ci: Ci = "sandwich"
    rounds: int = 1000
    """Of the bootstrap."""
    level: float = 0.95
    """Of the intervals."""
    seed: int = 0
    cluster: str | None = None
    """What the clusters of the counts are, if they have any."""
    simultaneous: bool = False
    """Intervals that hold all true values at once."""
    details: bool = False
    """Who is better than whom, and the probabilities of ranks."""
    k: float = 4.0
    start: float = 1000.0
    orders: int = 100
    """For `elo-average`."""
    sizes: Mapping[str, float] = field(default_factory=dict)
    """Billions of parameters, for `size-elo`; read from the name where missing."""


@dataclass(frozen=True, slots=True, eq=False)
class Rated:
    """What a method has to say of M models."""

    interval: Interval
    rating: Floats
    component: Ints
    low: Floats
    """NaN where there is no bound."""
    high: Floats
    weak: Bools
    """Whose rating rests on the prior, (M,)."""
    warnings: tuple[str, ...] = ()
    parameters: dict[str, Any] = field(default_factory=dict)
    scale: float = SCALE
    base: float = BASE
    has_anchor: bool = True
    """Whether adding the same number to all ratings changes nothing."""
    better: Floats | None = None
    """(M, M)"""
    rank_chance: Floats | None = None
    """(M, M)"""


class _Unbounded(TypedDict):
    low: Floats
    high: Floats
    weak: Bools


def unbounded(size: int, weak: Bools | None = None) -> _Unbounded:
    """What `Rated` holds of M models without intervals."""
    unknown = np.full(size, np.nan)
    return {"low": unknown, "high": unknown, "weak": np.zeros(size, dtype=bool) if weak is None else weak}
