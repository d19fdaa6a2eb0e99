"""A leaderboard as dots and bars: each model's rating, its interval, and the ranks that it allows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from palestra.report.plots.frame import (
    EDGE,
    SMALL,
    Frame,
    about,
    best,
    check_width,
    models_shown,
    plural,
    title_of,
)
from palestra.report.plots.intervals_layout import AXIS, PART, Plan, ranks, span_of
from palestra.report.plots.marks import LEGEND, draw_legend, flags_in, legend_lines, mark_of
from palestra.report.plots.picture import Picture
from palestra.report.plots.ruler import Ruler
from palestra.report.plots.sheet import Sheet
from palestra.report.words import number, span, visible

if TYPE_CHECKING:
    from palestra.records.rating import Leaderboard, Rating
    from palestra.report.plots.theme import Theme


def draw_intervals(
    board: Leaderboard, *, theme: Theme, width: int | None = None, top: int | None = None
) -> Picture:
    """The board as a picture, best model on top, parts that never met one below the other.

    Raises:
        UsageError: no model, too many, or a width out of range.
    """
    check_width(width)
    shown = best(board, top)
    ruler = Ruler()
    plan = Plan.of(shown, ruler, width)
    words = [] if board.interval.kind == "none" else [f"{100 * board.interval.level:g} % intervals"]
    words += [models_shown(len(shown.ratings), len(board.ratings)), plural(board.n_battles, "battle")]
    frame = Frame(title_of(board), " · ".join(words), _notes(board, plan))
    legend = legend_lines(flags_in(shown.ratings), ruler, plan.width - 2 * EDGE)
    start = frame.top(ruler, plan.width)
    end = start + plan.height
    room = len(legend) * LEGEND + (8 if legend else 0)
    sheet = Sheet(plan.width, end + room + frame.bottom(ruler, plan.width), theme, ruler)
    _Rows(sheet, ruler, plan, shown, len(board.components)).draw(start)
    draw_legend(sheet, ruler, EDGE, end + 8, legend)
    frame.draw(sheet, ruler)
    return Picture(sheet, frame.title, _description(shown, frame))


def _notes(board: Leaderboard, plan: Plan) -> tuple[str, ...]:
    notes = [about(board)]
    if board.interval.kind != "none":
        notes.append("Ranks are those that the intervals allow.")
    if plan.clipped:
        notes.append("An arrow: the interval goes on beyond the scale.")
    return (" ".join(notes),)


def _description(board: Leaderboard, frame: Frame) -> str:
    rows = [
        f"{rating.rank}. {visible(rating.model)} {number(rating.rating)}"
        + ("" if rating.ci_low is None else f" ({span(rating.ci_low, rating.ci_high)})")
        for rating in board.ratings
    ]
    return f"{frame.subtitle}. {'; '.join(rows)}. {' '.join(frame.notes)}"


class _Rows:
    """Draws the rows of a board."""

    def __init__(self, sheet: Sheet, ruler: Ruler, plan: Plan, board: Leaderboard, parts: int) -> None:
        self._sheet, self._ruler, self._plan, self._board = sheet, ruler, plan, board
        self._parts = parts

    def draw(self, top: float) -> None:
        """Everything from the column names to the last row."""
        plan, y = self._plan, top + AXIS
        self._stripes(y)
        self._grid(y, top + plan.height - (AXIS if plan.ticks_below else 0))
        self._head(top + AXIS / 2 - 2)
        if plan.ticks_below:
            self._ticks(top + plan.height - AXIS / 2 + 2)
        part = None
        for rating in self._board.ratings:
            if self._parts > 1 and rating.component != part:
                part = rating.component
                self._start_part(y, part)
                y += PART
            self._row(rating, y + plan.row / 2)
            y += plan.row

    def _stripes(self, top: float) -> None:
        plan, y, part = self._plan, top, None
        bands = []
        for index, rating in enumerate(self._board.ratings):
            if self._parts > 1 and rating.component != part:
                part = rating.component
                y += PART
            if index % 2 == 0:
                bands.append((EDGE - 8, y, plan.width - 2 * EDGE + 16, plan.row))
            y += plan.row
        self._sheet.boxes(bands, self._sheet.theme.sunken)

    def _grid(self, top: float, bottom: float) -> None:
        for tick in self._plan.axis.ticks:
            x = self._plan.x(tick)
            self._sheet.line([(x, top), (x, bottom)], self._sheet.theme.line)

    def _head(self, y: float) -> None:
        plan, soft = self._plan, self._sheet.theme.soft
        self._sheet.text(plan.rank_right, y, "Rank", size=SMALL, color=soft, align="right")
        self._sheet.text(plan.name_left, y, "Model", size=SMALL, color=soft)
        self._sheet.text(plan.rating_right, y, "Rating", size=SMALL, color=soft, align="right")
        if plan.span_right is not None:
            self._sheet.text(plan.span_right, y, "Interval", size=SMALL, color=soft, align="right")
        self._ticks(y)

    def _ticks(self, y: float) -> None:
        for tick in self._plan.axis.ticks:
            text = f"{tick:g}".replace("-", "−")
            self._sheet.text(
                self._plan.x(tick), y, text, size=SMALL, color=self._sheet.theme.soft, align="center"
            )

    def _start_part(self, y: float, part: int) -> None:
        sheet, members = self._sheet, self._board.components[part]
        sheet.boxes([(EDGE - 8, y, self._plan.width - 2 * EDGE + 16, PART)], sheet.theme.paper)
        head = f"Part {part + 1} of {self._parts}"
        middle = y + PART / 2 + 3
        sheet.text(EDGE, middle, head, size=SMALL, bold=True)
        told = ["never met the others"]
        if len(members) > 1:
            told.insert(0, f"{len(members):,} models that never met the others; ranked by themselves")
        left = EDGE + self._ruler.width(head, SMALL, bold=True) + 10
        room = self._plan.width - EDGE - left
        fits = [text for text in told if self._ruler.width(text, SMALL) <= room]
        sheet.text(left, middle, fits[0] if fits else told[-1], size=SMALL, color=sheet.theme.soft)

    def _row(self, rating: Rating, y: float) -> None:
        sheet, plan, theme = self._sheet, self._plan, self._sheet.theme
        small = plan.size - 1
        sheet.text(plan.rank_right, y, ranks(rating), size=small, color=theme.soft, align="right")
        name = self._ruler.fitted(visible(rating.model), plan.size, plan.name_width)
        sheet.text(plan.name_left, y, name, size=plan.size)
        value = number(rating.rating, plan.decimals)
        sheet.text(plan.rating_right, y, value, size=plan.size, align="right")
        if plan.span_right is not None:
            told = span_of(rating, plan.decimals)
            sheet.text(plan.span_right, y, told, size=small, color=theme.soft, align="right")
        if rating.ci_low is not None and rating.ci_high is not None:
            self._bar(rating.ci_low, rating.ci_high, y, faint=mark_of(rating).flagged)
        if math.isfinite(rating.rating):
            mark = mark_of(rating)
            size = min(8.0, plan.row * 0.36)
            sheet.marker(plan.x(rating.rating), y, mark.shape, size, theme.main, hollow=mark.hollow)

    def _bar(self, low: float, high: float, y: float, *, faint: bool) -> None:
        sheet, plan, theme = self._sheet, self._plan, self._sheet.theme
        colour = theme.faint if faint else theme.bar
        thick = min(6.0, plan.row * 0.24)
        left, right = plan.x(low), plan.x(high)
        sheet.boxes([(left, y - thick / 2, right - left, thick)], colour)
        for beyond, x, step in ((low < plan.axis.low, left, -thick), (high > plan.axis.high, right, thick)):
            if beyond:
                sheet.polygon([(x, y - thick), (x + step, y), (x, y + thick)], colour)
