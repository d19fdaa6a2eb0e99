"""What is asked of DuckDB: the battles of one table, filtered, counted or in order."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import duckdb
import numpy as np

from palestra.errors import DataError, UsageError, nearest
from palestra.interchange.battle_columns import COLUMNS, FIRST_ROWS, NO_GROUP, PROMPT, RATED
from palestra.ranking.counts import WEIGHTS, Counts, Outcome, Rows, outcome_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from palestra.interchange.battle_tables import Table

Labels = Literal["hard", "soft"]
By = Literal["category", "dataset", "subset", "language", "source", "judge_model"]
_CLUSTER = 'CASE WHEN "{0}" IS NOT NULL THEN hash("{0}") END'
"""64 bits of a cluster's name, the same in every file; NULL without one, of which hash() makes a number, too.
Of a million clusters, two share theirs with a chance of 3e-8."""
_LONE_ROWS = 1 << 40
"""More than a file has rows."""


@dataclass(frozen=True, slots=True)
class Query:
    """What to read of each table."""

    columns: tuple[str, ...]
    condition: duckdb.Expression | None
    share: str
    """SQL for A's share of the win where a row is read softly, else NULL."""
    group: str
    """SQL for the name of the row's group."""
    cluster: str = "NULL"
    """SQL for the number of the row's cluster, NULL where it has none; only NULL if clusters were not asked
    for."""

    @property
    def is_clustered(self) -> bool:
        """Whether rows are told apart by their clusters."""
        return self.cluster != "NULL"

    @classmethod
    def of(
        cls, filter: str | None, labels: Labels | None, by: str | None, cluster: str | None = None
    ) -> Query:
        """The query for these wishes.

        Raises:
            UsageError: the filter is no SQL expression, or the cluster no column.
        """
        if cluster is not None and cluster not in COLUMNS:
            raise UsageError(
                f"battles have no column {cluster!r}", key="cluster", hint=nearest(cluster, COLUMNS)
            )
        mentioned = set(re.findall(r"\w+", filter.lower())) if filter else set()
        wanted = {*RATED, *mentioned, *(name for name in (by, cluster) if name)}
        soft = {"hard": "FALSE", "soft": "TRUE"}.get(labels or "", "coalesce(soft, FALSE)")
        return cls(
            columns=tuple(column for column in COLUMNS if column in wanted),
            condition=None if filter is None else _condition(filter),
            share=f"CASE WHEN {soft} AND NOT isnan(pref) THEN pref END",
            group=f"coalesce(\"{by}\", '{NO_GROUP}')" if by else f"'{NO_GROUP}'",
            cluster=_CLUSTER.format(cluster) if cluster else "NULL",
        )


def _condition(filter: str) -> duckdb.Expression:
    try:
        return duckdb.SQLExpression(filter)
    except duckdb.Error as error:
        raise UsageError(
            f"not a condition: {first_line(error)}",
            key="filter",
            hint="an SQL condition over columns, such as: language = 'en' AND winner <> 'tie'",
        ) from None


@contextmanager
def connected(table: Table) -> Iterator[duckdb.DuckDBPyConnection]:
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


