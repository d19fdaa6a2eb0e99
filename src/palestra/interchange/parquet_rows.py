"""Rows of a Parquet file as JSON data, through DuckDB."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from palestra.errors import DataError
from palestra.interchange.json_text import decode_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from duckdb import DuckDBPyConnection

_BATCH = 256
_AS_IT_IS = re.compile(r"VARCHAR|BOOLEAN|U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|BLOB")
_NESTED = re.compile(r".*\]|(STRUCT|MAP|UNION)\b.*", re.DOTALL)
_OFFLINE: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "threads": "1",
}


def rows_of_parquet(path: Path) -> Iterator[dict[str, Any]]:
    """The rows, by column, read as they are asked for.

    Decimals become floats, dates and times their ISO text (UTC), NaN None, binary columns text where
    they are UTF-8 and bytes where they are not.

    Raises:
        DataError: the file is damaged, cut off, or no Parquet file.
    """
    import duckdb

    connection = duckdb.connect(":memory:", config=_OFFLINE)
    row = 0
    try:
        connection.execute("SET TimeZone = 'UTC'")
        names, readers = _select(connection, path)
        while batch := connection.fetchmany(_BATCH):
            for cells in batch:
                row += 1
                yield {
                    name: None if cell is None else reader(cell)
                    for name, reader, cell in zip(names, readers, cells, strict=True)
                }
    except (duckdb.Error, ValueError) as error:
        words = str(error).strip().splitlines()[0]
        after = f" after row {row}" if row else ""
        raise DataError(f"not readable as Parquet{after}: {words}", path=path) from error
    finally:
        connection.close()


def _select(connection: DuckDBPyConnection, path: Path) -> tuple[list[str], list[Callable[[Any], Any]]]:
    """Start the query; the columns' names and what makes JSON data of their values."""
    pattern = re.sub(r"[\[*?]", r"[\g<0>]", str(path))
    source = "read_parquet(?, hive_partitioning = false)"
    described = connection.execute(f"DESCRIBE SELECT * FROM {source}", [pattern]).fetchall()
    columns = [(str(name), str(kind)) for name, kind, *_ in described]
    wanted = ", ".join(_expression(name, kind) for name, kind in columns)
    connection.execute(f"SELECT {wanted} FROM {source}", [pattern])
    return [name for name, _ in columns], [_reader(kind) for _, kind in columns]


def _expression(name: str, kind: str) -> str:
    quoted = '"' + name.replace('"', '""') + '"'
    if _NESTED.fullmatch(kind):
        return f"to_json({quoted})"
    if kind.startswith("DECIMAL"):
        return f"CAST({quoted} AS DOUBLE)"
    return quoted if _AS_IT_IS.fullmatch(kind) else f"CAST({quoted} AS VARCHAR)"


def _reader(kind: str) -> Callable[[Any], Any]:
    if _NESTED.fullmatch(kind):
        return decode_json
    if kind in ("FLOAT", "DOUBLE") or kind.startswith("DECIMAL"):
        return _finite
    return _text if kind == "BLOB" else _same


def _same(value: Any) -> Any:
    return value


def _finite(value: float) -> float | None:
    return None if math.isnan(value) else value


def _text(value: bytes) -> str | bytes:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value
