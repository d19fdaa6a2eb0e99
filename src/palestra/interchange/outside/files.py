"""Rows of outside files, read so that a damaged one does not hide those after it."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import os
import shutil
import sys
import tempfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal, cast

from palestra.errors import DataError
from palestra.interchange.json_text import CONTAINERS, decode_json
from palestra.interchange.outside.json_stream import Broken, JsonStream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import ExitStack

Kind = Literal["jsonl", "json", "csv", "tsv", "parquet"]
_KINDS: dict[str, Kind] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
}
_LARGEST_CELL = 2**31 - 1
_CONTROLS = bytes(sorted({*range(32), 127} - set(b"\t\n\v\f\r\x1b")))
_MOST_CONTROLS = 0.02
"""The share of control characters from which on something is no text; in random bytes they are a tenth."""
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class Row:
    """One row, or why there is none."""

    line: int
    """The 1-based line it begins on; in Parquet the 1-based row."""
    data: dict[str, Any] | None
    """By column. An empty cell of a CSV is None."""
    problem: str | None = None
    element: int | None = None
    """Which element of a JSON list it is, from 1, where several share its line."""


@dataclass(frozen=True, slots=True)
class Source:
    """An input file."""

    name: str
    """For messages."""
    path: Path
    kind: Kind

    @property
    def counts(self) -> str:
        """What the numbers of its rows count."""
        return "row" if self.kind == "parquet" else "line"


def open_source(path: str | os.PathLike[str], stack: ExitStack) -> Source:
    """The file, and what kind it is by its name, else by how it begins. `-` is standard input; this and other
    things that can be read only once are copied, and the copy lives as long as `stack`.

    Raises:
        DataError: it is missing, a folder, unreadable, empty, in UTF-16, or neither text nor Parquet.
    """
    place = Path(path)
    name = os.fspath(path)
    try:
        if place.is_dir():
            raise DataError("a folder, not a file", path=name, hint="name the files in it")
        if name == "-":
            name, place = "standard input", _copied(sys.stdin.buffer, "input", stack)
        elif place.exists() and not place.is_file():
            with place.open("rb") as stream:
                place = _copied(stream, place.name, stack)
        with _unpacked(place) as file:
            start = file.read(4096)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(f"cannot be read: {reason}", path=name) from None
    if start.startswith(_UTF16):
        raise DataError("not UTF-8 but UTF-16", path=name, hint="save the file as UTF-8")
    if not start.removeprefix(codecs.BOM_UTF8).strip():
        raise DataError("the file is empty", path=name)
    kind = _kind(place, start)
    if kind != "parquet" and len(start) - len(start.translate(None, _CONTROLS)) > _MOST_CONTROLS * len(start):
        raise _no_text(name)
    return Source(name, place, kind)


def _no_text(name: str) -> DataError:
    hint = "expected JSONL, JSON, CSV or TSV in UTF-8, plain or gzipped with a name in .gz, or Parquet"
    return DataError("the file is no text", path=name, hint=hint)


def _copied(stream: IO[bytes], name: str, stack: ExitStack) -> Path:
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="palestra-"))
    copy = Path(folder, name)
    with copy.open("wb") as file:
        shutil.copyfileobj(stream, file, 1 << 20)
    return copy


def _kind(path: Path, start: bytes) -> Kind:
    if start.startswith(b"PAR1"):
        return "parquet"
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:] if suffix.lower() != ".gz"]
    if suffixes and suffixes[-1] in _KINDS:
        return _KINDS[suffixes[-1]]
    first = start.removeprefix(codecs.BOM_UTF8).lstrip()[:1]
    return "json" if first in (b"{", b"[") else "csv"


def read(source: Source) -> Iterator[Row]:
    """The rows as they are asked for.

    Raises:
        DataError: the file as a whole is damaged: no Parquet, cut-off gzip, a CSV header that names a column
            twice or is not UTF-8.
    """
    try:
        if source.kind == "parquet":
            yield from _parquet_rows(source)
            return
        with _unpacked(source.path) as file:
            yield from _READERS[source.kind](file, source)
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise DataError(f"the gzip data is damaged or cut off: {error}", path=source.name) from None
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror or error}", path=source.name) from None


def _unpacked(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb"))


def _parquet_rows(source: Source) -> Iterator[Row]:
    from palestra.interchange.parquet_rows import rows_of_parquet

    try:
        for number, data in enumerate(rows_of_parquet(source.path), 1):
            yield Row(number, data)
    except DataError as error:
        raise DataError(error.message, path=source.name) from None


def _jsonl_rows(file: IO[bytes], _: Source) -> Iterator[Row]:
    for number, raw in enumerate(file, 1):
        line = raw.removeprefix(codecs.BOM_UTF8) if number == 1 else raw
        if not line.strip():
            continue
        try:
            yield _row(number, decode_json(line.decode()))
        except UnicodeDecodeError as error:
            yield Row(number, None, f"not UTF-8: byte 0x{line[error.start]:02x}")
        except ValueError as error:
            yield Row(number, None, f"bad JSON: {error}")


def _json_rows(file: IO[bytes], _: Source) -> Iterator[Row]:
    with _as_text(file) as text:
        stream = JsonStream(text.read)
        for line, value in stream:
            members = _members(value)
            if members is None:
                yield _row(line, value, stream.element)
            else:
                yield from (_row(line, member, place) for place, member in enumerate(members, 1))


def _members(value: Any) -> list[Any] | None:
    """The rows in an object that holds them under one of `CONTAINERS`."""
    if not isinstance(value, dict):
        return None
    for key in CONTAINERS:
        rows = value.get(key)
        if isinstance(rows, list) and rows and all(isinstance(row, dict) for row in rows):
            return rows
    return None


def _row(line: int, value: Any, element: int | None = None) -> Row:
    if isinstance(value, dict):
        return Row(line, value, element=element)
    if isinstance(value, Broken):
        return Row(line, None, f"bad JSON: {value.reason}", element)
    return Row(line, None, "expected an object", element)


def _csv_rows(file: IO[bytes], source: Source) -> Iterator[Row]:
    csv.field_size_limit(_LARGEST_CELL)
    with _as_text(file, newline="") as text:
        reader = csv.reader(text, delimiter="\t" if source.kind == "tsv" else ",", strict=True)
        header: list[str] | None = None
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader, None)
            except csv.Error as error:
                if header is None:
                    raise DataError(f"bad CSV: {error}", path=source.name, line=line) from None
                yield Row(line, None, f"bad CSV: {error}")
                continue
            if cells is None:
                return
            if header is None and cells:
                header = _header(cells, source, line)
            elif cells and header is not None:
                yield _cells(line, header, cells)


def _cells(line: int, header: list[str], cells: list[str]) -> Row:
    if len(cells) != len(header):
        return Row(line, None, f"{len(cells)} cells, but the header names {len(header)} columns")
    data = {name: cell or None for name, cell in zip(header, cells, strict=True) if name}
    if any(_undecoded(cell) for cell in cells):
        return Row(line, None, "not UTF-8")
    return Row(line, data)


def _undecoded(text: str) -> bool:
    return not text.isascii() and any("\udc80" <= sign <= "\udcff" for sign in text)


def _header(cells: list[str], source: Source, line: int) -> list[str]:
    if any(_undecoded(cell) for cell in cells):
        raise DataError("the header is not UTF-8", path=source.name, line=line, hint="save the file as UTF-8")
    names = [cell.strip() for cell in cells]
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise DataError(f"the header names column {twice[0]!r} twice", path=source.name, line=line)
    return names


@contextmanager
def _as_text(file: IO[bytes], newline: str | None = None) -> Iterator[io.TextIOWrapper]:
    """The text; bytes that are not UTF-8 are kept as half surrogates, so that their rows can be told."""
    told = io.TextIOWrapper(
        cast("Any", file), encoding="utf-8-sig", errors="surrogateescape", newline=newline
    )
    try:
        yield told
    finally:
        told.detach()  # whoever opened the file closes it


_READERS: dict[Kind, Callable[[IO[bytes], Source], Iterator[Row]]] = {
    "jsonl": _jsonl_rows,
    "json": _json_rows,
    "csv": _csv_rows,
    "tsv": _csv_rows,
}
