"""Battles with their texts, one after another, out of files of any form and run folders."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from palestra.errors import DataError
from palestra.interchange.battle_columns import COLUMNS, fault
from palestra.interchange.battle_tables import file_table
from palestra.interchange.exports.juries import Juries
from palestra.interchange.json_text import decode_json
from palestra.interchange.rows import read_rows
from palestra.records.battle import Battle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from palestra.interchange.battle_tables import Table
    from palestra.interchange.exports.juries import Votes

_TEXTS = ("prompt", "response_a", "response_b")
_READ = tuple(name for name in COLUMNS if name != "style")
_EXPECTED = {
    **dict.fromkeys(_TEXTS, 'expected a text, or messages: [{"role": "user", "content": "…"}, …]'),
    "flags": "expected a list of texts",
}
_CHECKED = ("weight", "soft", "pref", "score_a", "score_b", "tstamp", "repeat", "anonymous")


@dataclass(frozen=True, slots=True)
class BattleSource:
    """Where battles come from."""

    name: str
    """As a card tells it."""
    battles: Iterable[Battle]
    votes: Callable[[Battle], Votes] | None = None
    """How each judge of a panel decided, where that is known."""


def file_source(path: str | os.PathLike[str]) -> BattleSource:
    """The battles of a JSONL, CSV or Parquet file (also gzipped), a run folder, or standard input (`-`)."""
    name = os.fspath(path)
    if os.path.isdir(name):
        votes = Juries(Path(name) / "verdicts.jsonl").votes
        return BattleSource(f"{Path(name).resolve().name} (run folder)", battles_of(name), votes)
    return BattleSource("standard input" if name == "-" else Path(name).name, battles_of(name))


def battles_of(path: str | os.PathLike[str]) -> Iterator[Battle]:
    """The battles, in file order.

    Raises:
        DataError: the file cannot be read, or a row is no battle; with the line.
    """
    with ExitStack() as stack:
        table = file_table(path, stack)
        if table.path is None or table.path.stat().st_size == 0:  # a run in which every verdict failed
            return
        try:
            for row in read_rows(table.path):
                yield _battle(row.data, table, row.line)
        except DataError as error:
            if error.path == table.name:
                raise
            raise DataError(error.message, path=table.name, line=error.line, hint=error.hint) from None


def _battle(data: dict[str, Any], table: Table, line: int) -> Battle:
    wrong = fault(data, _CHECKED)
    if wrong:
        raise DataError(wrong[1], path=table.name, line=line, key=wrong[0])
    values = {name: _cell(name, data[name], table) for name in _READ if name in data}
    try:
        return Battle.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = str(first["loc"][0])
        message = _EXPECTED.get(key) or first["msg"].removeprefix("Value error, ")
        raise DataError(message, path=table.name, line=line, key=key) from None


def _cell(name: str, value: Any, table: Table) -> Any:
    """The value as JSON data, whatever the file can hold."""
    if name in ("weight", "soft") and value in (None, ""):
        return {"weight": 1.0, "soft": False}[name]
    if name == "flags" and not value:
        return ()
    if name in _TEXTS:
        return _talk(value) if table.kind in ("csv", "parquet") else value
    if value == "" and table.kind == "csv":
        return None
    if isinstance(value, str) and name == "flags":
        return _list(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and COLUMNS[name] == "VARCHAR":
        return str(value)
    return value


def _list(text: str) -> Any:
    """A list in JSON; what is none stays as it is, and is refused."""
    try:
        return decode_json(text)
    except ValueError:
        return text


def _talk(value: Any) -> Any:
    """A conversation where the text is one in JSON; a text that is empty is an empty answer."""
    if not isinstance(value, str) or not value.startswith("["):
        return value
    turns = _list(value)
    is_talk = (
        isinstance(turns, list) and turns and all(isinstance(turn, dict) and "role" in turn for turn in turns)
    )
    return turns if is_talk else value
