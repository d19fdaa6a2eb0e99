"""A shared scale on which ratings and their intervals are drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from palestra.records.rating import Rating

_MARGIN = 0.05
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Axis:
    """A linear scale from `low` to `high`, drawn from left to right."""

    low: float
    high: float
    ticks: tuple[float, ...]
    """Round values inside, ascending."""

    def x(self, value: float) -> float:
        """Where `value` lies, in per cent of the width, kept within [0, 100]."""
        share = (value - self.low) / (self.high - self.low)
        return round(100.0 * min(1.0, max(0.0, share)), 2)


def axis_for(ratings: Iterable[Rating], ticks: int = 5) -> Axis | None:
    """A scale that holds every finite rating and interval with a margin; None if there is none.

    `ticks` is how many round values to aim for.
    """
    values = [
        value
        for rating in ratings
        for value in (rating.rating, rating.ci_low, rating.ci_high)
        if value is not None and math.isfinite(value)
    ]
    if not values:
        return None
    least, most = min(values), max(values)
    room = (most - least) * _MARGIN or max(abs(most) * _MARGIN, 1e-9)
    low, high = least - room, most + room
    step = _round_step((high - low) / ticks)
    first = math.ceil(low / step)
    marks = range(first, math.floor(high / step) + 1)
    return Axis(low, high, tuple(mark * step for mark in marks))


def _round_step(rough: float) -> float:
    size = 10.0 ** math.floor(math.log10(rough))
    return next(step * size for step in _STEPS if step * size >= rough * 0.999)
