"""Who beats whom: the observed win rates beside those that the ratings predict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from palestra.analysis.meetings import observed, predicted, predicts
from palestra.report.plots.frame import Frame, about, best, check_width, models_shown, plural
from palestra.report.plots.matrix_drawing import GAP, HEAD, LEGEND, TWO_LINES, Drawing, Panel, Plan
from palestra.report.plots.picture import Picture
from palestra.report.plots.ruler import Ruler
from palestra.report.plots.sheet import Sheet
from palestra.report.words import visible

if TYPE_CHECKING:
    from palestra.ranking.counts import Counts
    from palestra.records.rating import Leaderboard
    from palestra.report.plots.theme import Theme

_TOLD = 12
"""Models whose win rates are in the description for screen readers."""


def draw_matrix(
    board: Leaderboard,
    counts: Counts,
    *,
    theme: Theme,
    width: int | None = None,
    top: int | None = None,
) -> Picture:
    """The battles of each two models, told from the row's side, in the order of the board.

    Colours are even at 50 %. A pair that never met has an empty cell among the observed ones, and among
    the predicted ones where no chain of battles connects it. A method that predicts no win rates has the
    first panel only.

    The picture gets wider than `width` where its names could not be read otherwise.

    Raises:
        UsageError: no model, too many, or a width out of range.
    """
    check_width(width)
    shown = best(board, top)
    ruler = Ruler()
    share, n = observed(counts, [rating.model for rating in shown.ratings])
    panels = [Panel("Observed", "row's share of the wins, %", share, n)]
    if predicts(board):
        panels.append(Panel("Predicted", "P(row beats column), %", predicted(shown), None))
    plan = Plan.of(shown, ruler, width, len(panels))
    words = [models_shown(len(shown.ratings), len(board.ratings)), plural(board.n_battles, "battle")]
    small = "; the small figures are numbers of battles" if plan.cell >= TWO_LINES else ""
    note = f"Ties are half a win{small}. {about(board, intervals=False)}"
    frame = Frame("Win rates of each pair", " · ".join(words), (note,))
    start = frame.top(ruler, plan.width)
    end = start + HEAD + plan.side + LEGEND
    sheet = Sheet(plan.width, end + frame.bottom(ruler, plan.width), theme, ruler)
    drawn = Drawing(sheet, ruler, plan)
    drawn.names(shown, start + HEAD)
    for number, panel in enumerate(panels):
        drawn.panel(panel, plan.left + number * (plan.side + GAP), start)
    drawn.legend(start + HEAD + plan.side + 20)
    frame.draw(sheet, ruler)
    return Picture(sheet, frame.title, _description(shown, frame, panels))


def _description(board: Leaderboard, frame: Frame, panels: list[Panel]) -> str:
    names = [visible(rating.model) for rating in board.ratings]
    rows = []
    for i, row in enumerate(names[:_TOLD]):
        told = [
            f"{100 * panels[0].share[i, j]:.0f} % against {column}"
            for j, column in enumerate(names[:_TOLD])
            if not np.isnan(panels[0].share[i, j])
        ]
        rows += [f"{row}: {', '.join(told)}"] if told else []
    return f"{frame.subtitle}. {'; '.join(rows)}. {' '.join(frame.notes)}"
