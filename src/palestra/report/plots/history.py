"""Ratings over time, one labelled curve for each model."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from palestra.report.plots.frame import Frame, about, check_width, models_shown, plural, title_of
from palestra.report.plots.history_drawing import Drawing, moment
from palestra.report.plots.history_layout import MOST_BANDS, SETTLED, Plan, curves_of
from palestra.report.plots.picture import Picture
from palestra.report.plots.ruler import Ruler
from palestra.report.plots.sheet import Sheet
from palestra.report.words import number, visible

if TYPE_CHECKING:
    from palestra.analysis.history import History
    from palestra.records.rating import Leaderboard
    from palestra.report.plots.history_layout import Curve
    from palestra.report.plots.theme import Theme

TOP = 10
"""How many models are drawn where nobody says."""


def draw_history(
    history: History, *, theme: Theme, width: int | None = None, top: int | None = None, n_untimed: int = 0
) -> Picture:
    """The best models' ratings after each slice, with their intervals as bands, labelled at their ends.

    A curve begins where the battles first determine the rating, and is faint up to `SETTLED` battles.
    `n_untimed` battles without a time are told of.

    Raises:
        UsageError: nothing to draw, or a width out of range.
    """
    check_width(width)
    ruler = Ruler()
    curves = curves_of(history, top or TOP)
    plan = Plan.of(curves, ruler, width)
    frame = _frame(history, curves, n_untimed)
    start = frame.top(ruler, plan.width)
    sheet = Sheet(plan.width, start + plan.height + 34 + frame.bottom(ruler, plan.width), theme, ruler)
    drawn = Drawing(sheet, ruler, plan, history, start)
    drawn.axes()
    drawn.bands(curves)
    drawn.curves(curves)
    drawn.labels(curves)
    frame.draw(sheet, ruler)
    ends = [f"{visible(curve.model)} {number(float(curve.rating[-1]))}" for curve in curves]
    told = f"{frame.subtitle}. In the end: {'; '.join(ends)}. {' '.join(frame.notes)}"
    return Picture(sheet, frame.title, told)


def _frame(history: History, curves: list[Curve], n_untimed: int) -> Frame:
    board = history.board
    determined = int(np.isfinite(history.rating[-1]).sum())
    undetermined = len(history.models) - determined
    unit = history.slices
    cut = f"in {unit} slices of equally many battles" if unit.isdigit() else f"by {unit}"
    words = [
        f"{_day(history.ends[0])} to {_day(history.ends[-1])}",
        models_shown(len(curves), determined),
        plural(board.n_battles, "battle"),
    ]
    how = f"Each point rates all battles until then, {cut}"
    if board.method == "elo":
        how = "Battles in order of time"
    notes = [f"{how}. {about(replace(board, parameters=_told(board)))}"]
    if any(np.isfinite(curve.low).any() for curve in curves):
        many = len(curves) > MOST_BANDS
        notes.append("Too many curves to show intervals." if many else "Bands are the intervals.")
    if any(not curve.settled.all() for curve in curves):
        notes.append(f"Faint: fewer than {SETTLED} battles.")
    if undetermined:
        notes.append(f"{plural(undetermined, 'model')} without a determined rating left out.")
    if n_untimed:
        notes.append(f"{plural(n_untimed, 'battle')} without a time left out.")
    title = f"{title_of(board)} over time"
    return Frame(title, " · ".join(words), (" ".join(notes),))


def _told(board: Leaderboard) -> dict[str, Any]:
    return {name: value for name, value in board.parameters.items() if name != "slices"}


def _day(seconds: float) -> str:
    return moment(seconds).date().isoformat()
