"""Verdicts read for `agree`, failures among them: of run folders, files, and records or dicts in memory."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
from pydantic import BaseModel

from palestra.errors import DataError, UsageError
from palestra.interchange.agree_rows import Read, prompt_digest, texts
from palestra.interchange.battle_columns import COLUMNS, fault
from palestra.interchange.battle_query import _condition, _filter_error
from palestra.interchange.rows import is_row_file, read_rows
from palestra.records.winner import Winner

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from palestra.ranking.arrays import Bools

LABEL_SHARES = {"A>>B": 1.0, "A>B": 0.75, "A=B": 0.5, "B>A": 0.25, "B>>A": 0.0}
"""A's share of the win for each label of a pairwise verdict; a test keeps it as `judges` has it."""
_SIDES = {None: 1.0, "": 1.0, "ab": 1.0, "ba": -1.0, "both": 0.0}
_MORE = {"failure": "VARCHAR", "cost_usd": "DOUBLE", "protocol": "VARCHAR", "label": "VARCHAR"}
"""Columns that a filter may name, beside those of battles."""
_UNREAD = frozenset({"raw", "explanation", "key"})
"""What is long, and nothing here looks at."""
Places = Iterable[tuple[str, int | None, Mapping[str, Any]]]
"""(file or record, line, row) each."""


def is_verdict_file(path: str | os.PathLike[str]) -> bool:
    """Whether the file's first row is a verdict, which a battle is not: it may have failed."""
    place = Path(path)
    if not place.is_file() or not is_row_file(place) or not place.stat().st_size:
        return False
    try:
        first = next(iter(read_rows(place)))
    except DataError:
        return False  # what is wrong is said when all of it is read
    return is_verdict(first.data)


def is_verdict(row: Mapping[str, Any]) -> bool:
    """Whether a row has what only verdicts have."""
    return "failure" in row or {"key", "protocol"} <= row.keys()


def file_rows(path: Path, about: Mapping[str, Mapping[str, Any]] | None = None) -> Places:
    """The verdicts of a file; `about`: what there is to add, by question_id."""
    if path.is_file() and path.stat().st_size == 0:
        return
    for row in read_rows(path):
        added = (about or {}).get(str(row.data.get("question_id")), {})
        told = {name: value for name, value in row.data.items() if value is not None and name not in _UNREAD}
        yield str(path), row.line, {**added, **told}


def record_rows(rows: Iterable[Any]) -> Places:
    """Verdict or Battle records, or rows as dicts.

    Raises:
        UsageError: something else.
    """
    for number, row in enumerate(rows, 1):
        if isinstance(row, BaseModel):
            yield f"record {number}", None, row.model_dump(mode="json")
        elif isinstance(row, Mapping):
            yield f"record {number}", None, row
        else:
            raise UsageError(
                f"cannot read a verdict from {type(row).__name__}",
                hint="give paths, Verdict or Battle records, or rows as dicts",
            )


def read_verdict_rows(rows: Places, *, by: str | None, filter: str | None) -> Read:
    """The rows, each with a winner or a failure.

    Raises:
        DataError: a row with neither, or that cannot be read, with its place.
        UsageError: a filter that makes no sense.
    """
    kept = [row for place, line, row in rows if _sound(row, place, line)]
    if filter is not None:
        keep = _filtered(kept, filter)
        kept = [row for row, is_kept in zip(kept, keep.tolist(), strict=True) if is_kept]
    won = np.array([_won(row) for row in kept], dtype=np.float64)
    lengths = np.array([_lengths(row) for row in kept], dtype=np.float64).reshape(-1, 2)
    return Read(
        question=texts([_name(row.get("question_id")) for row in kept]),
        text=texts([_digest(row.get("prompt")) for row in kept]),
        model_a=texts([_name(row["model_a"]) for row in kept]),
        model_b=texts([_name(row["model_b"]) for row in kept]),
        won=won,
        share=np.array(
            [_share(row, sign) for row, sign in zip(kept, won.tolist(), strict=True)], dtype=float
        ),
        side=np.array([_SIDES[row.get("order")] for row in kept], dtype=np.float64),
        rater=texts([_name(row.get("judge_model") or row.get("voter")) for row in kept]),
        source=texts([row.get("source") for row in kept]),
        category=texts([_name(row.get(by)) if by else None for row in kept]),
        length_a=lengths[:, 0],
        length_b=lengths[:, 1],
        failure=texts([_failure(row) for row in kept]),
        cost=np.array([_number(row.get("cost_usd")) for row in kept], dtype=np.float64),
    )


