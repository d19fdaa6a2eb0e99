"""Rows out of JSONL, JSON, CSV and Parquet files, each with the line it stands on.

Whatever is wrong with a file is a `DataError` that names the file and, where there is one, the line.
Text stays text: a CSV cell "null" or "NaN" is that word. JSON's and Parquet's NaN is a missing value.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, cast

from palestra.errors import DataError
from palestra.interchange.json_text import decode_json, rows_of_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_LARGEST_CELL = 2**31 - 1
"""Characters in one CSV cell; the csv module's own limit of 128 KiB is shorter than a long answer."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file."""

    line: int
    """The 1-based line it begins on; in Parquet, which has no lines, the 1-based row."""
    data: dict[str, Any]
    """By column. CSV: every value a string. Else JSON data: str, int, float, bool, None, lists, dicts."""


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of a `.jsonl`, `.ndjson`, `.json`, `.csv`, `.tsv` (also with `.gz`) or `.parquet` file.

    Rows are read as they are asked for, except in `.json`, which is read whole: a list of objects, an
    object with such a list under `data` or `rows`, or objects one after another.

    Raises:
        DataError: the file is missing, a folder, not readable, of no known kind, not UTF-8, damaged, or
            holds no row; or a row is not an object, or has more or fewer cells than its header.
    """
    check_file(path)
    reader = _READERS.get(_kind(path))
    if reader is None:
        raise DataError(
            f"{path.suffix or 'a file without an ending'} is no kind of file that Palestra reads",
            path=path,
            hint=f"known: {', '.join(sorted(_READERS))}, and .gz of the text ones",
        )
    return _with_errors(path, reader)


def is_row_file(path: Path) -> bool:
    """Whether `read_rows` knows the file's ending."""
    return _kind(path) in _READERS


def check_file(path: Path) -> None:
    """Make sure that there is a file.

    Raises:
        DataError: it is missing, a folder, or may not be looked at.
    """
    try:
        if path.is_file():
            return
        found = "a folder, not a file" if path.is_dir() else "not a plain file"
        problem = found if path.exists() else "no such file"
    except (OSError, ValueError) as error:
        problem = _words(error)
    raise DataError(problem, path=path)


def _kind(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes[-1:] == [".gz"]:
        kind = suffixes[-2] if len(suffixes) > 1 else ""
        return kind if kind != ".parquet" else ".parquet.gz"
    return suffixes[-1] if suffixes else ""


def _with_errors(path: Path, reader: Callable[[Path], Iterator[Row]]) -> Iterator[Row]:
    empty = True
    try:
        for row in reader(path):
            empty = False
            yield row
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise DataError(f"the gzip data is damaged or cut off: {error}", path=path) from error
    except OSError as error:
        raise DataError(_words(error), path=path) from error
    if empty:
        raise DataError("the file holds no rows", path=path)


def _words(error: OSError | ValueError) -> str:
    if isinstance(error, PermissionError):
        return "no permission to read it"
    return f"cannot be read: {getattr(error, 'strerror', None) or error}"


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
        yield cast("IO[bytes]", file)


def _text_lines(path: Path) -> Iterator[str]:
    """The lines with their line ends, decoded one at a time so that a bad byte's line is known."""
    with _opened(path) as file:
        for number, raw in enumerate(file, 1):
            try:
                yield raw.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                utf16 = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
                raise DataError(
                    f"not UTF-8: byte 0x{raw[error.start]:02x} at column {error.start + 1}",
                    path=path,
                    line=number,
                    hint=f"{'it looks like UTF-16; ' if utf16 else ''}save the file as UTF-8",
                ) from error


def _jsonl_rows(path: Path) -> Iterator[Row]:
    for number, text in enumerate(_text_lines(path), 1):
        if text.isspace():
            continue
        try:
            value = decode_json(text)
        except ValueError as error:
            raise DataError(f"bad JSON: {error}", path=path, line=number) from error
        yield Row(number, _object(value, path, number))


def _json_rows(path: Path) -> Iterator[Row]:
    text = "".join(_text_lines(path))
    for line, value in rows_of_json(text, path):
        yield Row(line, _object(value, path, line))


def _object(value: Any, path: Path, line: int) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    kind = {list: "a list", str: "a text", bool: "a truth value", type(None): "null"}.get(
        type(value), "a number"
    )
    raise DataError(
        f"expected an object, found {kind}", path=path, line=line, hint='a row looks like {"prompt": "…"}'
    )


def _csv_rows(path: Path) -> Iterator[Row]:
    delimiter = "\t" if _kind(path) == ".tsv" else ","
    csv.field_size_limit(_LARGEST_CELL)
    reader = csv.reader(_text_lines(path), delimiter=delimiter, strict=True)
    header: list[str] | None = None
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise DataError(f"bad CSV: {error}", path=path, line=line) from error
        if cells is None:
            return
        if not cells:
            continue
        if header is None:
            header = _header(cells, path, line)
            continue
        if len(cells) != len(header):
            raise DataError(
                f"{len(cells)} cells, but the header names {len(header)} columns", path=path, line=line
            )
        yield Row(line, {name: cell for name, cell in zip(header, cells, strict=True) if name})


def _header(cells: list[str], path: Path, line: int) -> list[str]:
    names = [cell.strip() for cell in cells]
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise DataError(f"the header names column {twice[0]!r} twice", path=path, line=line)
    return names


def _parquet_rows(path: Path) -> Iterator[Row]:
    from palestra.interchange.parquet_rows import rows_of_parquet

    path.open("rb").close()  # what hinders is then said in our words, not in DuckDB's
    for number, data in enumerate(rows_of_parquet(path), 1):
        yield Row(number, data)


_READERS: dict[str, Callable[[Path], Iterator[Row]]] = {
    ".jsonl": _jsonl_rows,
    ".ndjson": _jsonl_rows,
    ".json": _json_rows,
    ".csv": _csv_rows,
    ".tsv": _csv_rows,
    ".parquet": _parquet_rows,
}
