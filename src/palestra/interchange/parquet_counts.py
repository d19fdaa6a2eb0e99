"""A plain Parquet file of battles, counted by its dictionary codes: the names are never made.

Plain: nothing but model_a, model_b and winner matters to the count. Whatever else a file may hold or
have wrong with it is left to the reader for all files, which is slower and says where a fault is.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from palestra.errors import DataError
from palestra.interchange.battle_columns import FIRST_ROWS, PROMPT, REQUIRED
from palestra.ranking.blas import processors
from palestra.ranking.compiled import kernels
from palestra.ranking.counts import Counts, Outcome, outcome_of

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence

    from palestra.ranking.arrays import Ints

_TABLE = 4_000_000
"""Cells of a table of counts up to which one is made."""
_SECONDS_A_ROW = 5e-9
"""What numpy takes longer to count than a compiled kernel."""
_TELLING = ("weight", "soft")
"""Columns that say whether more than the winner counts."""
_FLOATS = {"float": np.float32, "double": np.float64}
"""Arrow's names of the numbers that may be NaN."""


class PlainCounts(NamedTuple):
    """A plain file, counted."""

    counts: Counts
    shares: bool
    """Whether a look at the first rows found battles of the same prompt."""


def count_parquet(path: str | os.PathLike[str], *, look: bool = False) -> PlainCounts | None:
    """A plain Parquet file, counted; None if it is not one, or pyarrow is not installed.

    `look`: also look whether battles share prompts.
    """
    try:
        import pyarrow as pa
    except ModuleNotFoundError:
        return None
    try:
        with opened(path) as file:
            if not is_plain(file) or file.metadata.num_rows == 0:
                return None
            with ThreadPoolExecutor(1) as beside:
                shares = beside.submit(_shares_prompts, path, file.metadata) if look else None
                tally = _Tally()
                for group in row_groups(path, file, REQUIRED):
                    if not tally.add([group.column(name) for name in REQUIRED]):
                        return None
                return PlainCounts(tally.counts(), shares is not None and shares.result())
    except (pa.ArrowException, OSError, DataError, KeyError):  # KeyError: a column is not there
        return None


def is_plain(file: Any) -> bool:
    """Whether the columns are texts and no row has a weight of its own or is read softly."""
    schema = file.schema_arrow
    if any(schema.names.count(name) != 1 for name in REQUIRED):
        return False
    if any(schema.names.count(name) > 1 for name in _TELLING):
        return False
    if any(not _is_text(schema.field(name).type) for name in REQUIRED):
        return False
    if not (_always(file, "weight", 1) and _always(file, "soft", False)):
        return False
    return not any(_holds_nan(file, name) for name in _TELLING if name in schema.names)


def _shares_prompts(path: str | os.PathLike[str], metadata: Any) -> bool:
    """Whether two of the first rows are of the same prompt, read beside what else is read of the file."""
    with opened(path, metadata) as file:
        if PROMPT not in file.schema_arrow.names:
            return False
        first = next(file.iter_batches(FIRST_ROWS, row_groups=[0], columns=[PROMPT]), None)
        if first is None:
            return False
        told = first.column(0).dictionary_encode()
        return bool(len(told.dictionary) < len(told) - told.null_count)


def _is_text(kind: Any) -> bool:
    from pyarrow import types

    if types.is_dictionary(kind):
        kind = kind.value_type
    return bool(types.is_string(kind) or types.is_large_string(kind))


def _always(file: Any, column: str, value: float) -> bool:
    """Whether the file's statistics say that a column is null or `value` in every row, or not there."""
    metadata = file.metadata
    places = [n for n in range(metadata.num_columns) if metadata.schema.column(n).path == column]
    if not places:
        return column not in file.schema_arrow.names
    for group in range(metadata.num_row_groups):
        chunk = metadata.row_group(group).column(places[0])
        known = chunk.statistics
        if known is None:
            return False
        if known.has_null_count and known.null_count == chunk.num_values:
            continue
        if not known.has_min_max or not known.min == known.max == value:
            return False
    return True


def _holds_nan(file: Any, column: str) -> bool:
    """Whether some value is not a number, which statistics pass over."""
    kind = str(file.schema_arrow.field(column).type)
    if kind not in _FLOATS:
        return kind == "halffloat"
    for group in range(file.num_row_groups):
        for chunk in file.read_row_group(group, columns=[column]).column(0).chunks:
            if not len(chunk):
                continue
            values = np.frombuffer(chunk.buffers()[1], dtype=_FLOATS[kind])
            if np.isnan(values[chunk.offset : chunk.offset + len(chunk)]).any():
                return True
    return False


class Codes(NamedTuple):
    """A column of one row group."""

    codes: Ints
    words: list[str]
    """What each code stands for."""


