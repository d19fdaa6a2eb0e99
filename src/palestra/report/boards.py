"""A leaderboard as plain text, Markdown, CSV and JSON.

`groups` holds further boards by kind and value, as in `{"subset": {"math": board, "law": board}}`.
"""

from __future__ import annotations

import csv
import io
import math
from typing import TYPE_CHECKING, Any

from palestra.records.plain import json_text
from palestra.records.tables import aligned
from palestra.report.words import (
    count,
    counts_line,
    decimals_of,
    interval_line,
    method_line,
    number,
    percent,
    ranks,
    span,
    visible,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from palestra.records.rating import Leaderboard, Rating

    Groups = Mapping[str, Mapping[str, Leaderboard]]

_CSV_FIELDS = (
    "rank",
    "rank_low",
    "rank_high",
    "model",
    "rating",
    "ci_low",
    "ci_high",
    "n_battles",
    "wins",
    "losses",
    "ties",
    "win_rate",
    "win_rate_low",
    "win_rate_high",
    "component",
    "flags",
)
_FLUSH_LEFT = frozenset({0, 1})
"""The columns of ranks and names."""
_MARKDOWN_SPECIAL = frozenset("\\`*_[]<>#|~&$")


def board_table(board: Leaderboard, groups: Groups | None = None) -> str:
    """The board as an aligned plain-text table, ending with a line break.

    Wide characters count as two columns. Nothing in a name can reach the terminal as an escape.
    """
    blocks = [
        "\n".join([heading, *_about(part), "", *aligned(_cells(part), left=_FLUSH_LEFT), *_notes(part)])
        for heading, part in _headed(board, groups)
    ]
    return "\n\n".join(blocks) + "\n"


def board_markdown(board: Leaderboard, groups: Groups | None = None) -> str:
    """The board as Markdown with one pipe table for each group."""
    lines: list[str] = []
    for by, name, part in _parts(board, groups):
        title = "Leaderboard" if by is None else f"{by.capitalize()}: {name}"
        lines += [f"{'#' if by is None else '##'} {_markdown(title)}", ""]
        lines += [" · ".join(_markdown(line) for line in _about(part)), ""]
        lines += [*_pipe_table(_cells(part)), ""]
        lines += [f"- {_markdown(note)}" for note in _notes(part) if note]
        lines += [""] if lines[-1] else []
    return "\n".join(lines)


def board_csv(board: Leaderboard, groups: Groups | None = None) -> str:
    """The board as CSV with full precision; missing numbers are empty, flags are joined by spaces.

    With `groups`, two columns `by` and `group` come first; the overall rows have `overall` and nothing.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*(() if groups is None else ("by", "group")), *_CSV_FIELDS])
    for by, name, part in _parts(board, groups):
        start = () if groups is None else ("overall" if by is None else by, name)
        writer.writerows([*start, *_csv_row(rating)] for rating in part.ratings)
    return out.getvalue()


def board_json(board: Leaderboard, groups: Groups | None = None) -> str:
    """The board as JSON, with `groups: {kind: {value: board}}` if given. NaN and infinity are null."""
    data = board.to_dict()
    if groups is not None:
        data["groups"] = {
            by: {name: part.to_dict() for name, part in boards.items()} for by, boards in groups.items()
        }
    return json_text(data)


def _parts(board: Leaderboard, groups: Groups | None) -> Iterator[tuple[str | None, str, Leaderboard]]:
    yield None, "", board
    for by, boards in (groups or {}).items():
        for name, part in boards.items():
            yield by, name, part


def _headed(board: Leaderboard, groups: Groups | None) -> Iterator[tuple[str, Leaderboard]]:
    for by, name, part in _parts(board, groups):
        title = "OVERALL LEADERBOARD" if by is None else f"{visible(by).upper()} LEADERBOARD: {visible(name)}"
        yield f"=== {title} ===", part


def _about(board: Leaderboard) -> list[str]:
    return [method_line(board), interval_line(board), counts_line(board)]


def _cells(board: Leaderboard) -> list[list[str]]:
    """A heading row, then one row for each model."""
    decimals = decimals_of(board.ratings)
    level = "" if board.interval.kind == "none" else f"{100 * board.interval.level:g} % "
    head = ["Rank", "Model", "Rating", f"{level}interval".strip(), "Battles", "W", "L", "T", "Win rate"]
    return [head, *(_row(rating, decimals) for rating in board.ratings)]


def _row(rating: Rating, decimals: int) -> list[str]:
    return [
        ranks(rating),
        visible(rating.model),
        number(rating.rating, decimals),
        span(rating.ci_low, rating.ci_high, decimals),
        str(rating.n_battles),
        count(rating.wins),
        count(rating.losses),
        count(rating.ties),
        percent(rating.win_rate),
    ]


def _notes(board: Leaderboard) -> list[str]:
    """Coefficients, flags and warnings, after an empty line if there are any."""
    features = [_coefficient(each) for each in board.parameters.get("coefficients", ())]
    warnings = [f"Warning: {visible(warning)}" for warning in board.warnings]
    if not board.ratings:
        warnings.append("Warning: no battle, so no rating")
    flags = [
        f"Note: {visible(rating.model)}: {', '.join(flag.replace('_', ' ') for flag in rating.flags)}"
        for rating in board.ratings
        if rating.flags
    ]
    notes = [*features, *warnings, *flags]
    return ["", *notes] if notes else []


def _coefficient(feature: Mapping[str, Any]) -> str:
    """What one standard deviation of a feature, or being shown first, is worth."""
    points, error = number(feature["points"]), number(feature["points_se"])
    unit = "of being shown first" if feature["feature"] == "side" else "per standard deviation"
    return f"{visible(feature['feature'])}: {points} points (standard error {error}) {unit}"


def _pipe_table(rows: Sequence[Sequence[str]]) -> list[str]:
    rule = ["---" if position < 2 else "---:" for position in range(len(rows[0]))]
    escaped = [[_markdown(cell) for cell in row] for row in rows]
    return [f"| {' | '.join(row)} |" for row in [escaped[0], rule, *escaped[1:]]]


def _markdown(text: str) -> str:
    return "".join(f"\\{char}" if char in _MARKDOWN_SPECIAL else char for char in visible(text))


def _csv_row(rating: Rating) -> list[object]:
    values = (getattr(rating, field) for field in _CSV_FIELDS)
    return [_csv_value(value) for value in values]


def _csv_value(value: object) -> object:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return " ".join(value) if isinstance(value, tuple) else value
