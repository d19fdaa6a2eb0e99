"""Battles of any form, counted: one streaming pass in DuckDB, which never holds a file in memory."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, get_args

import duckdb
import numpy as np

from palestra.errors import DataError, PalestraError, UsageError, nearest
from palestra.interchange.battle_columns import COLUMNS, RATED, fault
from palestra.interchange.battle_tables import Table, file_table, memory_table, rows_table
from palestra.interchange.rows import read_rows
from palestra.ranking.counts import Counts, Outcome, Rows, outcome_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from palestra.records.battle import Battle

    BattleInput = (
        str | os.PathLike[str] | Iterable[str | os.PathLike[str]] | Iterable[Battle | Mapping[str, Any]] | Any
    )
    """A path or several (a file, a run folder, `-` for standard input), Battle records or rows as dicts,
    a pandas DataFrame, or an Arrow table."""

Labels = Literal["hard", "soft"]
By = Literal["category", "dataset", "subset", "language", "source", "judge_model"]
NO_GROUP = "(none)"
"""The group of rows that do not say which they belong to."""

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
    battles: BattleInput, *, filter: str | None = None, labels: Labels | None = None, by: By | None = None
) -> Tally[Counts]:
    """Count battles.

    `filter` is an SQL condition over the columns of a battle, such as `language = 'en' AND weight > 0`.
    `labels`: `hard` reads each row's winner, `soft` its `pref` where it has one; by default rows say it
    themselves (`soft: true`). `by` counts each value of a column by itself, too.

    Raises:
        DataError: a file that cannot be read, with its line; an unknown winner; a missing column.
        UsageError: a filter, `labels` or `by` that makes no sense.
    """

    def read(view: _View) -> Tally[Counts]:
        parts = view.counts()
        groups = parts if by else {}
        return Tally(Counts.merge(parts.values()), groups, None)

    return _read(battles, filter, labels, by, read, _merged_counts)


def order_battles(
    battles: BattleInput, *, filter: str | None = None, labels: Labels | None = None, by: By | None = None
) -> Tally[Rows]:
    """Battles one by one, in the order of the files and of their rows; else as `count_battles`."""

    def read(view: _View) -> Tally[Rows]:
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
    by: By | None,
    read: Callable[[_View], Tally[Counted]],
    merged: Callable[[list[Tally[Counted]]], Tally[Counted]],
) -> Tally[Counted]:
    for what, value, choices in (("labels", labels, get_args(Labels)), ("by", by, get_args(By))):
        if value is not None and value not in choices:
            raise UsageError(f"unknown {what} {value!r}", hint=nearest(str(value), choices))
    query = _Query.of(filter, labels, by)
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


@dataclass(frozen=True, slots=True)
class _Query:
    """What to read of each table."""

    columns: tuple[str, ...]
    condition: duckdb.Expression | None
    share: str
    """SQL for A's share of the win where a row is read softly, else NULL."""
    group: str
    """SQL for the name of the row's group."""

    @classmethod
    def of(cls, filter: str | None, labels: Labels | None, by: By | None) -> _Query:
        mentioned = set(re.findall(r"\w+", filter.lower())) if filter else set()
        wanted = {*RATED, *mentioned, *([by] if by else [])}
        soft = {"hard": "FALSE", "soft": "TRUE"}.get(labels or "", "coalesce(soft, FALSE)")
        return cls(
            columns=tuple(column for column in COLUMNS if column in wanted),
            condition=None if filter is None else _condition(filter),
            share=f"CASE WHEN {soft} AND NOT isnan(pref) THEN pref END",
            group=f"coalesce(\"{by}\", '{NO_GROUP}')" if by else f"'{NO_GROUP}'",
        )


def _condition(filter: str) -> duckdb.Expression:
    try:
        return duckdb.SQLExpression(filter)
    except duckdb.Error as error:
        raise UsageError(
            f"not a condition: {_first_line(error)}",
            key="filter",
            hint="an SQL condition over columns, such as: language = 'en' AND winner <> 'tie'",
        ) from None


def _tables(battles: BattleInput, query: _Query, stack: ExitStack) -> tuple[list[Table], list[str]]:
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


def _read_table(table: Table, query: _Query, read: Callable[[_View], Tally[Counted]]) -> Tally[Counted]:
    if table.kind == "json":
        table = _slowly(table, query)
    try:
        with _connected(table) as connection:
            return read(_View(connection, table, query))
    except _Unreadable as error:
        reason = error.reason
    found = _find_fault(table, query)
    if found is not None:
        raise found
    if table.path is None or table.kind == "parquet":
        raise DataError(reason, path=table.name)
    with _connected(_slowly(table, query)) as connection:
        try:
            return read(_View(connection, table, query))
        except _Unreadable as error:
            raise DataError(error.reason, path=table.name) from None


def _slowly(table: Table, query: _Query) -> Table:
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
        raise DataError(error.message, path=table.name, line=error.line, hint=error.hint) from None


def _find_fault(table: Table, query: _Query) -> PalestraError | None:
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


def _find_in_memory(table: Table, query: _Query) -> PalestraError | None:
    with _connected(table) as connection:
        try:
            found = connection.sql(table.select(RATED))
            rows = found.fetchall()
        except duckdb.Error as error:
            return DataError(_first_line(error), path=table.name)
    for number, values in enumerate(rows, 1):
        wrong = fault(dict(zip(RATED, values, strict=True)))
        if wrong:
            return DataError(wrong[1], path=f"row {number}", key=wrong[0])
    return None