def _sound(row: Mapping[str, Any], place: str, line: int | None) -> bool:
    failed = _failure(row) is not None
    checked = {**row, "winner": "tie"} if failed else row
    wrong = fault(checked, ("question_id", "pref"))
    if wrong and wrong[0] == "winner" and row.get("winner") is None:
        wrong = ("winner", "the row has neither a `winner` nor a `failure`")
    if not wrong and row.get("order") not in _SIDES:
        wrong = ("order", f"unknown order {row.get('order')!r}; known: ab, ba, both")
    if wrong:
        raise DataError(wrong[1], path=place, line=line, key=wrong[0])
    return True


def _failure(row: Mapping[str, Any]) -> str | None:
    told = row.get("failure")
    if not told:
        return None
    kind = told.get("kind") if isinstance(told, Mapping) else told
    return str(kind or "other")


def _won(row: Mapping[str, Any]) -> float:
    return math.nan if _failure(row) else 2 * Winner.parse(str(row["winner"])).share - 1


def _share(row: Mapping[str, Any], won: float) -> float:
    """A's share of the win where orders are combined, as `judges.combine` reads it; a battle that combines
    orders has its winner.
    """
    if math.isnan(won):
        return won
    label, pref = row.get("label"), row.get("pref")
    if label in LABEL_SHARES:
        return LABEL_SHARES[label]
    return (1 + won) / 2 if pref is None or row.get("order") == "both" else _number(pref)


def _number(value: Any) -> float:
    return math.nan if value is None or value == "" else float(value)


def _name(value: Any) -> str | None:
    return None if value is None or value == "" else str(value)


def _digest(prompt: Any) -> str | None:
    return prompt_digest(prompt) if prompt else None


def _lengths(row: Mapping[str, Any]) -> tuple[float, ...]:
    """Characters, or the tokens that `style` tells of."""
    told = row.get("lengths")
    if isinstance(told, Mapping):
        return tuple(_number(told.get(str(row[name]))) for name in ("model_a", "model_b"))
    answers = row.get("response_a"), row.get("response_b")
    if all(answer is not None for answer in answers):
        return _said(answers[0]), _said(answers[1])
    style = row.get("style")
    if not isinstance(style, Mapping):
        return math.nan, math.nan
    return _number(style.get("tokens_a")), _number(style.get("tokens_b"))


def _said(answer: Any) -> float:
    if isinstance(answer, str):
        return float(len(answer))
    return float(sum(len(str(turn["content"])) for turn in answer if turn.get("role") == "assistant"))


def _filtered(rows: list[Mapping[str, Any]], filter: str) -> Bools:
    """Which rows the condition keeps, (n,)."""
    if not rows:
        return np.zeros(0, dtype=bool)
    kinds = {
        name: kind for name, kind in {**COLUMNS, **_MORE}.items() if kind in ("VARCHAR", "DOUBLE", "BIGINT")
    }
    columns: dict[str, Any] = {"row_number": np.arange(len(rows))}
    for name, kind in kinds.items():
        values = [_failure(row) if name == "failure" else row.get(name) for row in rows]
        if kind == "VARCHAR":
            columns[name] = texts([value if isinstance(value, str) else _name(value) for value in values])
        else:
            columns[name] = np.array([_number(value) for value in values], dtype=np.float64)
    condition = _condition(filter)
    try:
        with duckdb.connect() as connection:
            connection.execute("SET python_enable_replacements = false")
            connection.execute("SET enable_external_access = false")
            connection.register("verdicts", columns)
            cast = ", ".join(
                f'"{name}"::{kinds.get(name, "BIGINT")} AS "{name}"' for name in columns if name in kinds
            )
            found = connection.sql(f"SELECT row_number, {cast} FROM verdicts").filter(condition)
            numbers = found.project("row_number").fetchnumpy()["row_number"]
    except duckdb.Error as error:
        raise _filter_error(error) from None
    keep = np.zeros(len(rows), dtype=bool)
    keep[numbers] = True
    return keep


def about_prompts(folder: Path) -> dict[str, dict[str, Any]]:
    """What a run folder says of each prompt: its columns, its text, and how long each model's answer is."""
    found: dict[str, dict[str, Any]] = {}
    prompts, responses = folder / "prompts.jsonl", folder / "responses.jsonl"
    for row in _rows(prompts):
        about = {name: row.get(name) for name in ("dataset", "subset", "category", "language")}
        found[str(row.get("question_id"))] = {**about, "prompt": row.get("messages"), "lengths": {}}
    for row in _rows(responses):
        lengths = found.setdefault(str(row.get("question_id")), {"lengths": {}})["lengths"]
        if isinstance(row.get("text"), str):
            lengths.setdefault(str(row.get("model")), float(len(row["text"])))
    return found


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    if path.is_file() and path.stat().st_size:
        yield from (row.data for row in read_rows(path))
