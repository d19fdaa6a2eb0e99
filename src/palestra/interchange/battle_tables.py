"""Battles as tables that DuckDB can read: files, standard input, run folders, and data in memory."""

from __future__ import annotations

import csv
import gzip
import os
import shutil
import sys
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal, cast

from palestra.errors import DataError, UsageError, nearest
from palestra.interchange.battle_columns import COLUMNS, REQUIRED

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from contextlib import ExitStack

Kind = Literal["jsonl", "json", "csv", "parquet", "memory"]
_KINDS: dict[str, Kind] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
}
_LONGEST_CSV_LINE = 32 * 1024 * 1024
"""Bytes; DuckDB's own limit of 2 MB is shorter than two long answers."""


@dataclass(frozen=True, slots=True)
class Table:
    """One file, or one thing in memory."""

    kind: Kind
    name: str
    """For messages."""
    path: Path | None
    """Where DuckDB finds it, which need not be where the user has it; None in memory."""
    header: tuple[str, ...]
    """Its columns; for JSON, where each row has its own, all that battles can have."""
    data: Any = None
    """In memory: what DuckDB is given, under the name `battles_in_memory`."""

    def select(self, columns: Collection[str]) -> str:
        """SQL for these columns, each with its type; NULL for those that are not there."""
        if self.kind == "jsonl":
            shape = ", ".join(f"{_text(name)}: {_text(COLUMNS[name])}" for name in columns)
            return (
                f"SELECT {', '.join(map(_quoted, columns))} FROM read_json({_text(str(self.path))}, "
                f"format='newline_delimited', columns={{{shape}}})"
            )
        return f"SELECT {', '.join(map(self._column, columns))} FROM {self._source()}"

    def _source(self) -> str:
        place = _text(str(self.path))
        if self.kind == "parquet":
            return f"read_parquet({place})"
        if self.kind == "csv":
            shape = ", ".join(f"'c{number}': 'VARCHAR'" for number in range(len(self.header)))
            return (
                f"read_csv({place}, auto_detect=false, header=true, delim='{_delimiter(self.path)}', "
                f"quote='\"', escape='\"', columns={{{shape}}}, nullstr=['\x01'], "
                f"max_line_size={_LONGEST_CSV_LINE})"
            )
        return "battles_in_memory"

    def _column(self, name: str) -> str:
        kind = COLUMNS[name]
        if name not in self.header:
            return f"NULL::{kind} AS {_quoted(name)}"
        if self.kind != "csv":
            return f"{_quoted(name)}::{kind} AS {_quoted(name)}"
        value = f"c{self.header.index(name)}"
        if name not in REQUIRED:
            value = f"nullif({value}, '')"
        if kind == "VARCHAR[]":
            return f"from_json({value}, '[\"VARCHAR\"]') AS {_quoted(name)}"
        return f"{value}::{kind} AS {_quoted(name)}"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _delimiter(path: Path | None) -> str:
    return "\t" if path is not None and ".tsv" in path.suffixes[-2:] else ","


def file_table(path: str | os.PathLike[str], stack: ExitStack) -> Table:
    """A file, a run folder's battles, or standard input (`-`), ready to be read more than once.

    What can be read only once is copied; the copy lives as long as `stack`.

    Raises:
        DataError: it is not there, cannot be opened, is empty or lacks a required column.
    """
    name = os.fspath(path)
    if name == "-":
        return _opened(_spool(sys.stdin.buffer, stack), "standard input", stack)
    place = Path(name)
    try:
        of_run = place.is_dir()
        if of_run:
            place = place / "battles.jsonl"
            if not place.is_file():
                raise DataError(
                    "a folder without battles.jsonl", path=name, hint="give files or a run folder"
                )
        with place.open("rb") as file:
            if not place.is_file():
                return _opened(_spool(file, stack), name, stack)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(f"cannot be opened: {reason}", path=name) from None
    if of_run and place.stat().st_size == 0:  # a run in which every verdict failed
        return Table("jsonl", os.fspath(place), place.absolute(), tuple(COLUMNS))
    return _opened(place.absolute(), os.fspath(place), stack)


def _spool(source: IO[bytes], stack: ExitStack) -> Path:
    copy = _scratch(stack) / "battles"
    with copy.open("wb") as file:
        shutil.copyfileobj(source, file, 1 << 20)
    return copy


def _scratch(stack: ExitStack) -> Path:
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="palestra-")))


