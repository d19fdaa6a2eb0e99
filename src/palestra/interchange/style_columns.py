"""What DuckDB reads of a battle's style, side and cluster."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np

from palestra.errors import DataError
from palestra.interchange.battle_query import Unreadable, first_line
from palestra.interchange.rows import read_rows
from palestra.ranking.style import FEATURES, style_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from palestra.interchange.battle_query import View
    from palestra.interchange.battle_tables import Table
    from palestra.ranking.arrays import Bools, Floats, Ints
    from palestra.ranking.counts import Rows

FIELDS = tuple(f"{feature}_{side}" for side in "ab" for feature in FEATURES)
"""Of `style`, first A's, then B's."""
TEXTS = ("response_a", "response_b")
_AT_ONCE = 2048
"""Rows whose texts are in memory at once."""


@dataclass(frozen=True, slots=True, eq=False)
class StyleCounts:
    """What was counted in the answers of n battles."""

    a: Floats
    """(n, 4), as in `FEATURES`."""
    b: Floats
    counted: Bools
    """Where the counts were made here, from the answers, (n,)."""


def read_style(view: View, rows: Rows) -> StyleCounts:
    """The row's own `style` or, where that lacks a count, what the answers' texts give.

    A model against itself and rows of weight 0 need neither; they have zeros.

    Raises:
        DataError: a row with neither, or with a count that is below 0 or not finite.
    """
    source = _Source.of(view)
    named = ", ".join(f"{sql} AS {name}" for name, sql in zip(FIELDS, source.fields, strict=True))
    found = view._fetch(source.relation.project(named))
    counts = np.stack([_filled(found[name]) for name in FIELDS], axis=1)
    counts[(rows.a == rows.b) | (rows.weight == 0)] = 0.0
    wrong = np.flatnonzero((counts < 0).any(axis=1) | np.isinf(counts).any(axis=1))
    if wrong.size:
        raise _fault(view, int(wrong[0]), "a count below 0, or not finite", "style")
    counted = np.asarray(np.isnan(counts).any(axis=1))
    if counted.any():
        _count_texts(view, source, counts, counted)
    return StyleCounts(counts[:, :4], counts[:, 4:], counted)


def read_side(view: View) -> Floats:
    """1 where model A was shown first, -1 where B was, 0 where two orders were combined, (n,).

    Raises:
        DataError: an unknown word in `order`.
    """
    known = "CASE WHEN word IN ('', 'ab') THEN 1 WHEN word = 'ba' THEN -1 WHEN word = 'both' THEN 0 END"
    sql = known.replace("word", "coalesce(\"order\", '')")
    side = _filled(fetch(view, f"({sql})::DOUBLE AS side")["side"])
    wrong = np.flatnonzero(np.isnan(side))
    if wrong.size:
        raise _fault(view, int(wrong[0]), "unknown order; known: ab, ba, both", "order")
    return side


def read_cluster(view: View, column: str) -> Ints:
    """A number, of 0 or more, for each value of the column, the same in every file; -1 without one, (n,)."""
    found = fetch(view, f'(hash("{column}") >> 1)::BIGINT AS number, ("{column}" IS NULL) AS alone')
    return np.where(found["alone"], -1, found["number"])


def fetch(view: View, expressions: str) -> dict[str, Any]:
    """Columns of the rows that the filter keeps, in their order."""
    return view._fetch(view._relation().project(expressions))


def _filled(column: Any) -> Floats:
    return np.asarray(np.ma.filled(column, np.nan), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class _Source:
    """The rows that the filter keeps, with SQL for each of `FIELDS`; NULL where a row has no such number."""

    relation: duckdb.DuckDBPyRelation
    fields: tuple[str, ...]

    @classmethod
    def of(cls, view: View) -> _Source:
        """A struct's fields are read as they are, which is six times faster than by way of JSON text."""
        there = _struct(view)
        if there is None:
            paths = "[" + ", ".join(f"'$.{name}'" for name in FIELDS) + "]"
            inside = f"json_extract_string(style, {paths})"
            numbers = range(1, len(FIELDS) + 1)
            return cls(view._relation(), tuple(f"TRY_CAST({inside}[{n}] AS DOUBLE)" for n in numbers))
        table, condition = view._table, view._query.condition
        columns = [table._column(name) for name in view._query.columns if name != "style"]
        relation = view._connection.sql(f'SELECT {", ".join(columns)}, "style" FROM {table._source()}')
        fields = (f'TRY_CAST("style"."{n}" AS DOUBLE)' if n in there else "NULL::DOUBLE" for n in FIELDS)
        return cls(relation if condition is None else relation.filter(condition), tuple(fields))


def _struct(view: View) -> set[str] | None:
    """The fields of `style` where the table holds it as a struct, and no filter reads it as JSON."""
    table, condition = view._table, view._query.condition
    if table.kind not in ("parquet", "memory") or "style" not in table.header or "style" in str(condition):
        return None
    try:
        kind = view._connection.sql(f'SELECT "style" FROM {table._source()} LIMIT 0').types[0]
    except duckdb.Error as error:
        raise Unreadable(first_line(error)) from None
    return {name for name, _ in kind.children} if kind.id == "struct" else None


def _count_texts(view: View, source: _Source, counts: Floats, counted: Bools) -> None:
    whole = " AND ".join(f"{field} IS NOT NULL" for field in source.fields)
    shown = ", ".join(f"CASE WHEN NOT ({whole}) THEN {name} END AS {name}" for name in TEXTS)
    for number, texts in enumerate(_stream(source.relation.project(shown))):
        if not counted[number]:
            continue
        missing = [name for name, text in zip(TEXTS, texts, strict=True) if text is None]
        if missing:
            lacking = [name for name, value in zip(FIELDS, counts[number], strict=True) if np.isnan(value)]
            what = f"`style` has no {', '.join(lacking)}, and there is no {' or '.join(missing)} to count in"
            raise _fault(view, number, what, "style")
        styles = [style_of(_said(text)) for text in texts]
        counts[number] = [style[feature] for style in styles for feature in FEATURES]


def _stream(found: duckdb.DuckDBPyRelation) -> Iterator[tuple[Any, ...]]:
    try:
        yield from found.iter_rows(_AT_ONCE)
    except duckdb.Error as error:
        raise Unreadable(first_line(error)) from None


def _said(text: str) -> str:
    """An answer's text: of a conversation, what the model said in all its turns."""
    if not text.startswith("[{"):
        return text
    try:
        messages = json.loads(text)
        return "\n".join(message["content"] for message in messages if message["role"] == "assistant")
    except (ValueError, TypeError, KeyError):
        return text


def _fault(view: View, number: int, what: str, key: str) -> DataError:
    """An error at the row of this number, from 0, among those that the filter keeps."""
    table, filtered = view._table, view._query.condition is not None
    hint = "rate without style, or give `style` or both answers" if key == "style" else None
    if filtered:
        return DataError(
            f"{what} (battle {number + 1} of those that the filter keeps)", path=table.name, key=key
        )
    line = _line(table, number)
    if line is None:
        return DataError(what, path=f"{table.name}, battle {number + 1}", key=key, hint=hint)
    return DataError(what, path=table.name, line=line, key=key, hint=hint)


def _line(table: Table, number: int) -> int | None:
    if table.path is None or table.kind == "parquet":
        return None
    row = next(islice(read_rows(table.path), number, None), None)
    return None if row is None else row.line
