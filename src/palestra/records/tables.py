"""Tables: aligned text for terminals, HTML for notebooks, and data frames of the same rows."""

from __future__ import annotations

import html
import math
from abc import ABC, abstractmethod
from importlib import import_module
from typing import TYPE_CHECKING, Any

from palestra.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST = 60
"""Rows that a result shows of itself."""


def aligned(rows: Sequence[Sequence[str]], *, left: frozenset[int] = frozenset({0})) -> list[str]:
    """A heading row, a rule, the other rows; columns two spaces apart, those not in `left` flush right.

    Wide characters count as two columns.
    """
    from rich.cells import cell_len

    widths = [max(cell_len(cell) for cell in column) for column in zip(*rows, strict=True)]

    def line(row: Sequence[str]) -> str:
        padded = []
        for position, (cell, width) in enumerate(zip(row, widths, strict=True)):
            space = " " * (width - cell_len(cell))
            padded.append(cell + space if position in left else space + cell)
        return "  ".join(padded).rstrip()

    rule = "─" * (sum(widths) + 2 * (len(widths) - 1))
    return [line(rows[0]), rule, *(line(row) for row in rows[1:])]


class Tabular(ABC):
    """A result that shows itself as a table, in a terminal and in a notebook, and can become a data frame.

    Whoever is one says what its `rows` are; `shown` may name the columns to show, and `caption` what to say
    above them.
    """

    __slots__ = ()

    @abstractmethod
    def rows(self) -> list[dict[str, Any]]:
        """Its rows with all columns and digits; each has the same columns."""

    def shown(self) -> Sequence[str]:
        """The columns that are shown. Default: all."""
        rows = self.rows()
        return list(rows[0]) if rows else []

    def caption(self) -> str:
        """What is said above the table; may be empty."""
        return ""

    def to_pandas(self) -> Any:
        """The rows as a `pandas.DataFrame`.

        Raises:
            UsageError: pandas is not installed.
        """
        return _library("pandas", self).DataFrame(self.rows())

    def to_polars(self) -> Any:
        """The rows as a `polars.DataFrame`.

        Raises:
            UsageError: polars is not installed.
        """
        return _library("polars", self).DataFrame(self.rows(), infer_schema_length=None, strict=False)

    def __repr__(self) -> str:
        head, cells, more = self._cells()
        if not head:
            return self.caption() or f"<{type(self).__name__}: no rows>"
        words = frozenset(place for place, column in enumerate(zip(*cells, strict=True)) if _wordy(column))
        lines = aligned([head, *([_text(value) for value in row] for row in cells)], left=words)
        return "\n".join([*filter(None, [self.caption()]), *lines, *filter(None, [more])])

    def _repr_html_(self) -> str:
        head, cells, more = self._cells()
        titles = "".join(f"<th>{html.escape(name)}</th>" for name in head)
        body = "".join(f"<tr>{''.join(map(_html_cell, row))}</tr>" for row in cells)
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in (self.caption(), more) if note)
        return f"{notes}<table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>"

    def _cells(self) -> tuple[list[str], list[list[Any]], str]:
        """The heading, the first rows, and what is said of the others."""
        rows, head = self.rows(), list(self.shown())
        left = len(rows) - _MOST
        more = f"… and {left} more rows" if left > 0 else ""
        return head, [[row[name] for name in head] for row in rows[:_MOST]], more


def _library(name: str, what: Tabular) -> Any:
    try:
        return import_module(name)
    except ModuleNotFoundError:
        raise UsageError(
            f"a {type(what).__name__} can only become a {name} data frame where {name} is installed",
            hint=f"pip install {name}",
        ) from None


def _wordy(column: Sequence[Any]) -> bool:
    return not any(isinstance(value, int | float) for value in column)


def _text(value: Any) -> str:
    """A value for reading: four significant digits behind the point at most, control signs made visible."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, bool) or not isinstance(value, int | float | tuple | list):
        return "".join(char if char.isprintable() else repr(char)[1:-1] for char in str(value))
    if isinstance(value, tuple | list):
        return ", ".join(map(_text, value))
    if isinstance(value, int):
        return str(value)
    return f"{value:.1f}" if abs(value) >= 100 else f"{value:.4g}"


def _html_cell(value: Any) -> str:
    side = ' style="text-align:right"' if isinstance(value, int | float) else ' style="text-align:left"'
    return f"<td{side}>{html.escape(_text(value))}</td>"