@contextmanager
def _connected(table: Table) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database of its own that can read this table and nothing else."""
    with duckdb.connect() as connection:
        connection.execute("SET python_enable_replacements = false")
        if table.path is None:
            connection.register("battles_in_memory", table.data)
        else:
            place = str(table.path).replace("'", "''")
            connection.execute(f"SET allowed_paths = ['{place}']")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield connection


class _Unreadable(Exception):  # noqa: N818 - caught in this module
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _first_line(error: duckdb.Error) -> str:
    return str(error).split("\n")[0].partition(": ")[2] or str(error)


class _View:
    """One table, filtered."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, table: Table, query: _Query) -> None:
        self._connection = connection
        self._query = query
        self._table = table

    def _relation(self) -> duckdb.DuckDBPyRelation:
        try:
            relation = self._connection.sql(self._table.select(self._query.columns))
        except duckdb.Error as error:
            raise _Unreadable(_first_line(error)) from None
        if self._query.condition is None:
            return relation
        try:
            return relation.filter(self._query.condition)
        except duckdb.Error as error:
            raise _filter_error(error) from None

    def _fetch(self, relation: duckdb.DuckDBPyRelation) -> dict[str, Any]:
        try:
            return relation.fetchnumpy()
        except duckdb.PermissionException as error:
            raise _filter_error(error) from None
        except duckdb.Error as error:
            raise _Unreadable(_first_line(error)) from None

    def counts(self) -> dict[str, Counts]:
        """The counts of each group."""
        cells = self._cells()
        groups = cells["grouped"]
        found = {}
        for name in sorted(set(groups.tolist())):
            here = groups == name
            found[name] = Counts.from_rows(
                cells["model_a"][here].tolist(),
                cells["model_b"][here].tolist(),
                cells["winner"][here].tolist(),
                pref=cells["share"][here],
                weight=cells["mass"][here],
                n=cells["n"][here],
            )
        return found

    def _cells(self) -> dict[str, Any]:
        """Unique rows and how often each occurred, looked through for faults."""
        query = self._query
        cells = self._fetch(
            self._relation().aggregate(
                f"model_a, model_b, winner, {query.share} AS share, coalesce(weight, 1.0) AS mass, "
                f"{query.group} AS grouped, count(*) AS n",
                f"model_a, model_b, winner, {query.share}, coalesce(weight, 1.0), {query.group}",
            )
        )
        cells["share"] = np.ma.filled(cells["share"], np.nan)
        for name in ("model_a", "model_b", "winner"):
            values = np.ma.filled(cells[name], None)
            if any(value is None or value == "" or value[0] in "[{" for value in set(values.tolist())):
                self._look_closer(name)
            cells[name] = values
        try:
            for word in set(cells["winner"].tolist()):
                outcome_of(word)
        except DataError as error:
            raise _Unreadable(error.message) from None
        mass, share = cells["mass"], cells["share"]
        if not np.all((mass >= 0) & np.isfinite(mass)) or np.any((share < 0) | (share > 1)):
            raise _Unreadable("a weight below 0, or a pref outside 0 to 1")
        return cells

    def _look_closer(self, name: str) -> None:
        """Raise if some model's name is missing, empty or no text; a name may begin with a bracket."""
        if self._table.kind != "memory" and _find_fault(self._table, self._query) is None:
            return
        raise _Unreadable(f"a row's {name} is missing, empty or not a text")

    def rows(self) -> tuple[Rows, list[str]]:
        """The rows in order, and the name of each one's group."""
        cells = self._cells()
        models = sorted({*cells["model_a"].tolist(), *cells["model_b"].tolist()})
        groups = sorted(set(cells["grouped"].tolist()))
        words = {word: int(outcome_of(word)) for word in set(cells["winner"].tolist())}
        if not models:
            return Rows.from_names([], [], []), []
        self._connection.execute(f"CREATE TYPE model_name AS ENUM ({_listed(models)})")
        self._connection.execute(f"CREATE TYPE group_name AS ENUM ({_listed(groups)})")
        outcomes = " ".join(f"WHEN {_listed([word])} THEN {code}" for word, code in words.items())
        query = self._query
        found = self._fetch(
            self._relation().project(
                "enum_code(model_a::model_name)::BIGINT AS a, enum_code(model_b::model_name)::BIGINT AS b, "
                f"CASE winner {outcomes} END::BIGINT AS outcome, {query.share} AS share, "
                f"coalesce(weight, 1.0) AS mass, enum_code({query.group}::group_name)::BIGINT AS grouped"
            )
        )
        share = np.ma.filled(found["share"], np.nan)
        rows = Rows.from_codes(
            models,
            found["a"],
            found["b"],
            np.where(np.isnan(share), found["outcome"], Outcome.SOFT),
            share=share,
            weight=found["mass"],
        )
        return rows, [groups[code] for code in found["grouped"].tolist()]


def _listed(words: list[str]) -> str:
    return ", ".join("'" + word.replace("'", "''") + "'" for word in words)


def _filter_error(error: duckdb.Error) -> UsageError:
    if isinstance(error, duckdb.PermissionException):
        return UsageError("a filter may not read files", key="filter")
    unknown = re.search(r'Referenced column "(.+?)" not found', str(error))
    if unknown:
        return UsageError(
            f"battles have no column {unknown[1]!r}", key="filter", hint=nearest(unknown[1], COLUMNS)
        )
    return UsageError(f"not a condition: {_first_line(error)}", key="filter")
