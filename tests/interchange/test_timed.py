from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from palestra.errors import DataError, UsageError
from palestra.interchange.counts import order_battles
from palestra.interchange.timed import time_battles

if TYPE_CHECKING:
    from pathlib import Path

ROWS: list[dict[str, Any]] = [
    {"model_a": "A", "model_b": "B", "winner": "model_a", "tstamp": 30.5, "language": "en"},
    {"model_a": "B", "model_b": "C", "winner": "tie", "tstamp": 10.0, "language": "de"},
    {"model_a": "C", "model_b": "A", "winner": "model_b", "tstamp": None, "language": "en"},
    {"model_a": "A", "model_b": "C", "winner": "model_b", "tstamp": -5.0, "language": "en"},
]


def written(folder: Path, kind: str) -> Path:
    path = folder / f"battles.{kind}"
    lines = "".join(json.dumps(row) + "\n" for row in ROWS)
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist(ROWS), path)
    elif kind == "csv":
        cells = [["" if value is None else str(value) for value in row.values()] for row in ROWS]
        path.write_text("\n".join(",".join(row) for row in [list(ROWS[0]), *cells]))
    elif kind == "json":
        path.write_text(json.dumps(ROWS))
    elif kind == "jsonl.gz":
        path.write_bytes(gzip.compress(lines.encode()))
    else:
        path.write_text(lines)
    return path


@pytest.mark.parametrize("kind", ["jsonl", "jsonl.gz", "json", "csv", "parquet"])
def test_times_stand_beside_their_rows_in_every_format(kind: str, tmp_path: Path) -> None:
    found = time_battles(written(tmp_path, kind))
    assert found.times.tolist() == [30.5, 10.0, -5.0]
    names = np.array(found.rows.models)
    assert names[found.rows.a].tolist() == ["A", "B", "A"]
    assert found.rows.share.tolist() == [1.0, 0.5, 0.0]
    assert found.n_untimed == 1


def test_several_files_and_a_filter(tmp_path: Path) -> None:
    paths = [written(tmp_path, "jsonl"), written(tmp_path, "csv")]
    found = time_battles(paths, filter="language = 'en'")
    assert found.times.tolist() == [30.5, -5.0] * 2
    assert found.n_untimed == 2


def test_the_rows_are_those_of_the_ordered_reading(tmp_path: Path) -> None:
    timed = [{**row, "tstamp": number} for number, row in enumerate(ROWS * 50)]
    found = time_battles(timed)
    rows = order_battles(timed).battles
    assert found.rows.models == rows.models
    for name in ("a", "b", "share", "weight", "n"):
        assert getattr(found.rows, name).tolist() == getattr(rows, name).tolist()
    assert found.times.tolist() == list(range(200))


def test_battles_without_any_time_are_an_error_that_names_the_column() -> None:
    with pytest.raises(DataError, match="no battle has a time") as caught:
        time_battles([{**row, "tstamp": None} for row in ROWS])
    assert caught.value.key == "tstamp"
    with pytest.raises(DataError, match="no battle has a time"):
        time_battles([{key: value for key, value in row.items() if key != "tstamp"} for row in ROWS])
    with pytest.raises(DataError, match="there are no battles"):
        time_battles([])


def test_a_bad_time_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "b.jsonl"
    path.write_text(json.dumps(ROWS[0]) + "\n" + json.dumps({**ROWS[1], "tstamp": "noon"}) + "\n")
    with pytest.raises(DataError, match="expected a number, not 'noon'") as caught:
        time_battles(path)
    assert (caught.value.line, caught.value.key) == (2, "tstamp")
    with pytest.raises(UsageError):
        time_battles(path, labels="loud")  # type: ignore[arg-type]