def _opened(path: Path, name: str, stack: ExitStack) -> Table:
    start = _start(path, name)
    if not start.removeprefix(b"\xef\xbb\xbf").strip():
        raise DataError("the file is empty", path=name)
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:] if suffix.lower() != ".gz"]
    suffix = suffixes[-1] if suffixes and suffixes[-1] in _KINDS else _suffix_by_content(start)
    path = _plain(path, suffix, stack)
    kind = _KINDS[suffix]
    if kind == "parquet":
        return Table(kind, name, path, _required(_parquet_columns(path, name), name))
    if kind == "csv":
        return Table(kind, name, path, _required(_csv_header(path, name), name))
    return Table(kind, name, path, tuple(COLUMNS))


def _start(path: Path, name: str) -> bytes:
    try:
        with _unpacked(path) as file:
            return file.read(4096)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"cannot be read: {error}", path=name) from None


def _unpacked(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path)) if path.name.lower().endswith(".gz") else path.open("rb")


def _suffix_by_content(start: bytes) -> str:
    if start.startswith(b"PAR1"):
        return ".parquet"
    first = start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    return {b"{": ".jsonl", b"[": ".json"}.get(first, ".csv")


def _plain(path: Path, suffix: str, stack: ExitStack) -> Path:
    """The same file under a name that says its kind and that DuckDB can read and takes for no pattern."""
    packed = ".gz" if path.name.lower().endswith(".gz") else ""
    told = path.name.endswith(suffix + packed)
    if told and _is_utf8(str(path)) and not set(str(path)) & set("*?[]{}\x01"):
        return path
    link = _scratch(stack) / f"battles{suffix}{packed}"
    link.symlink_to(path)
    return link


def _is_utf8(name: str) -> bool:
    """Whether a file's name is text: on Linux it may be any bytes."""
    return not any("\ud800" <= char <= "\udfff" for char in name)


def _csv_header(path: Path, name: str) -> tuple[str, ...]:
    try:
        with _unpacked(path) as file:
            lines = (raw.decode("utf-8-sig") for raw in file)
            header = [cell.strip() for cell in next(csv.reader(lines, delimiter=_delimiter(path)), [])]
    except UnicodeDecodeError:
        raise DataError("not UTF-8 text", path=name, line=1) from None
    except csv.Error as error:
        raise DataError(f"bad CSV: {error}", path=name, line=1) from None
    twice = sorted({column for column in header if header.count(column) > 1 and column in COLUMNS})
    if twice:
        raise DataError("the header names this column twice", path=name, line=1, key=twice[0])
    return tuple(header)


def _parquet_columns(path: Path, name: str) -> tuple[str, ...]:
    import duckdb

    try:
        with duckdb.connect() as connection:
            return tuple(connection.sql(f"FROM read_parquet({_text(str(path))})").columns)
    except duckdb.Error as error:
        reason = str(error).split("\n")[0].replace(str(path), Path(name).name)
        raise DataError(f"not a sound Parquet file: {reason}", path=name) from None


def _required(header: tuple[str, ...], name: str) -> tuple[str, ...]:
    for column in REQUIRED:
        if column not in header:
            others = [other for other in header if other and other not in REQUIRED]
            hint = nearest(column, others) if others else f"battles need {', '.join(REQUIRED)}"
            raise DataError(f"there is no column {column!r}", path=name, hint=hint)
    return header


def memory_table(data: Any) -> Table:
    """A pandas DataFrame, an Arrow table, or anything else with Arrow's stream interface.

    Raises:
        UsageError: something else.
        DataError: it lacks a required column.
    """
    columns = getattr(data, "column_names", None)
    columns = getattr(data, "columns", None) if columns is None else columns
    if columns is None or not (hasattr(data, "__arrow_c_stream__") or hasattr(data, "iloc")):
        raise UsageError(
            f"cannot read battles from {type(data).__name__}",
            hint="give paths, Battle records, rows as dicts, a pandas DataFrame or an Arrow table",
        )
    return Table("memory", "the table", None, _required(tuple(map(str, columns)), "the table"), data)


def rows_table(rows: Iterable[tuple[int, Any]], name: str, columns: Collection[str], what: str) -> Table:
    """Rows in memory, (number, mapping) each, already looked through by `fault`.

    Raises:
        DataError: a row that cannot be read; `what` (`line` or `record`) says what the numbers count.
    """
    from palestra.interchange.battle_records import columns_of

    return Table("memory", name, None, tuple(columns), columns_of(rows, name, columns, what))
