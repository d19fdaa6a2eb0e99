"""The columns of a battle as files hold them, and what is wrong with a row."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from palestra.ranking.counts import WEIGHTS
from palestra.records.winner import Winner

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

COLUMNS = {
    "battle_id": "VARCHAR",
    "question_id": "VARCHAR",
    "model_a": "VARCHAR",
    "model_b": "VARCHAR",
    "winner": "VARCHAR",
    "source": "VARCHAR",
    "judge_model": "VARCHAR",
    "dataset": "VARCHAR",
    "subset": "VARCHAR",
    "category": "VARCHAR",
    "language": "VARCHAR",
    "tstamp": "DOUBLE",
    "run_id": "VARCHAR",
    "order": "VARCHAR",
    "repeat": "BIGINT",
    "weight": "DOUBLE",
    "soft": "BOOLEAN",
    "pref": "DOUBLE",
    "score_a": "DOUBLE",
    "score_b": "DOUBLE",
    "flags": "VARCHAR[]",
    "voter": "VARCHAR",
    "anonymous": "BOOLEAN",
    "prompt": "VARCHAR",
    "response_a": "VARCHAR",
    "response_b": "VARCHAR",
    "style": "JSON",
}
"""Column → type. A conversation and the style features are JSON text."""

PROMPT = "question_id"
"""What battles on the same prompt have in common."""
FIRST_ROWS = 20_000
"""Rows that are looked at to see whether battles share prompts."""
NO_GROUP = "(none)"
"""The group of rows that do not say which they belong to."""
REQUIRED = ("model_a", "model_b", "winner")
RATED = (*REQUIRED, "weight", "soft", "pref")
"""What ratings read."""


def fault(row: Mapping[str, Any], columns: Collection[str] = RATED) -> tuple[str, str] | None:
    """The first column of the row that cannot be read, and why; None for a sound row."""
    for name in REQUIRED:
        wrong = _winner(row.get(name)) if name == "winner" else _model(row.get(name), name)
        if wrong:
            return name, wrong
    for name in (name for name in COLUMNS if name in columns):
        wrong = _typed(row.get(name), COLUMNS[name]) or _in_range(row.get(name), name)
        if wrong:
            return name, wrong
    return None


def _model(value: Any, name: str) -> str | None:
    if value is None:
        return f"the row has no `{name}`"
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return f"expected a model's name, not {_show(value)}"
    return "the name is empty" if value == "" else None


def _winner(value: Any) -> str | None:
    if value is None:
        return "the row has no `winner`"
    try:
        Winner.parse(value if isinstance(value, str) else _show(value))
    except ValueError as error:
        return str(error)
    return None


def _typed(value: Any, kind: str) -> str | None:
    if value is None or value == "":
        return None
    if kind in ("DOUBLE", "BIGINT"):
        return None if _number(value) is not None else f"expected a number, not {_show(value)}"
    if kind == "BOOLEAN":
        yes_or_no = isinstance(value, bool) or str(value).lower() in ("true", "false", "0", "1", "t", "f")
        return None if yes_or_no else f"expected true or false, not {_show(value)}"
    return None


def _in_range(value: Any, name: str) -> str | None:
    number = _number(value)
    if number is None:
        return None
    low, high = WEIGHTS
    if name == "weight" and not (number == 0 or low <= number <= high):
        return f"expected a weight of 0, or from {low:g} to {high:g}, not {_show(value)}"
    if name == "pref" and not (0 <= number <= 1 or math.isnan(number)):
        return f"expected a share between 0 and 1, not {_show(value)}"
    return None


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _show(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
