"""The curves of a history, and where they go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from palestra.errors import DataError
from palestra.report.plots.frame import EDGE, LONGEST_NAME, SMALL
from palestra.report.words import number, visible

if TYPE_CHECKING:
    from palestra.analysis.history import History
    from palestra.ranking.arrays import Bools, Floats
    from palestra.report.plots.ruler import Ruler

WIDTH = 900.0
"""At least, where no width is asked for."""
SETTLED = 30
"""Battles from which on a curve is drawn at full strength and counts for the scale."""
LABEL = 12.0
STEP = 17.0
"""From one label to the next."""
MOST_BANDS = 12
"""Beyond so many curves, bands would be fog and are left out."""
_LEADER, _LONG_LEADER = 20.0, 36.0
"""Between the end of a curve and its label; where many labels are far from their curves."""
_LEAST_HEIGHT = 380.0
_USUAL_NAMES = 240.0
"""What names may take of the usual width."""
_NAMES = 0.35
"""The largest share of a width that was asked for that names take."""
_MARGIN = 0.06


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One model's history, (S,) each; NaN where it is not known."""

    model: str
    rating: Floats
    low: Floats
    high: Floats
    settled: Bools


def curves_of(history: History, top: int) -> list[Curve]:
    """The first `top` models of the board that have a rating in the end, best first."""
    column = {name: index for index, name in enumerate(history.models)}
    known = [row.model for row in history.board.ratings if np.isfinite(history.rating[-1, column[row.model]])]
    if not known:
        raise DataError(
            "the battles determine no model's rating, so there is no history",
            hint="palestra rank says why",
        )
    return [
        Curve(
            model,
            history.rating[:, column[model]],
            history.low[:, column[model]],
            history.high[:, column[model]],
            history.n_battles[:, column[model]] >= SETTLED,
        )
        for model in known[:top]
    ]


@dataclass(frozen=True, slots=True)
class Plan:
    """Where things are; y relative to the top of the plot."""

    width: float
    height: float
    left: float
    right: float
    low: float
    high: float
    """Ratings at the bottom and at the top."""
    ticks: tuple[float, ...]
    label_left: float
    name_width: float
    rating_right: float
    decimals: int

    @classmethod
    def of(cls, curves: list[Curve], ruler: Ruler, width: int | None) -> Plan:
        """The plan for these curves; without a width, as wide as the longest name needs."""
        low, high = _range(curves)
        height = max(_LEAST_HEIGHT, len(curves) * STEP + 20)
        ticks = _round_ticks(low, high, int(height / 60))
        decimals = 0 if max(abs(low), abs(high)) > 200 else 1
        left = EDGE + max(ruler.width(number(tick, 0), SMALL) for tick in (*ticks, low)) + 10
        value = max(ruler.width(number(float(c.rating[-1]), decimals), LABEL) for c in curves)
        names = max(ruler.width(visible(c.model), LABEL) for c in curves)
        names = min(names, LONGEST_NAME if width is None else width * _NAMES)
        whole = WIDTH + max(0.0, names - _USUAL_NAMES) if width is None else float(width)
        label = whole - EDGE - value - 12 - names
        right = label - (_LEADER if len(curves) <= MOST_BANDS else _LONG_LEADER)
        return cls(whole, height, left, right, low, high, ticks, label, names, whole - EDGE, decimals)


def _range(curves: list[Curve]) -> tuple[float, float]:
    """What the scale holds: settled ratings, last ratings and last intervals."""
    values = [
        value
        for c in curves
        for part in (c.rating[c.settled], c.rating[-1:], c.low[-1:], c.high[-1:])
        for value in part[np.isfinite(part)].tolist()
    ]
    low, high = min(values), max(values)
    room = (high - low) * _MARGIN or max(abs(high) * _MARGIN, 1.0)
    return low - room, high + room


def _round_ticks(low: float, high: float, most: int) -> tuple[float, ...]:
    from matplotlib.ticker import MaxNLocator

    found = MaxNLocator(nbins=most, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    return tuple(float(tick) for tick in found if low <= tick <= high)
