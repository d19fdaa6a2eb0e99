"""Output files: drafts that take their place when they are whole, and battles as JSONL, CSV or Parquet."""

from __future__ import annotations

import json
import os
import re
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, Literal

from palestra.errors import DataError, UsageError
from palestra.interchange.battle_columns import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from palestra.interchange.outside.base import BattleRow

Shape = Literal["jsonl", "csv", "parquet"]
_SHAPES: dict[str, Shape] = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".parquet": "parquet"}
_DEFAULTS: dict[str, Any] = {"weight": 1.0, "soft": False, "flags": []}
_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
_TEXTS = ("prompt", "response_a", "response_b")
ROW_GROUP = 20_480
"""Rows; a row group is held in memory until it is written."""


def shape_of(path: Path) -> Shape:
    """What a file's ending asks for.

    Raises:
        UsageError: it is no known one.
    """
    shape = _SHAPES.get(path.suffix.lower())
    if shape is None:
        raise UsageError(
            f"cannot write {path.suffix or 'a file without an ending'}",
            path=path,
            key="--out",
            hint=f"known endings: {', '.join(_SHAPES)}",
        )
    return shape


@contextmanager
def draft_of(path: Path) -> Iterator[Path]:
    """A place beside `path` whose file takes the place of `path` at the end, if nothing was raised.

    Raises:
        DataError: it cannot be written.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        draft.open("wb").close()
        yield draft
        draft.replace(path)
    except OSError as error:
        raise DataError(f"cannot be written: {error.strerror or error}", path=path) from None
    finally:
        draft.unlink(missing_ok=True)


def battle_line(row: BattleRow) -> str:
    """The row with all columns, in their order, as a line of JSON."""
    whole = {name: row.get(name, _DEFAULTS.get(name)) for name in COLUMNS}
    return text_line(_ENCODER.encode(whole))


def text_line(line: str) -> str:
    """A line of JSON; NUL, which no database can hold, becomes U+FFFD."""
    if "\\u0000" in line:
        line = _NUL.sub("\\1\ufffd", line)
    return line + "\n"


def write_line(file: IO[str], line: str) -> None:
    """Write it; half a surrogate pair becomes U+FFFD.

    Raises:
        OSError: it cannot be written.
    """
    try:
        file.write(line)
    except UnicodeEncodeError:
        file.write(line.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


def quoted(text: str) -> str:
    """SQL for a text."""
    return "'" + text.replace("'", "''") + "'"


def lines_as_query(path: Path) -> str:
    """SQL for the battles of a JSONL file in Palestra's columns, conversations and style as JSON."""
    kinds = COLUMNS | dict.fromkeys(_TEXTS, "JSON")
    shape = ", ".join(f"{quoted(name)}: {quoted(kind)}" for name, kind in kinds.items())
    return (
        f"SELECT * FROM read_json({quoted(str(path))}, format='newline_delimited', columns={{{shape}}}, "
        f"maximum_object_size={1 << 29})"
    )


def select_for(shape: Shape, query: str) -> str:
    """The columns of `lines_as_query` as a file of this shape holds them, style as JSON text."""
    if shape == "jsonl":
        return query
    columns = []
    for name in COLUMNS:
        value = f'"{name}"'
        if name in _TEXTS:
            is_text = f"json_type({value}) = 'VARCHAR'"
            told = f"CASE WHEN {is_text} THEN json_extract_string({value}, '$') ELSE {value}::VARCHAR END"
            value = f"CASE WHEN json_type({value}) <> 'NULL' THEN {told} END"
        elif name == "style":
            value = f"CASE WHEN json_type({value}) <> 'NULL' THEN {value}::VARCHAR END"
        elif name == "flags" and shape == "csv":
            value = f"to_json({value})::VARCHAR"
        columns.append(f'{value} AS "{name}"')
    return f"SELECT {', '.join(columns)} FROM ({query})"


def copy(query: str, path: Path, shape: Shape) -> str:
    """SQL that writes what a query gives."""
    forms = {
        "jsonl": "FORMAT json",
        "csv": "FORMAT csv, HEADER",
        "parquet": f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP}",
    }
    return f"COPY ({query}) TO {quoted(str(path))} ({forms[shape]})"
