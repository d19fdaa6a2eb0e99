"""Two boards that were read, compared and shown."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from palestra.analysis.comparison import Board, Comparison, compare
from palestra.analysis.quality import Estimates
from palestra.records.plain import json_text
from palestra.records.tables import aligned
from palestra.report.words import NONE, number, percent, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from palestra.interchange.boards import ReadBoard

_NAMED = 10
"""Names of a list that are shown in the table; JSON has them all."""


def compared(board: ReadBoard, reference: ReadBoard) -> Comparison:
    """The comparison of two boards that were read."""
    return compare(_board(board), _board(reference))


def _board(read: ReadBoard) -> Board:
    score, low, high, told = (
        np.array([math.nan if value is None else value for value in column], dtype=np.float64)
        for column in (
            [row.rating for row in read.rows],
            [row.low for row in read.rows],
            [row.high for row in read.rows],
            [row.variance for row in read.rows],
        )
    )
    made = Estimates.of_bounds(score, low, high, read.level)
    variance = np.where(np.isnan(told), made.variance, told)
    return Board(
        models=tuple(row.model for row in read.rows),
        estimates=Estimates(score, low, high, variance, score),
        component=np.array([row.component for row in read.rows], dtype=np.int64),
    )


def warnings_of(board: ReadBoard, reference: ReadBoard, found: Comparison) -> list[str]:
    """What a reader should know of either board and of the comparison."""
    told = [f"{one.name}: {warning}" for one in (board, reference) for warning in one.warnings]
    if board.level != reference.level:
        told.append(
            f"the intervals cover {100 * board.level:g} % on the board, {100 * reference.level:g} % on the "
            "reference: wider ones separate less"
        )
    return [*told, *found.warnings]


def comparison_json(board: ReadBoard, reference: ReadBoard, found: Comparison) -> str:
    """Everything, as JSON; what there is nothing to tell of is null."""
    data = asdict(found)
    data["moves"] = [{**asdict(move), "climb": move.climb} for move in found.moves]
    data["warnings"] = warnings_of(board, reference, found)
    return json_text({"board": _about(board), "reference": _about(reference), **data})


def _about(board: ReadBoard) -> dict[str, Any]:
    return {
        "path": board.name,
        "kind": board.kind,
        "level": board.level,
        "n_models": len(board.rows),
    }


def comparison_text(board: ReadBoard, reference: ReadBoard, found: Comparison, top: int) -> str:
    """The comparison as plain text, with the `top` models that moved most."""
    lines = [
        "=== COMPARISON ===",
        f"Board:     {_line(board)}",
        f"Reference: {_line(reference)}",
        f"Compared:  {_models(found.n_compared)} on both",
        "",
        *aligned(_measures(found), left=frozenset({0, 2})),
    ]
    moved = [move for move in found.moves if move.climb][:top]
    if moved:
        head = ["Model", "Rank", "Reference", "Moved"]
        rows = [[visible(m.model), _rank(m.rank), _rank(m.reference_rank), _climb(m.climb)] for m in moved]
        lines += ["", *aligned([head, *rows])]
    lines += _lists(found)
    told = [f"Warning: {visible(warning)}" for warning in warnings_of(board, reference, found)]
    return "\n".join([*lines, *(["", *told] if told else [])]) + "\n"


def _line(board: ReadBoard) -> str:
    return f"{visible(board.name)}, {visible(board.kind)}, {_models(len(board.rows))}"


def _models(count: int) -> str:
    return f"{count} model{'' if count == 1 else 's'}"


def _measures(found: Comparison) -> list[list[str]]:
    both = found.separability, found.reference_separability
    everyone = found.separability_all, found.reference_separability_all
    return [
        ["Measure", "Value", "Note"],
        ["Separability", percent(both[0]), f"reference {percent(both[1])}"],
        ["Separability, all models", percent(everyone[0]), f"reference {percent(everyone[1])}"],
        [
            "Agreement with confidence",
            percent(found.agreement),
            f"of {found.n_separated} pairs that the reference separates",
        ],
        ["Agreement in order", percent(found.strict_agreement), "of all pairs"],
        ["Spearman", number(found.spearman, 4), ""],
        ["Kendall τ-b", number(found.kendall, 4), ""],
        ["Brier score", number(found.brier, 4), "0 is perfect, 0.25 a coin"],
        ["Mean difference", number(found.mean_difference, 1), "in rating points, both means at 0"],
        ["Mean change of rank", number(found.mean_rank_change, 2), ""],
    ]


def _rank(rank: float) -> str:
    return NONE if math.isnan(rank) else f"{rank:g}"


def _climb(climb: float) -> str:
    return f"{'+' if climb > 0 else '−'}{abs(climb):g}"


def _lists(found: Comparison) -> list[str]:
    named = (
        ("Only on the board", found.only_board),
        ("Only on the reference", found.only_reference),
        ("Not comparable", found.not_compared),
    )
    lines = [f"{title} ({len(names)}): {_some(names)}" for title, names in named if names]
    return ["", *lines] if lines else []


def _some(names: Sequence[str]) -> str:
    rest = len(names) - _NAMED
    shown = ", ".join(visible(name) for name in names[:_NAMED])
    return f"{shown} and {rest} more" if rest > 0 else shown
