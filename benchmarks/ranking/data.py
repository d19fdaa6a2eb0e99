"""Synthetic battles as an arena logs them, written to Parquet and JSONL.

A few models fight most battles, 30 % end in a tie of either kind, prompts come back, and longer answers win
somewhat more often than they should. The same size gives the same file.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

VERSION = 1
"""In the names of the files, so that a change here makes new ones."""
TIES = 0.3
BOTH_BAD = 0.4
"""The share of ties in which both were bad."""
FEATURES = ("tokens", "headers", "lists", "bold")
PULL = (0.6, 0.1, 0.1, 0.1)
"""What (a − b)/(a + b) of each feature adds to the log odds of A."""
ROWS_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True)
class Size:
    """How many battles between how many models."""

    name: str
    battles: int
    models: int

    def parquet(self, folder: Path) -> Path:
        return folder / f"battles-v{VERSION}-{self.battles}-{self.models}.parquet"

    def jsonl(self, folder: Path) -> Path:
        return self.parquet(folder).with_suffix(".jsonl")


SMALL = Size("small", 2_000, 20)
"""For a first call that is not counted."""
SIZES = (Size("100k", 100_000, 130), Size("2m", 2_000_000, 250), Size("10m", 10_000_000, 400))


def model_names(n: int) -> list[str]:
    return [f"lab-{i % 17:02d}/model-{i:03d}-instruct" for i in range(n)]


def write_parquet(path: Path, battles: int, models: int) -> None:
    """The battles as Parquet: question_id, model_a, model_b, winner and the struct `style`."""
    import pyarrow.parquet as pq

    tables = _tables(battles, models)
    first = next(tables)
    partial = path.with_suffix(".partial")
    with pq.ParquetWriter(partial, first.schema) as writer:
        writer.write_table(first)
        for table in tables:
            writer.write_table(table)
    partial.replace(path)


def write_jsonl(path: Path, parquet: Path) -> None:
    """The same battles, without their style, one JSON object a line."""
    import duckdb

    partial = path.with_suffix(".partial")
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT question_id, model_a, model_b, winner FROM read_parquet('{parquet}')) "
            f"TO '{partial}' (FORMAT json)"
        )
    partial.replace(path)


def _tables(battles: int, models: int) -> Iterator[Any]:
    """The battles as Arrow tables of at most `ROWS_AT_ONCE` rows."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    rng = np.random.default_rng([VERSION, battles, models])
    theta = rng.normal(0.0, 0.8, models)
    wordy = rng.normal(0.0, 0.3, models)
    often = np.cumsum(rng.permutation(1.0 / (np.arange(models) + 3.0)))
    names = pa.array(model_names(models))
    winners = pa.array(["model_a", "model_b", "tie", "tie (bothbad)"])
    for start in range(0, battles, ROWS_AT_ONCE):
        n = min(ROWS_AT_ONCE, battles - start)
        a, b = _opponents(rng, often, n)
        style_a, style_b = _style(rng, wordy[a]), _style(rng, wordy[b])
        logit = theta[a] - theta[b]
        for feature, pull in zip(FEATURES, PULL, strict=True):
            total = np.maximum(style_a[feature] + style_b[feature], 1)
            logit += pull * (style_a[feature] - style_b[feature]) / total
        won = (rng.random(n) > 1.0 / (1.0 + np.exp(-logit))).astype(np.int8)
        drawn = 2 + (rng.random(n) < BOTH_BAD).astype(np.int8)
        prompt = pa.array(rng.integers(0, max(1, battles // 3), n)).cast(pa.string())
        style = {
            f"{name}_{side}": part[name]
            for name in FEATURES
            for side, part in (("a", style_a), ("b", style_b))
        }
        yield pa.table(
            {
                "question_id": pc.binary_join_element_wise(pa.scalar("q"), prompt, ""),
                "model_a": names.take(pa.array(a)),
                "model_b": names.take(pa.array(b)),
                "winner": winners.take(pa.array(np.where(rng.random(n) < TIES, drawn, won))),
                "style": pa.StructArray.from_arrays([pa.array(part) for part in style.values()], list(style)),
            }
        )


def _opponents(
    rng: np.random.Generator, often: np.ndarray[Any, Any], n: int
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Two different models for each battle; `often` is the running sum of how often each is drawn."""
    import numpy as np

    def draw(how_many: int) -> np.ndarray[Any, Any]:
        found: np.ndarray[Any, Any] = np.searchsorted(often, rng.random(how_many) * often[-1], side="right")
        return found

    a, b = draw(n), draw(n)
    while (same := np.flatnonzero(a == b)).size:
        b[same] = draw(same.size)
    return a, b


def _style(rng: np.random.Generator, wordy: np.ndarray[Any, Any]) -> dict[str, np.ndarray[Any, Any]]:
    """One answer's features for each battle."""
    import numpy as np

    n, factor = wordy.size, np.exp(wordy)
    tokens = 1 + np.exp(rng.normal(5.8, 0.6, n) + wordy)
    return {
        "tokens": tokens.astype(np.int32),
        "headers": rng.poisson(1.2 * factor).astype(np.int32),
        "lists": rng.poisson(4.0 * factor).astype(np.int32),
        "bold": rng.poisson(3.0 * factor).astype(np.int32),
    }


if __name__ == "__main__":  # python -m benchmarks.ranking.data SIZE FOLDER: in a process of its own
    size = next(size for size in (SMALL, *SIZES) if size.name == sys.argv[1])
    folder = Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    if not size.parquet(folder).exists():
        write_parquet(size.parquet(folder), size.battles, size.models)
    if not size.jsonl(folder).exists() and size.battles <= 2_000_000:
        write_jsonl(size.jsonl(folder), size.parquet(folder))
