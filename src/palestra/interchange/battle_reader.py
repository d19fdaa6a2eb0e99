"""Battles of any form, read through DuckDB; where it cannot read a file or a row makes no sense, a second
look in Python says where.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar, get_args

import duckdb

from palestra.errors import DataError, PalestraError, UsageError, nearest
from palestra.interchange.battle_columns import COLUMNS, PROMPT, RATED, fault
from palestra.interchange.battle_query import By, Labels, Query, Unreadable, View, connected, first_line
from palestra.interchange.battle_tables import Table, file_table, memory_table, rows_table
from palestra.interchange.rows import read_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from palestra.interchange.battle_input import BattleInput

_SHAPE = 'a battle looks like {"model_a": "…", "model_b": "…", "winner": "model_a"}'
Part = TypeVar("Part")


def read_battles(
    battles: BattleInput,
    read: Callable[[View], Part],
    *,
    filter: str | None = None,
    labels: Labels | None = None,
    by: str | None = None,
    cluster: str | None = None,
    also: Collection[str] = (),
) -> tuple[list[Part], list[str]]:
    """What `read` makes of each table of `battles`, and the run folders among them. `also` names columns
    that `read` looks at beside those that ratings read.

    Raises:
        DataError: what cannot be read, with its place.
        UsageError: a filter, `labels`, `by` or `cluster` that makes no sense.
    """
    for what, value, choices in (("labels", labels, get_args(Labels)), ("by", by, get_args(By))):
        if value is not None and value not in choices:
            raise UsageError(f"unknown {what} {value!r}", hint=nearest(str(value), choices))
    query = Query.of(filter, labels, by, cluster)
    query = replace(query, columns=tuple(name for name in COLUMNS if name in {*query.columns, *also}))
    with ExitStack() as stack:
        try:
            tables, folders = _tables(battles, query, stack)
            return [_read_table(table, query, read) for table in tables], folders
        except DataError as error:
            raise _helped(error) from None


def _helped(error: DataError) -> DataError:
    """The error; where it is of a file that lacks a battle's columns since it is another tool's, with the
    command that makes battles of it.
    """
    lacks = "there is no column" in error.message or "the row has no `" in error.message
    if not lacks or error.path is None or not os.path.isfile(error.path):
        return error
    from palestra.interchange.outside.detect import whose

    owner = whose(error.path)
    if owner is None:
        return error
    hint = f"it looks like {owner}: `palestra convert {error.path} -o battles.jsonl` makes battles of it"
    return DataError(error.message, path=error.path, line=error.line, key=error.key, hint=hint)


def _tables(battles: BattleInput, query: Query, stack: ExitStack) -> tuple[list[Table], list[str]]:
    """The tables, and the run folders among them."""
    if isinstance(battles, str | os.PathLike):
        battles = [battles]
    if hasattr(battles, "iloc") or hasattr(battles, "__arrow_c_stream__"):
        return [memory_table(battles)], []
    if not isinstance(battles, Iterable) or isinstance(battles, bytes | dict):
        return [memory_table(battles)], []
    items = iter(battles)
    first = next(items, None)
    if first is None:
        return [], []
    if not isinstance(first, str | os.PathLike):
        rows = enumerate(chain([first], items), 1)
        return [rows_table(rows, "the records", _kept(query), "record")], []
    paths = [os.fspath(path) for path in chain([first], items)]
    if paths.count("-") > 1:
        raise UsageError("standard input can be read once only")
    return [file_table(path, stack) for path in paths], [path for path in paths if os.path.isdir(path)]


def _read_table(table: Table, query: Query, read: Callable[[View], Part]) -> Part:
    if table.kind == "json":
        table = _slowly(table, query)
    try:
        with connected(table) as connection:
            return read(View(connection, table, query))
    except Unreadable as error:
        reason = error.reason
    found = _find_fault(table, query)
    if found is not None:
        raise found
    hint = None if query.condition is None else "or the filter does not suit the values of its columns"
    if table.path is None or table.kind == "parquet":
        raise DataError(reason, path=table.name, hint=hint)
    table = _slowly(table, query)
    with connected(table) as connection:
        try:
            return read(View(connection, table, query))
        except Unreadable as error:
            raise DataError(error.reason, path=table.name, hint=hint) from None


def _slowly(table: Table, query: Query) -> Table:
    """A file that DuckDB cannot read, such as one with a byte order mark, read row by row."""
    if table.path is None:
        return table
    rows = ((row.line, row.data) for row in _named(table))
    return rows_table(rows, table.name, _kept(query), "line")


def _kept(query: Query) -> Collection[str]:
    """The columns to keep of rows that are read in Python; the prompt, to see whether battles share one."""
    return dict.fromkeys([*query.columns, PROMPT])


def _named(table: Table) -> Iterator[Any]:
    """The rows of a file, errors telling the name that the user knows."""
    try:
        yield from read_rows(table.path) if table.path else ()
    except DataError as error:
        hint = _SHAPE if error.hint and error.hint.startswith("a row looks like") else error.hint
        raise DataError(error.message, path=table.name, line=error.line, hint=hint) from None


def _find_fault(table: Table, query: Query) -> PalestraError | None:
    """The error that names the first bad row, or None if there is no bad one."""
    try:
        if table.path is None:
            return _find_in_memory(table, query)
        for row in _named(table):
            wrong = fault(row.data, query.columns)
            if wrong:
                return DataError(wrong[1], path=table.name, line=row.line, key=wrong[0])
    except DataError as error:
        return error
    return None


def _find_in_memory(table: Table, query: Query) -> PalestraError | None:
    with connected(table) as connection:
        try:
            found = connection.sql(table.select(RATED))
            rows = found.fetchall()
        except duckdb.Error as error:
            return DataError(first_line(error), path=table.name)
    for number, values in enumerate(rows, 1):
        wrong = fault(dict(zip(RATED, values, strict=True)))
        if wrong:
            return DataError(wrong[1], path=f"row {number}", key=wrong[0])
    return None