class Unreadable(Exception):  # noqa: N818 - never reaches a user
    """DuckDB cannot read the table, or a row of it makes no sense; which one is not known yet."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def first_line(error: duckdb.Error) -> str:
    """What DuckDB says, without its name for the kind of error and without its advice."""
    return str(error).split("\n")[0].partition(": ")[2] or str(error)


class View:
    """One table, filtered."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, table: Table, query: Query) -> None:
        self._connection = connection
        self._query = query
        self._table = table

    def _relation(self) -> duckdb.DuckDBPyRelation:
        try:
            relation = self._connection.sql(self._table.select(self._query.columns))
        except duckdb.Error as error:
            raise Unreadable(first_line(error)) from None
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
            raise Unreadable(first_line(error)) from None

    def shares_prompts(self) -> bool:
        """Whether two of the first rows are battles of the same prompt."""
        if PROMPT not in self._table.header:
            return False
        try:
            first = self._connection.sql(self._table.select((PROMPT,))).limit(FIRST_ROWS)
            found = first.aggregate(f"count({PROMPT}) > count(DISTINCT {PROMPT})").fetchall()
        except duckdb.Error:
            return False  # what is wrong with the table is said when all of it is read
        return bool(found and found[0][0])

    def counts(self, position: int = 0) -> dict[str, Counts]:
        """The counts of each group. Rows without a cluster are each in one of their own, which no other table
        has that is read for another `position`.
        """
        cells = self._cells()
        if self._query.is_clustered:
            cells = _each_alone(cells, position)
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
                cluster=cells["cluster"][here] if self._query.is_clustered else None,
            )
        return found

    def _cells(self) -> dict[str, Any]:
        """Unique rows and how often each occurred, looked through for faults."""
        query = self._query
        cells = self._fetch(
            self._relation().aggregate(
                f"model_a, model_b, winner, {query.share} AS share, coalesce(weight, 1.0) AS mass, "
                f"{query.group} AS grouped, {query.cluster} AS cluster, count(*) AS n",
                f"model_a, model_b, winner, {query.share}, coalesce(weight, 1.0), {query.group}, "
                f"{query.cluster}",
            )
        )
        if not cells["n"].size and self._should_hold_rows():
            raise Unreadable("the file holds no battles")
        cells["share"] = np.ma.filled(cells["share"], np.nan)
        for name in ("model_a", "model_b", "winner"):
            values = np.array(cells[name].tolist(), dtype=object)
            self._look_through(name, values)
            cells[name] = values
        try:
            for word in set(cells["winner"].tolist()):
                outcome_of(word)
        except DataError as error:
            raise Unreadable(error.message) from None
        mass, share = cells["mass"], cells["share"]
        low, high = WEIGHTS
        if not np.all((mass == 0) | ((mass >= low) & (mass <= high))) or np.any((share < 0) | (share > 1)):
            raise Unreadable("a weight below 0 or out of all proportion, or a pref outside 0 to 1")
        return cells

    def _should_hold_rows(self) -> bool:
        """A JSONL file with something in it has rows, of which DuckDB makes none where it is NUL bytes."""
        table = self._table
        unfiltered = self._query.condition is None
        return (
            unfiltered and table.kind == "jsonl" and table.path is not None and table.path.stat().st_size > 0
        )

    def _look_through(self, name: str, values: Any) -> None:
        """JSON's lists and objects come as text, which only a second look tells from such a text."""
        odd = ("[", "{") if self._table.kind == "jsonl" else ()
        if any(value is None or value == "" or value.startswith(odd) for value in set(values.tolist())):
            raise Unreadable(f"a row's {name} is missing, empty or not a text")

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


def _each_alone(cells: dict[str, Any], position: int) -> dict[str, Any]:
    """The same with every row that has no cluster as a cell of its own, in an order that only depends on
    what they say: else the same seed would not draw the same.
    """
    is_lone = np.ma.getmaskarray(cells["cluster"])
    number = np.ma.filled(cells["cluster"], 0).astype(np.uint64).view(np.int64)
    lone, rest = np.flatnonzero(is_lone), np.flatnonzero(~is_lone)
    told = [cells[name][lone].tolist() for name in ("grouped", "model_a", "model_b", "winner", "mass")]
    keys = list(zip(*told, np.nan_to_num(cells["share"][lone], nan=-1.0).tolist(), strict=True))
    ordered = lone[sorted(range(lone.size), key=keys.__getitem__)]
    each = np.repeat(ordered, cells["n"][ordered])
    parted = {name: np.concatenate([column[rest], column[each]]) for name, column in cells.items()}
    parted["n"] = np.concatenate([cells["n"][rest], np.ones(each.size, dtype=np.int64)])
    parted["cluster"] = np.concatenate([number[rest], position * _LONE_ROWS + np.arange(each.size)])
    return parted


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
    return UsageError(f"not a condition: {first_line(error)}", key="filter")
