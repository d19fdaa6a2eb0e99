"""Battles as the peers take them: a pandas DataFrame."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from benchmarks.ranking.data import FEATURES

if TYPE_CHECKING:
    from pathlib import Path

Array = np.ndarray[Any, Any]
THREE = ["model_a", "model_b", "winner"]
POINTS = 400.0
START = 1000.0
SHARE_OF_MEMORY = 0.5


def read(path: Path) -> Any:
    return pd.read_parquet(path, columns=THREE)


def read_style(path: Path) -> Any:
    """The three columns, and `tokens_a` … `bold_b` as columns of their own, not as a struct."""
    from pyarrow.parquet import read_table

    table = read_table(path, columns=[*THREE, "style"]).flatten()
    return table.rename_columns([name.removeprefix("style.") for name in table.column_names]).to_pandas()


def codes(frame: Any) -> tuple[Array, list[str]]:
    """Both models of each battle as numbers, (N, 2), and the names."""
    numbers, names = pd.factorize(pd.concat([frame["model_a"], frame["model_b"]]))
    return np.column_stack([numbers[: len(frame)], numbers[len(frame) :]]), names.tolist()


def ratios(frame: Any, plus: float) -> Array:
    """(a − b)/(a + b + plus) of the four features, (N, 4); 0 where both are 0."""
    found = []
    for feature in FEATURES:
        a = frame[f"{feature}_a"].to_numpy(dtype=float)
        b = frame[f"{feature}_b"].to_numpy(dtype=float)
        total = a + b + plus
        found.append(np.divide(a - b, total, out=np.zeros(len(a)), where=total > 0))
    return np.column_stack(found)


def make_room(rows: int, columns: int) -> None:
    """Make sure that a dense matrix of this shape, and one copy of it, fit into half of the free memory.

    Raises:
        MemoryError: they do not; the machine would swap or end other programs.
    """
    needed = 2 * rows * columns * 8
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if needed > SHARE_OF_MEMORY * free:
        raise MemoryError(
            f"its design matrix of {rows} × {columns}, with one copy, takes {needed / 1e9:.0f} GB "
            f"({free / 1e9:.0f} GB are free); not run"
        )
