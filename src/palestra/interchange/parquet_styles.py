"""A plain Parquet file of battles with their style, read by its codes and numbers: no row is ever made.

Plain: as in `parquet_counts`, and `style` is a struct with a number in every row for every count. Whatever
else a file may hold or have wrong with it is left to the reader for all files, which is slower and says
where a fault is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from palestra.errors import DataError
from palestra.interchange.battle_columns import REQUIRED
from palestra.interchange.parquet_counts import codes_of, is_plain, opened, outcomes_of, row_groups
from palestra.ranking.counts import SHARES, Rows
from palestra.ranking.style import FEATURES, differences

if TYPE_CHECKING:
    import os

    from palestra.ranking.arrays import Floats, Ints
    from palestra.ranking.style import StyleKind

_FIELDS = tuple(f"{feature}_{side}" for side in "ab" for feature in FEATURES)
"""Of `style`, first A's, then B's."""
_AT_ONCE = 32_768
"""Rows whose counts are held at once."""


class PlainStyles(NamedTuple):
    """A plain file, read; n rows."""

    rows: Rows
    differences: Floats
    """As `style.differences`, (n, F), column by column in memory."""


def read_parquet_styles(path: str | os.PathLike[str], kind: StyleKind) -> PlainStyles | None:
    """A plain Parquet file with styles; None if it is not one, or pyarrow is not installed."""
    try:
        import pyarrow as pa
    except ModuleNotFoundError:
        return None
    try:
        with opened(path) as file:
            if file.metadata.num_rows == 0 or not _has_styles(file) or not is_plain(file):
                return None
            reading = _Reading(file.metadata.num_rows, kind)
            for group in row_groups(path, file, [*REQUIRED, *(f"style.{field}" for field in _FIELDS)]):
                if not reading.add(group):
                    return None
            return reading.done()
    except (pa.ArrowException, OSError, DataError, KeyError):  # KeyError: a column is not there
        return None


def _has_styles(file: Any) -> bool:
    from pyarrow import types

    schema = file.schema_arrow
    if schema.names.count("style") != 1 or not types.is_struct(schema.field("style").type):
        return False
    kinds = [field.type for field in schema.field("style").type if field.name in _FIELDS]
    return len(kinds) == len(_FIELDS) and all(
        types.is_integer(kind) or types.is_float32(kind) or types.is_float64(kind) for kind in kinds
    )


class _Reading:
    """What was read of n rows so far."""

    def __init__(self, n: int, kind: StyleKind) -> None:
        self._kind = kind
        self._models: dict[str, int] = {}
        self._ends = np.empty((2, n), dtype=np.int64)
        self._outcome = np.empty(n, dtype=np.int64)
        self._found = np.empty((len(FEATURES), n))
        self._at = 0

    def add(self, group: Any) -> bool:
        """Read a row group; False if a value is missing or makes no sense."""
        rows = slice(self._at, self._at + len(group))
        self._at = rows.stop
        if not len(group):
            return True
        a, b, winner = (codes_of(group.column(name)) for name in REQUIRED)
        if a is None or b is None or winner is None:
            return False
        self._ends[0, rows] = self._places(a.words)[a.codes]
        self._ends[1, rows] = self._places(b.words)[b.codes]
        self._outcome[rows] = outcomes_of(winner.words)[winner.codes]
        at = rows.start
        for chunk in group.column("style").chunks:
            if not self._compare(chunk, at):
                return False
            at += len(chunk)
        return True

    def _compare(self, chunk: Any, at: int) -> bool:
        """Compare the styles of rows from number `at` on."""
        fields = [chunk.field(field) for field in _FIELDS]
        if chunk.null_count or any(field.null_count for field in fields):
            return False
        columns = [_values(field) for field in fields]
        for first in range(0, len(chunk), _AT_ONCE):
            counts = np.array([column[first : first + _AT_ONCE] for column in columns], dtype=np.float64)
            if not 0 <= counts.min() <= counts.max() < np.inf:
                return False
            here = slice(at + first, at + first + counts.shape[1])
            counts[:, self._ends[0, here] == self._ends[1, here]] = 0.0
            of_a, of_b = counts[: len(FEATURES)], counts[len(FEATURES) :]
            self._found[:, here] = differences(of_a.T, of_b.T, self._kind).T
        return True

    def _places(self, words: list[str]) -> Ints:
        """Each model's number, in the order of their first mention."""
        found = [self._models.setdefault(name, len(self._models)) for name in words]
        return np.array(found, dtype=np.int64)

    def done(self) -> PlainStyles | None:
        """Everything; models that only the dictionaries name are left out."""
        n = self._outcome.size
        used = np.bincount(self._ends.ravel(), minlength=len(self._models)) > 0
        names = sorted(name for name, number in self._models.items() if used[number])
        if names[:1] == [""]:
            return None
        position = np.zeros(len(self._models), dtype=np.int64)
        position[[self._models[name] for name in names]] = np.arange(len(names))
        a, b = position[self._ends]
        weight, times = np.ones(n), np.ones(n, dtype=np.int64)
        rows = Rows(tuple(names), a, b, self._outcome, SHARES[self._outcome], weight, times)
        return PlainStyles(rows, self._found.T)


def _values(field: Any) -> Any:
    """The numbers as they lie in memory, (rows,)."""
    values = np.frombuffer(field.buffers()[1], dtype=field.type.to_pandas_dtype())
    return values[field.offset : field.offset + len(field)]


def joined(parts: list[PlainStyles]) -> PlainStyles:
    """The rows of all files, one after the other."""
    if len(parts) == 1:
        return parts[0]
    columns = np.concatenate([part.differences.T for part in parts], axis=1)
    return PlainStyles(Rows.concat([part.rows for part in parts]), columns.T)
