"""Drawing the curves of a history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from palestra.report.plots.frame import SMALL
from palestra.report.plots.history_layout import LABEL, MOST_BANDS, STEP
from palestra.report.plots.spread import spread
from palestra.report.words import number, visible

if TYPE_CHECKING:
    from palestra.analysis.history import History
    from palestra.ranking.arrays import Bools
    from palestra.report.plots.history_layout import Curve, Plan
    from palestra.report.plots.ruler import Ruler
    from palestra.report.plots.sheet import Box, Sheet

_DASHES: tuple[tuple[float, float] | None, ...] = (None, (5.0, 2.0), (2.0, 1.5), (9.0, 3.0))
"""Told apart when the colours come round again."""


def moment(seconds: float) -> datetime:
    """Epoch seconds as a date, UTC."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)


class Drawing:
    """Draws one history."""

    def __init__(self, sheet: Sheet, ruler: Ruler, plan: Plan, history: History, top: float) -> None:
        self._sheet, self._ruler, self._plan, self._history, self._top = sheet, ruler, plan, history, top

    def _y(self, rating: float) -> float:
        plan = self._plan
        return self._top + plan.height * (plan.high - rating) / (plan.high - plan.low)

    def _x(self, seconds: float) -> float:
        plan, ends = self._plan, self._history.ends
        if ends[-1] == ends[0]:
            return plan.right
        return plan.left + (plan.right - plan.left) * (seconds - float(ends[0])) / float(ends[-1] - ends[0])

    @property
    def _window(self) -> Box:
        plan = self._plan
        return plan.left, self._top, plan.right - plan.left + 1, plan.height

    def axes(self) -> None:
        """Gridlines, ratings on the left, dates below."""
        sheet, plan, theme = self._sheet, self._plan, self._sheet.theme
        for tick in plan.ticks:
            y = self._y(tick)
            sheet.line([(plan.left, y), (plan.right, y)], theme.line)
            text = f"{tick:g}".replace("-", "−")
            sheet.text(plan.left - 10, y, text, size=SMALL, color=theme.soft, align="right")
        bottom = self._top + plan.height
        sheet.line([(plan.left, bottom), (plan.right, bottom)], theme.soft)
        for seconds, told in self._dates():
            x = self._x(seconds)
            sheet.line([(x, bottom), (x, bottom + 5)], theme.soft)
            sheet.text(x, bottom + 16, told, size=SMALL, color=theme.soft, align="center")

    def _dates(self) -> list[tuple[float, str]]:
        from matplotlib import dates

        make_locator: Any = dates.AutoDateLocator
        make_formatter: Any = dates.ConciseDateFormatter

        first, last = float(self._history.ends[0]), float(self._history.ends[-1])
        if last - first < 60:
            return [(last, moment(last).strftime("%Y-%m-%d %H:%M"))]
        most = max(4, int((self._plan.right - self._plan.left) / 80))
        locator = make_locator(minticks=3, maxticks=most, tz=UTC)
        days = locator.tick_values(moment(first), moment(last))
        texts = make_formatter(locator, tz=UTC).format_ticks(days)
        found = [(float(day) * 86_400, text) for day, text in zip(days, texts, strict=True) if text]
        return self._apart([(seconds, text) for seconds, text in found if first <= seconds <= last])

    def _apart(self, dates: list[tuple[float, str]]) -> list[tuple[float, str]]:
        """Those that have room beside the ones before them."""
        kept: list[tuple[float, str]] = []
        free = -1.0
        for seconds, text in dates:
            half = self._ruler.width(text, SMALL) / 2
            if self._x(seconds) - half >= free:
                kept.append((seconds, text))
                free = self._x(seconds) + half + 8
        return kept

    def _style(self, index: int) -> tuple[str, tuple[float, float] | None]:
        colours = self._sheet.theme.lines
        return colours[index % len(colours)], _DASHES[index // len(colours) % len(_DASHES)]

    def bands(self, curves: list[Curve]) -> None:
        """The intervals, where they are known; none if there are too many curves."""
        if len(curves) > MOST_BANDS:
            return
        alpha = 0.12 if len(curves) <= 5 else 0.08
        with self._sheet.within(self._window):
            for index, curve in enumerate(curves):
                colour, _ = self._style(index)
                known = np.isfinite(curve.low) & np.isfinite(curve.high) & curve.settled
                for run in _runs(known):
                    xs = [self._x(float(end)) for end in self._history.ends[run]]
                    upper = [(x, self._y(float(v))) for x, v in zip(xs, curve.high[run], strict=True)]
                    lower = [(x, self._y(float(v))) for x, v in zip(xs, curve.low[run], strict=True)]
                    self._sheet.polygon([*upper, *reversed(lower)], colour, alpha=alpha)

    def curves(self, curves: list[Curve]) -> None:
        """The ratings, the best model's on top."""
        with self._sheet.within(self._window):
            for index, curve in reversed(list(enumerate(curves))):
                colour, dashes = self._style(index)
                known = np.isfinite(curve.rating)
                for run in _runs(known):
                    self._line(curve, run, colour, 0.35, None)
                for run in _runs(known & curve.settled):
                    self._line(curve, run, colour, 1.0, dashes)
        for index, curve in reversed(list(enumerate(curves))):
            x, y = self._x(float(self._history.ends[-1])), self._y(float(curve.rating[-1]))
            self._sheet.marker(x, y, "o", 5, self._style(index)[0], hollow=not curve.settled[-1])

    def _line(
        self, curve: Curve, run: slice, colour: str, alpha: float, dashes: tuple[float, float] | None
    ) -> None:
        points = [
            (self._x(float(end)), self._y(float(value)))
            for end, value in zip(self._history.ends[run], curve.rating[run], strict=True)
        ]
        self._sheet.line(points, colour, width=2.0 if alpha == 1 else 1.2, alpha=alpha, dashes=dashes)

    def labels(self, curves: list[Curve]) -> None:
        """Name and rating beside the end of each curve, moved apart where they would overlap."""
        sheet, plan = self._sheet, self._plan
        wanted = [self._y(float(curve.rating[-1])) for curve in curves]
        order = sorted(range(len(curves)), key=lambda index: wanted[index])
        places = spread([wanted[index] for index in order], STEP, self._top + 6, self._top + plan.height - 6)
        for index, y in zip(order, places, strict=True):
            curve, colour = curves[index], self._style(index)[0]
            end = self._x(float(self._history.ends[-1]))
            sheet.line([(end + 6, wanted[index]), (plan.label_left - 4, y)], colour, width=0.8, alpha=0.6)
            name = self._ruler.fitted(visible(curve.model), LABEL, plan.name_width)
            sheet.text(plan.label_left, y, name, size=LABEL)
            value = number(float(curve.rating[-1]), plan.decimals)
            sheet.text(plan.rating_right, y, value, size=LABEL, color=sheet.theme.soft, align="right")


def _runs(known: Bools) -> list[slice]:
    """Stretches where `known` is True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], known, [False]]).astype(np.int8)))
    return [slice(int(first), int(last)) for first, last in zip(edges[::2], edges[1::2], strict=True)]
