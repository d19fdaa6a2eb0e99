"""Metrics as rows `Model | Dataset | Metric | Subset | Num | Score`, EvalScope's columns."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, NamedTuple

from palestra.report.words import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from palestra.report.baseline_boards import Standings

COLUMNS = ("Model", "Dataset", "Metric", "Subset", "Num", "Score")
OVERALL = "OVERALL"
ARENA = ("Arena", "general_arena")
"""Model and dataset of rows that tell of battles, as EvalScope writes them."""
_PARTS = {"winrate": "rate", "winrate_lower": "low", "winrate_upper": "high"}


class Metric(NamedTuple):
    """One number."""

    model: str
    dataset: str
    metric: str
    subset: str
    num: int
    """Samples behind it."""
    score: float
    """In [0, 1]."""


def battle_metrics(standings: Sequence[Standings]) -> Iterator[Metric]:
    """`winrate` and its bounds per `dataset&subset@candidate&baseline`, and `OVERALL`: the mean of those,
    each as heavy as its number of prompts.
    """
    found = [
        (f"{each.dataset}&{each.subset}@{row.model}&{each.baseline}", row)
        for each in standings
        for row in each.rows
        if row.n_prompts
    ]
    total = sum(row.n_prompts for _, row in found)
    for metric, part in _PARTS.items():
        values = [(name, row.n_prompts, float(getattr(row, part))) for name, row in found]
        for name, num, value in values:
            yield Metric(*ARENA, metric, name, num, value)
        if values:
            mean = sum(num * value for _, num, value in values) / total
            yield Metric(*ARENA, metric, OVERALL, total, mean)


def metrics_csv(rows: Iterable[Metric]) -> str:
    """The rows as CSV with full precision."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    return out.getvalue()


def metrics_table(rows: Iterable[Metric]) -> str:
    """The rows as an aligned text table with scores to four decimals, ending with a line break."""
    from rich.cells import cell_len

    cells = [
        COLUMNS,
        *((*map(visible, row[:4]), str(row.num), f"{row.score:.4f}") for row in rows),
    ]
    widths = [max(map(cell_len, column)) for column in zip(*cells, strict=True)]
    lines = []
    for line in cells:
        padded = [
            " " * (width - cell_len(cell)) + cell if place > 3 else cell + " " * (width - cell_len(cell))
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        lines.append(" | ".join(padded).rstrip())
    lines.insert(1, "-+-".join("-" * width for width in widths))
    return "\n".join(lines) + "\n"