def row_groups(path: str | os.PathLike[str], file: Any, names: Sequence[str]) -> Iterator[Any]:
    """Tables of these columns, or of fields of them (`style.bold_a`), of one row group after another; each
    processor reads one ahead while one is worked on.
    """
    readers = min(processors(), file.num_row_groups)
    if readers < 2:
        yield from (file.read_row_group(number, list(names)) for number in range(file.num_row_groups))
        return
    with ExitStack() as stack:
        files = [stack.enter_context(opened(path, file.metadata)) for _ in range(readers)]
        ahead = [stack.enter_context(ThreadPoolExecutor(1)) for _ in files]

        def start(number: int) -> Any:
            mine = number % readers
            return ahead[mine].submit(files[mine].read_row_group, number, list(names), use_threads=False)

        waiting = deque(start(number) for number in range(readers))
        for number in range(file.num_row_groups):
            group = waiting.popleft().result()
            if number + readers < file.num_row_groups:
                waiting.append(start(number + readers))
            yield group


def opened(path: str | os.PathLike[str], metadata: Any = None) -> Any:
    """The file, its models and winners to be read as codes; `metadata` if it was read before."""
    from pyarrow import parquet

    return parquet.ParquetFile(path, metadata=metadata, read_dictionary=list(REQUIRED))


def codes_of(column: Any) -> Codes | None:
    """None if a value is missing."""
    if column.null_count:
        return None
    if column.num_chunks > 1:
        column = column.unify_dictionaries()
    chunks = [_chunk_codes(chunk) for chunk in column.chunks]
    codes = chunks[0] if len(chunks) == 1 else np.concatenate(chunks)
    words = column.chunk(0).dictionary.to_pylist()
    return None if None in words else Codes(codes, words)


def _chunk_codes(chunk: Any) -> Ints:
    """The indices as they lie in memory; pyarrow's own way to numpy would import pandas."""
    indices = chunk.indices
    start, stop = indices.offset, indices.offset + len(indices)
    return np.frombuffer(indices.buffers()[1], dtype=np.dtype(str(indices.type)))[start:stop]


class _Tally:
    """Counts by outcome and by names of A and B."""

    def __init__(self) -> None:
        self._models: dict[str, int] = {}
        self._table = np.zeros((int(Outcome.SOFT), 0, 0), dtype=np.int64)

    def add(self, columns: list[Any]) -> bool:
        """Count a row group; False if a value is missing or there are too many names."""
        if not len(columns[0]):
            return True
        a, b, winner = (codes_of(column) for column in columns)
        if a is None or b is None or winner is None:
            return False
        shape = len(winner.words), len(a.words), len(b.words)
        if int(np.prod(shape)) > _TABLE or len({*self._models, *a.words, *b.words}) ** 2 > _TABLE:
            return False
        rows, columns_, outcomes = self._places(a.words), self._places(b.words), outcomes_of(winner.words)
        self._grow()
        found = _counted(winner.codes, a.codes, b.codes, shape)
        from_rows, from_columns = self._origins(rows), self._origins(columns_)
        for outcome, table in zip(outcomes.tolist(), found, strict=True):
            padded = np.zeros((shape[1] + 1, shape[2] + 1), dtype=np.int64)
            padded[:-1, :-1] = table
            self._table[outcome] += padded.take(from_rows, axis=0).take(from_columns, axis=1)
        return True

    def counts(self) -> Counts:
        """Of all row groups."""
        used = np.asarray(self._table.any(axis=(0, 1)) | self._table.any(axis=(0, 2)))
        names = sorted(name for name, index in self._models.items() if used[index])
        order = np.array([self._models[name] for name in names], dtype=np.int64)
        return Counts.from_table(names, self._table[:, order][:, :, order])

    def _places(self, words: list[str]) -> Ints:
        """Where each model stands in the table."""
        found = [self._models.setdefault(name, len(self._models)) for name in words]
        return np.array(found, dtype=np.int64)

    def _origins(self, places: Ints) -> Ints:
        """For each place in the table the position of its model among `places`, or one past the last."""
        origins = np.full(len(self._models), places.size)
        origins[places] = np.arange(places.size)
        return origins

    def _grow(self) -> None:
        """Make room for every model that has a place."""
        size, wanted = self._table.shape[1], len(self._models)
        if size < wanted:
            larger = np.zeros((int(Outcome.SOFT), wanted, wanted), dtype=np.int64)
            larger[:, :size, :size] = self._table
            self._table = larger


def _counted(winner: Ints, a: Ints, b: Ints, shape: tuple[int, int, int]) -> Ints:
    """How often each triple of codes, (rows,) each, occurs, an array of this shape."""
    fast = kernels(a.size * _SECONDS_A_ROW)
    if fast is not None:
        table = np.zeros(int(np.prod(shape)), dtype=np.int64)
        fast.count(winner, a, b, shape, table)
        return table.reshape(shape)
    key = winner * np.int32(shape[1] * shape[2])
    key += a * np.int32(shape[2])
    key += b
    return np.bincount(key, minlength=int(np.prod(shape))).reshape(shape)


def outcomes_of(words: list[str]) -> Ints:
    """The number of each winner.

    Raises:
        DataError: one of them is none.
    """
    return np.array([int(outcome_of(word)) for word in words], dtype=np.int64)
