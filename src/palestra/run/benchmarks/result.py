"""What a benchmark comes to: tables to print, and the same as data."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from palestra.records.tables import aligned
from palestra.report.words import NONE, number, visible
from palestra.run.folder import replacing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FILE = "benchmark.json"
"""Where the data is written, in the result folder."""

Cell = str | float | int | None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of one kind."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = ()
    decimals: int = 2

    def text(self) -> str:
        """The table as plain text."""
        cells = [[self._cell(cell) for cell in row] for row in self.rows]
        lines = aligned([list(self.columns), *cells]) if cells else [NONE]
        return "\n".join([f"=== {self.title} ===", *lines, *self.notes]) + "\n"

    def data(self) -> dict[str, Any]:
        """The table as JSON data; what is not finite is null."""
        return {
            "title": self.title,
            "columns": list(self.columns),
            "rows": [
                [None if isinstance(cell, float) and not math.isfinite(cell) else cell for cell in row]
                for row in self.rows
            ],
            "notes": list(self.notes),
        }

    def _cell(self, cell: Cell) -> str:
        if isinstance(cell, str):
            return visible(cell)
        return str(cell) if isinstance(cell, int) else number(cell, self.decimals)


@dataclass(frozen=True, slots=True)
class BenchmarkResult:
    """The tables of a benchmark, the main one first."""

    name: str
    tables: Sequence[Table] = field(default_factory=list)

    def text(self) -> str:
        """All tables as plain text."""
        return "\n".join(table.text() for table in self.tables)

    def write(self, folder: Path) -> None:
        """Write `benchmark.json`.

        Raises:
            StoreError: the folder cannot be written.
        """
        data = {"benchmark": self.name, "tables": [table.data() for table in self.tables]}
        with replacing(folder / FILE) as file:
            file.write(json.dumps(data, ensure_ascii=False, indent=2, allow_nan=False) + "\n")
