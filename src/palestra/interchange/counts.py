"""Battles of any form, counted: one streaming pass in DuckDB, which never holds a file in memory."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, Generic, TypeVar, get_args

import duckdb
import numpy as np

from palestra.errors import DataError, PalestraError, UsageError, nearest
from palestra.interchange.battle_columns import RATED, fault
from palestra.interchange.battle_query import By, Labels, Query, Unreadable, View, connected, first_line
from palestra.interchange.battle_tables import Table, file_table, memory_table, rows_table
from palestra.interchange.rows import read_rows
from palestra.ranking.counts import Counts, Rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from palestra.records.battle import Battle

    BattleInput = (
        str | os.PathLike[str] | Iterable[str | os.PathLike[str]] | Iterable[Battle | Mapping[str, Any]] | Any
    )
    """A path or several (a file, a run folder, `-` for standard input), Battle records or rows as dicts,
    a pandas DataFrame, or an Arrow table."""

_SHAPE = 'a battle looks like {"model_a": "…", "model_b": "…", "winner": "model_a"}'
Counted = TypeVar("Counted", Counts, Rows)


@dataclass(frozen=True, slots=True)
class Tally(Generic[Counted]):
    """Battles, read."""

    battles: Counted
    groups: dict[str, Counted]
    """The battles of each group, by name; empty if no grouping was asked for."""
    n_failed: int | None
    """Verdicts of the run folders that failed; None if something else was read, or only some rows."""


def count_battles(
    battles: BattleInput, *, filter: str | None = None, labels: Labels | None = None, by: str | None = None
) -> Tally[Counts]:
    """Count battles.

    `filter` is an SQL condition over the columns of a battle, such as `language = 'en' AND weight > 0`.
    `labels`: `hard` reads each row's winner, `soft` its `pref` where it has one; by default rows say it
    themselves (`soft: true`). `by` counts each value of a column by itself, too.

    Raises:
        DataError: a file that cannot be read, with its line; an unknown winner; a missing column.
        UsageError: a filter, `labels` or `by` that makes no sense.
    """

    def read(view: View) -> Tally[Counts]:
        parts = view.counts()
        groups = parts if by else {}
        return Tally(Counts.merge(parts.values()), groups, None)

    return _read(battles, filter, labels, by, read, _merged_counts)


def order_battles(
    battles: BattleInput, *, filter: str | None = None, labels: Labels | None = None, by: str | None = None
) -> Tally[Rows]:
    """Battles one by one, in the order of the files and of their rows; else as `count_battles`."""

    def read(view: View) -> Tally[Rows]:
        rows, group_of = view.rows()
        names = sorted(set(group_of)) if by else []
        member = np.array(group_of, dtype=object)
        return Tally(rows, {name: rows.take(member == name) for name in names}, None)

    return _read(battles, filter, labels, by, read, _merged_rows)


def _merged_counts(parts: list[Tally[Counts]]) -> Tally[Counts]:
    names = sorted({name for part in parts for name in part.groups})
    groups = {
        name: Counts.merge(part.groups[name] for part in parts if name in part.groups) for name in names
    }
    return Tally(Counts.merge(part.battles for part in parts), groups, None)


def _merged_rows(parts: list[Tally[Rows]]) -> Tally[Rows]:
    names = sorted({name for part in parts for name in part.groups})
    groups = {
        name: Rows.concat([part.groups[name] for part in parts if name in part.groups]) for name in names
    }
    return Tally(Rows.concat([part.battles for part in parts]), groups, None)


def _read(
    battles: BattleInput,
    filter: str | None,
    labels: Labels | None,
    by: str | None,
    read: Callable[[View], Tally[Counted]],
    merged: Callable[[list[Tally[Counted]]], Tally[Counted]],
) -> Tally[Counted]:
    for what, value, choices in (("labels", labels, get_args(Labels)), ("by", by, get_args(By))):
        if value is not None and value not in choices:
            raise UsageError(f"unknown {what} {value!r}", hint=nearest(str(value), choices))
    query = Query.of(filter, labels, by)
    with ExitStack() as stack:
        tables, folders = _tables(battles, query, stack)
        parts = [_read_table(table, query, read) for table in tables]
    whole = merged(parts)
    known = folders if filter is None and len(folders) == len(tables) else []
    failures = [failed_verdicts(folder) for folder in known]
    n_failed = None if not known or None in failures else sum(count or 0 for count in failures)
    return Tally(whole.battles, whole.groups, n_failed)


def failed_verdicts(folder: str) -> int | None:
    """How many rows of a run folder's verdicts.jsonl hold a failure; None without such a file.

    Raises:
        DataError: the file cannot be read.
    """
    path = os.path.join(folder, "verdicts.jsonl")
    if not os.path.isfile(path) or os.path.getsize(path) == 0:
        return None if not os.path.isfile(path) else 0
    from pathlib import Path

    return sum(row.data.get("failure") is not None for row in read_rows(Path(path)))


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
        return [rows_table(rows, "the records", query.columns, "record")], []
    paths = [os.fspath(path) for path in chain([first], items)]
    if paths.count("-") > 1:
        raise UsageError("standard input can be read once only")
    return [file_table(path, stack) for path in paths], [path for path in paths if os.path.isdir(path)]


def _read_table(table: Table, query: Query, read: Callable[[View], Tally[Counted]]) -> Tally[Counted]:
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
    return rows_table(rows, table.name, query.columns, "line")


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
