"""Rows of recorded verdicts: what each column may hold, and what is wrong with those that may not."""

from __future__ import annotations

import json
import math
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from palestra.errors import DataError, nearest
from palestra.interchange.rows import read_rows
from palestra.judges.protocols.base import share_winner
from palestra.judges.protocols.labels import LABEL_SHARES, read_label
from palestra.records.matchup import Order
from palestra.records.verdict import Verdict
from palestra.records.winner import Winner

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from palestra.interchange.rows import Row

_REQUIRED = ("question_id", "model_a", "model_b")
_NUMBERS = ("score_a", "score_b", "pref", "cost_usd", "tstamp")
_COUNTS = ("repeat", "tokens_in", "tokens_out")
_TEXTS = ("protocol", "explanation", "raw")
_LARGEST_COUNT = 2**53


@dataclass(frozen=True, slots=True)
class RecordedVerdict:
    """One row."""

    verdict: Verdict
    """With an empty key, and the replaying judge's label. `order` is `ab` if the row has none."""
    line: int
    knows_order: bool
    """Whether the row says which of the two orders it is."""
    knows_repeat: bool


def read_verdicts(path: Path, *, label: str, judge: str | None) -> Iterator[RecordedVerdict]:
    """The rows of one judge.

    `question_id`, `model_a`, `model_b` and one of `winner`, `label`, `pref` (A's share of the win), both
    scores, or `failure` are needed; `judge_model`, `order`, `repeat` and the other columns of
    `verdicts.jsonl` are read where they are there. A winner that is not given follows from the label,
    the share or the scores, in this order.

    Raises:
        DataError: see `RecordedJudge.read`.
    """
    rows: list[tuple[Row, str | None]] = []
    for row in read_rows(path):
        with _placed(path, row):
            rows.append((row, _text(row.data, "judge_model")))
    wanted = _which_judge({name for _, name in rows}, label, judge, path)
    for row, name in rows:
        if wanted is None or name == wanted:
            with _placed(path, row):
                recorded = _recorded(row, label)
            yield recorded


class _BadCellError(Exception):
    def __init__(self, message: str, key: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.key = key


@contextmanager
def _placed(path: Path, row: Row) -> Iterator[None]:
    """Give what is wrong with a row its place."""
    try:
        yield
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise DataError(first["msg"], path=path, line=row.line, key=key) from None
    except _BadCellError as error:
        raise DataError(error.message, path=path, line=row.line, key=error.key) from None


def _which_judge(names: set[str | None], label: str, judge: str | None, path: Path) -> str | None:
    """The judge to take; None for all rows, where none names a judge or all name the same."""
    known = sorted(name for name in names if name is not None)
    for name in (judge, label):
        if name in known:
            return name
    if judge is not None and known:
        raise DataError(f"no verdict of the judge {judge!r}", path=path, hint=nearest(judge, known))
    if len(names) > 1:
        raise DataError(
            f"the file holds verdicts of several judges ({', '.join(known)})",
            path=path,
            hint="say which one with `model: NAME`",
        )
    return None


def _recorded(row: Row, label: str) -> RecordedVerdict:
    data = row.data
    for column in _REQUIRED:
        if _text(data, column) is None:
            raise _BadCellError("missing; a verdict needs question_id, model_a and model_b", column)
    fields: dict[str, Any] = {name: _text(data, name) for name in (*_REQUIRED, *_TEXTS)}
    fields |= {name: _number(data, name) for name in _NUMBERS}
    fields |= {name: _count(data, name) for name in _COUNTS}
    fields |= {"failure": _failure(data.get("failure")), "label": _label(data)}
    if fields["model_a"] == fields["model_b"]:
        raise _BadCellError(f"model_a and model_b are both {fields['model_a']!r}")
    order = _order(data)
    repeat = fields.pop("repeat")
    fields |= _decision(data, fields)
    verdict = Verdict(key="", judge_model=label, order=order or Order.AB, repeat=repeat or 0, **fields)
    return RecordedVerdict(verdict, row.line, knows_order=order is not None, knows_repeat=repeat is not None)


def _decision(data: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """The winner, as it is given or follows; none of a failure."""
    if fields["failure"] is not None:
        return {"winner": None, "label": None, "pref": None, "score_a": None, "score_b": None}
    written = _text(data, "winner")
    label, pref, a, b = (fields[name] for name in ("label", "pref", "score_a", "score_b"))
    if pref is not None and not 0 <= pref <= 1:
        raise _BadCellError(f"{pref:g} is not between 0 and 1", "pref")
    if written is not None:
        try:
            winner = Winner.parse(written)
        except ValueError as error:
            raise _BadCellError(str(error), "winner") from None
    elif label is not None:
        winner = share_winner(LABEL_SHARES[label])
    elif pref is not None:
        winner = share_winner(pref)
    elif a is not None and b is not None:
        winner = Winner.TIE if a == b else Winner.A if a > b else Winner.B
    else:
        raise _BadCellError("a verdict needs a winner, a label, a pref, two scores or a failure")
    for name, share in (("pref", pref), ("label", None if label is None else LABEL_SHARES[label])):
        if share is not None and {share_winner(share), winner} == {Winner.A, Winner.B}:
            raise _BadCellError(f"contradicts the winner {winner.value}", name)
    return {"winner": winner}


def _text(data: Mapping[str, Any], name: str) -> str | None:
    """A cell as a text; None if it is empty."""
    value = data.get(name)
    if isinstance(value, bool | dict | list | bytes):
        raise _BadCellError("neither a text nor a number", name)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return None if value is None else str(value) or None


def _number(data: Mapping[str, Any], name: str) -> float | None:
    text = _text(data, name)
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise _BadCellError(f"{text!r} is not a number", name)
    return value


def _count(data: Mapping[str, Any], name: str) -> int | None:
    value = _number(data, name)
    if value is None:
        return None
    if not (value.is_integer() and 0 <= value <= _LARGEST_COUNT):
        raise _BadCellError(f"{value:g} is not a whole number from 0", name)
    return int(value)


def _order(data: Mapping[str, Any]) -> Order | None:
    """`ab` or `ba`; None if the row does not say, or says `both`."""
    text = _text(data, "order")
    if text is None or text == Order.BOTH.value:
        return None
    if text not in (Order.AB.value, Order.BA.value):
        raise _BadCellError(f"{text!r} is not one of ab, ba, both", "order")
    return Order(text)


def _label(data: Mapping[str, Any]) -> str | None:
    text = _text(data, "label")
    if text is None:
        return None
    label = read_label(text)
    if label is None:
        raise _BadCellError(f"{text!r} is not one of {', '.join(LABEL_SHARES)}", "label")
    return label


def _failure(value: Any) -> Any:
    """The failure as data; from JSON text in CSV."""
    if not isinstance(value, str):
        return value
    if not value.strip():
        return None
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        raise _BadCellError("not a failure as JSON", "failure") from None
