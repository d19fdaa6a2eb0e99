"""Where the columns of a board of intervals are, and what its scale holds."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from palestra.report.axis import Axis, axis_for
from palestra.report.plots.frame import EDGE, LONGEST_NAME, SMALL
from palestra.report.words import NONE, number, visible

if TYPE_CHECKING:
    from palestra.records.rating import Leaderboard, Rating
    from palestra.report.plots.ruler import Ruler

WIDTH = 900.0
"""At least, where no width is asked for."""
_SIZES = ((15, 30.0, 13.0), (40, 24.0, 12.0), (90, 19.0, 11.0), (math.inf, 16.5, 10.0))
"""Up to so many models: the height of a row, and the size of its text."""
_LEAST_PLOT = 220.0
_TICK = 62.0
"""Pixels for each tick, roughly."""
_TALL = 25
"""Above so many models, ticks have their labels below, too."""
_LEAST_NAME = 90.0
_GAP = 18.0
AXIS = 26.0
"""The height of the line of column names and tick labels."""
PART = 34.0
"""The height of the line that starts a part."""
_OUT_OF_SCALE = 4.0
"""A flagged model's interval this much wider than the usual one does not stretch the scale."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Where the columns are; pixels."""

    width: float
    row: float
    size: float
    rank_right: float
    name_left: float
    name_width: float
    plot_left: float
    plot_right: float
    rating_right: float
    span_right: float | None
    """None where there is no room for, or no, interval in figures."""
    axis: Axis
    ticks_below: bool
    height: float
    decimals: int
    clipped: bool

    @classmethod
    def of(cls, board: Leaderboard, ruler: Ruler, width: int | None) -> Plan:
        """The plan for these rows: without a width, as wide as the longest name needs; with one, the
        intervals' figures go first where the room is scarce, then the middles of names.
        """
        ratings = board.ratings
        row, size = next((row, size) for most, row, size in _SIZES if len(ratings) <= most)
        decimals = decimals_of(ratings)
        rank, name, value, spans = _widths(ratings, ruler, size, decimals)
        plain = 2 * EDGE + rank + value + 3 * _GAP + _LEAST_PLOT
        needed = plain + name + (spans + _GAP if spans else 0)
        whole = max(WIDTH, needed) if width is None else float(width)
        if needed > whole:
            spans = 0.0
        name = min(name, max(_LEAST_NAME, whole - plain - (spans + _GAP if spans else 0)))
        name_left = EDGE + rank + _GAP
        rating_right = whole - EDGE - (spans + _GAP if spans else 0)
        left, right = name_left + name + _GAP, rating_right - value - _GAP
        usual = _usual_width(ratings)
        ticks = max(2, round((right - left) / _TICK))
        axis = axis_for([_within_scale(rating, usual) for rating in ratings], ticks) or Axis(0, 1, ())
        parts = len({rating.component for rating in ratings}) if len(board.components) > 1 else 0
        below = len(ratings) > _TALL
        return cls(
            width=whole,
            row=row,
            size=size,
            rank_right=EDGE + rank,
            name_left=name_left,
            name_width=name,
            plot_left=left,
            plot_right=right,
            rating_right=rating_right,
            span_right=whole - EDGE if spans else None,
            axis=axis,
            ticks_below=below,
            height=AXIS * (2 if below else 1) + parts * PART + len(ratings) * row,
            decimals=decimals,
            clipped=any(_leaves(rating, axis) for rating in ratings),
        )

    def x(self, value: float) -> float:
        """Where a rating lies."""
        return self.plot_left + (self.plot_right - self.plot_left) * self.axis.x(value) / 100


def _widths(
    ratings: list[Rating], ruler: Ruler, size: float, decimals: int
) -> tuple[float, float, float, float]:
    """How wide ranks, names, ratings and intervals are; 0 for intervals that are not there."""

    def widest(head: str, texts: list[str], size: float) -> float:
        return max(ruler.width(head, SMALL), *(ruler.width(text, size) for text in texts))

    bounded = any(rating.ci_low is not None for rating in ratings)
    return (
        widest("Rank", [ranks(rating) for rating in ratings], size - 1),
        min(LONGEST_NAME, widest("Model", [visible(rating.model) for rating in ratings], size)),
        widest("Rating", [number(rating.rating, decimals) for rating in ratings], size),
        widest("Interval", [span_of(r, decimals) for r in ratings], size - 1) if bounded else 0.0,
    )


def decimals_of(ratings: list[Rating]) -> int:
    """None for ratings on Elo's scale, one for win rates, four for shares."""
    largest = max((abs(r.rating) for r in ratings if math.isfinite(r.rating)), default=0.0)
    return 0 if largest > 200 else 1 if largest > 2 else 4


def ranks(rating: Rating) -> str:
    """The ranks that the intervals allow: `2–4`, or `3`."""
    if rating.rank_low == rating.rank_high:
        return str(rating.rank)
    return f"{rating.rank_low}–{rating.rank_high}"


def span_of(rating: Rating, decimals: int) -> str:
    """The interval in figures."""
    if rating.ci_low is None or rating.ci_high is None:
        return NONE
    return f"{number(rating.ci_low, decimals)}–{number(rating.ci_high, decimals)}"


def _usual_width(ratings: list[Rating]) -> float:
    widths = [r.ci_high - r.ci_low for r in ratings if r.ci_low is not None and r.ci_high is not None]
    return statistics.median(widths) if widths else math.inf


def _within_scale(rating: Rating, usual: float) -> Rating:
    """The rating as far as the scale takes account of it."""
    if rating.ci_low is None or rating.ci_high is None or not rating.flags:
        return rating
    if rating.ci_high - rating.ci_low <= _OUT_OF_SCALE * usual:
        return rating
    return replace(rating, ci_low=None, ci_high=None)


def _leaves(rating: Rating, axis: Axis) -> bool:
    low, high = rating.ci_low, rating.ci_high
    return (low is not None and low < axis.low) or (high is not None and high > axis.high)
