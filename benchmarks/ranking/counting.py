"""The least that a ranking of a Parquet file has to do: read three columns as dictionary codes, count them.

Run as a script it is the bare process that `palestra rank` is held against; so it imports nothing else.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = ["model_a", "model_b", "winner"]


def count(path: Path | str) -> tuple[list[str], list[str], Any]:
    """Models (M), winners (W) and the int64 counts (M, M, W): battles of a and b that ended so."""
    import numpy as np
    import pyarrow.parquet as pq

    models: dict[str, int] = {}
    winners: dict[str, int] = {}
    parts = []
    with pq.ParquetFile(path, read_dictionary=COLUMNS, memory_map=True) as file:
        for group in range(file.num_row_groups):
            table = file.read_row_group(group, columns=COLUMNS).unify_dictionaries()
            cells = np.zeros(table.num_rows, dtype=np.int64)
            shape, places = [], []
            for name, known in zip(COLUMNS, (models, models, winners), strict=True):
                names = table[name].chunk(0).dictionary.to_pylist()
                places.append([known.setdefault(value, len(known)) for value in names])
                shape.append(len(names))
                cells *= len(names)
                _add_codes(cells, table[name])
            counted = np.bincount(cells, minlength=int(np.prod(shape))).reshape(shape)
            parts.append((places, counted))
    total = np.zeros((len(models), len(models), len(winners)), dtype=np.int64)
    for places, counted in parts:
        total[np.ix_(*places)] += counted
    return list(models), list(winners), total


def _add_codes(cells: Any, column: Any) -> None:
    """Add each row's code. The buffers are taken as they are: `to_numpy` would import pandas."""
    import numpy as np

    start = 0
    for chunk in column.chunks:
        codes = chunk.indices
        values = np.frombuffer(codes.buffers()[1], dtype=np.int32)[codes.offset : codes.offset + len(codes)]
        cells[start : start + len(codes)] += values
        start += len(codes)


if __name__ == "__main__":
    print(int(count(sys.argv[1])[2].sum()))
