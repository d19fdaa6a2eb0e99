"""Battle records and rows as dicts, turned into columns that DuckDB can read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel

from palestra.errors import DataError, UsageError
from palestra.interchange.battle_columns import COLUMNS, fault

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


def columns_of(
    rows: Iterable[tuple[int, Any]], name: str, columns: Collection[str], what: str
) -> dict[str, Any]:
    """Arrays, (rows,) each, of these columns; None where a row has no value.

    Raises:
        DataError: a row that cannot be read. `what` is `line` (of the file `name`) or `record`.
        UsageError: a row that is neither a record nor a mapping.
    """
    values: dict[str, list[Any]] = {column: [] for column in columns}
    for number, row in rows:
        found = _fields(row, columns)
        wrong = fault(found, columns)
        if wrong:
            raise _error(wrong, number, name, what)
        for column, cells in values.items():
            cells.append(_cell(found.get(column), COLUMNS[column]))
    return {column: _array(cells, COLUMNS[column]) for column, cells in values.items()}


def _error(wrong: tuple[str, str], number: int, name: str, what: str) -> DataError:
    if what == "line":
        return DataError(wrong[1], path=name, line=number, key=wrong[0])
    return DataError(wrong[1], path=f"{what} {number}", key=wrong[0])


def _fields(row: Any, columns: Collection[str]) -> Mapping[str, Any]:
    if isinstance(row, Mapping):
        return row
    if isinstance(row, BaseModel):
        return {column: getattr(row, column, None) for column in columns}
    raise UsageError(
        f"cannot read a battle from {type(row).__name__}", hint="give Battle records or rows as dicts"
    )


def _cell(value: Any, kind: str) -> Any:
    if value is None or (value == "" and kind != "VARCHAR"):
        return None
    if kind == "VARCHAR":
        return _plain_text(value)
    if kind in ("DOUBLE", "BIGINT"):
        return float(value)
    if kind == "BOOLEAN":
        return value if isinstance(value, bool) else str(value).lower() in ("true", "1", "t")
    if kind == "JSON":
        return value if isinstance(value, str) else json.dumps(value)
    return [_plain_text(item) for item in value]


def _plain_text(value: Any) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, tuple | list):
        return json.dumps([item.model_dump() if isinstance(item, BaseModel) else item for item in value])
    return str(value)


def _array(cells: list[Any], kind: str) -> Any:
    if kind in ("DOUBLE", "BIGINT"):
        return np.array([np.nan if cell is None else cell for cell in cells], dtype=np.float64)
    array = np.empty(len(cells), dtype=object)
    for index, cell in enumerate(cells):
        array[index] = cell
    return array
