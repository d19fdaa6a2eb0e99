"""The same battles in every form that battles can be read from."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from palestra.records.battle import Battle

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

Row = tuple[str, str, str]
COLUMNS = ("model_a", "model_b", "winner")


def records(rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows]


def table(rows: Sequence[Row], **more: Any) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else [[], [], []]
    texts = {name: pa.array(column, pa.string()) for name, column in zip(COLUMNS, columns, strict=True)}
    return pa.table(texts | more)


def jsonl(rows: Sequence[Row], folder: Path) -> Path:
    path = folder / "battles.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in records(rows)), encoding="utf-8")
    return path


def comma_separated(rows: Sequence[Row], folder: Path) -> Path:
    path = folder / "battles.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *rows])
    return path


def parquet(rows: Sequence[Row], folder: Path) -> Path:
    """Counted by its codes."""
    path = folder / "plain.parquet"
    pq.write_table(table(rows), path, row_group_size=1000)
    return path


def unusual_parquet(rows: Sequence[Row], folder: Path) -> Path:
    """Not known to be plain, and so read by DuckDB: nothing says that each weight is 1."""
    path = folder / "unusual.parquet"
    weight, prompt = pa.array([1.0] * len(rows)), pa.array(["two\nlines"] * len(rows), pa.string())
    pq.write_table(table(rows, weight=weight, prompt=prompt), path, write_statistics=False)
    return path


FORMS: dict[str, Callable[[Sequence[Row], Path], Any]] = {
    "JSONL": jsonl,
    "CSV": comma_separated,
    "Parquet": parquet,
    "unusual Parquet": unusual_parquet,
    "rows": lambda rows, _: records(rows),
    "records": lambda rows, _: [Battle.model_validate(row) for row in records(rows)],
    "DataFrame": lambda rows, _: pd.DataFrame(records(rows), columns=list(COLUMNS), dtype=object),
    "Arrow": lambda rows, _: table(rows),
}
