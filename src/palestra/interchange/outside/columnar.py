"""The quick way: a Parquet file in its published columns, converted column by column by DuckDB."""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb

from palestra.errors import DataError
from palestra.interchange.battle_columns import COLUMNS
from palestra.interchange.outside.columnar_sql import FAULT, LEFT
from palestra.interchange.outside.tally import FIRST
from palestra.interchange.outside.write import quoted
from palestra.ranking.style import FEATURES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from palestra.interchange.outside.base import Format
    from palestra.interchange.outside.files import Source
    from palestra.interchange.outside.write import Shape

_MEMORY = "2GB"
"""For the whole of DuckDB; most of it is a row group of the file that is read."""
_POLL = 0.2
_TEXTS = ("prompt", "response_a", "response_b")
_STYLE = "STRUCT(" + ", ".join(f"{name}_{side} BIGINT" for side in "ab" for name in FEATURES) + ")"
"""In Parquet; a struct's fields are read six times faster than JSON text."""
_DEFAULTS = {"weight": "1.0::DOUBLE", "soft": "false", "flags": "[]::VARCHAR[]"}


@dataclass(frozen=True, slots=True)
class Refused:
    """Rows that give no battle, for one reason."""

    reason: str
    damaged: bool
    count: int
    first: list[int]
    """Row numbers, from 1."""


@dataclass(frozen=True, slots=True)
class Columnar:
    """A file and SQL for Palestra's columns."""

    source: Source
    format: Format
    kinds: Mapping[str, str]
    """Column → type, as the file has them."""

    def query(self, shape: Shape, *, structs: bool = True) -> str:
        """SQL for the battles as a file of this shape holds them; without `structs`, style as JSON text."""
        columns = self._columns(plain=shape != "jsonl")
        made = ", ".join(f'{_typed(name, columns.get(name), shape, structs)} AS "{name}"' for name in COLUMNS)
        return f"SELECT {made} FROM {self._file()} WHERE {self._refusals('IS NULL', ' AND ')}"

    def _columns(self, *, plain: bool = True) -> Mapping[str, str]:
        assert self.format.columnar is not None
        columns = self.format.columnar(self.kinds, plain)
        assert columns is not None
        return columns

    def _refusals(self, test: str, joined: str) -> str:
        columns = self._columns()
        checks = [columns[name] for name in (FAULT, LEFT) if name in columns]
        return joined.join(f"({check}) {test}" for check in checks)

    def _file(self, *, numbered: bool = False) -> str:
        pattern = re.sub(r"[\[*?]", r"[\g<0>]", str(self.source.path))
        extra = ", file_row_number = true" if numbered else ""
        return f"read_parquet({quoted(pattern)}, hive_partitioning = false{extra})"

    def rows(self, connection: duckdb.DuckDBPyConnection) -> int:
        """How many rows the file has."""
        return int(_one(connection, f"SELECT count(*) FROM {self._file()}"))

    def refused(self, connection: duckdb.DuckDBPyConnection) -> list[Refused]:
        """Why rows give no battle, in the order of the first row."""
        columns = self._columns()
        left = f"({columns[LEFT]})" if LEFT in columns else "NULL"
        named = f"SELECT file_row_number + 1 AS row, ({columns[FAULT]}) AS fault, {left} AS left_out "
        found = connection.execute(
            f"SELECT coalesce(fault, left_out) AS reason, fault IS NOT NULL, count(*), min(row, {FIRST}) "
            f"FROM ({named} FROM {self._file(numbered=True)}) "
            "WHERE fault IS NOT NULL OR left_out IS NOT NULL GROUP BY ALL ORDER BY min(row)"
        ).fetchall()
        return [Refused(reason, damaged, count, list(first)) for reason, damaged, count, first in found]


def columnar(source: Source, format: Format) -> Columnar | None:
    """The file, if it is Parquet with the columns and types in which the format is published."""
    if source.kind != "parquet" or format.columnar is None:
        return None
    probe = Columnar(source, format, {})
    with connected() as connection, told(source):
        described = connection.execute(f"DESCRIBE SELECT * FROM {probe._file()}").fetchall()
    kinds = {str(name): str(kind) for name, kind, *_ in described}
    return None if format.columnar(kinds, True) is None else Columnar(source, format, kinds)


def _typed(name: str, value: str | None, shape: Shape, structs: bool) -> str:
    """SQL for a column with the type that it has in a file of this shape."""
    if name in _TEXTS:
        return f"({value or 'NULL'})::{'JSON' if shape == 'jsonl' else 'VARCHAR'}"
    if name == "style":
        value = value or "NULL"
        if shape == "jsonl":
            return value
        return f"({value})::{_STYLE}" if shape == "parquet" and structs else f"to_json({value})::VARCHAR"
    value = _DEFAULTS.get(name, f"NULL::{COLUMNS[name]}") if value is None else f"({value})::{COLUMNS[name]}"
    return f"to_json({value})::VARCHAR" if name == "flags" and shape == "csv" else value


@contextmanager
def connected() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory that keeps the order of rows and does not grow with them."""
    with duckdb.connect(":memory:", config={"memory_limit": _MEMORY, "threads": "1"}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET preserve_insertion_order = true")
        connection.execute("SET enable_progress_bar = true")
        connection.execute("SET enable_progress_bar_print = false")
        yield connection


@contextmanager
def told(source: Source) -> Iterator[None]:
    """Say in our words what DuckDB says of the file.

    Raises:
        DataError: it is damaged.
    """
    try:
        yield
    except duckdb.Error as error:
        words = str(error).strip().splitlines()[0].replace(str(source.path), source.path.name)
        raise DataError(f"not readable as Parquet: {words}", path=source.name) from None


def run(
    connection: duckdb.DuckDBPyConnection, query: str, report: Callable[[float], None] | None = None
) -> None:
    """Run a long query in a thread of its own; Ctrl-C stops it. `report` is told what share is done.

    Raises:
        duckdb.Error: what went wrong.
    """
    failures: list[duckdb.Error] = []

    def work() -> None:
        try:
            connection.execute(query)
        except duckdb.Error as error:
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(_POLL)
            if report is not None:
                report(min(1.0, max(0.0, connection.query_progress() / 100)))
    except BaseException:  # Ctrl-C above all: the query must not go on alone
        connection.interrupt()
        thread.join()
        raise
    if failures:
        raise failures[0]


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> Any:
    row = connection.execute(query).fetchone()
    return row[0] if row else 0
