"""Drawing matrices of pairs: where the cells are, and what is in them."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from palestra.report.plots.frame import EDGE, LONGEST_NAME, SMALL
from palestra.report.plots.theme import readable_on, shade
from palestra.report.words import visible

if TYPE_CHECKING:
    from palestra.ranking.arrays import Floats, Ints
    from palestra.records.rating import Leaderboard
    from palestra.report.plots.ruler import Ruler
    from palestra.report.plots.sheet import Box, Sheet

_CELLS = ((6, 56.0), (10, 46.0), (16, 36.0), (26, 25.0), (60, 14.0), (math.inf, 11.0))
"""Up to so many models: the side of a cell where no width is asked for."""
_LEAST_CELL, _MOST_CELL = 11.0, 72.0
TWO_LINES, _ONE_LINE, _APART = 34.0, 22.0, 13.0
"""Cells that hold the win rate and the number of battles; the win rate; that have a gap between them."""
GAP = 36.0
HEAD = 46.0
"""The height of a panel's title and column numbers."""
LEGEND = 58.0
_NAMES = 0.3
"""The largest share of a width that was asked for that names take."""
_SCALE_WIDTH = 220.0


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """One matrix of K models."""

    title: str
    told: str
    """What its figures are."""
    share: Floats
    """In [0, 1] or NaN, (K, K)."""
    n: Ints | None
    """Battles, (K, K), if they shall be shown."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Where things are; pixels."""

    width: float
    cell: float
    side: float
    """Of a panel."""
    size: float
    """Of names."""
    number_right: float
    name_left: float
    name_width: float
    left: float
    """Of the first panel."""

    @classmethod
    def of(cls, board: Leaderboard, ruler: Ruler, width: int | None, panels: int) -> Plan:
        """The plan for so many panels side by side; without a width, as wide as cells and names need."""
        count = len(board.ratings)
        cell = next(cell for most, cell in _CELLS if count <= most)
        size = 9.0 if cell < 14 else 10.5 if cell < 25 else 12.0
        number = ruler.width(str(count), size)
        longest = LONGEST_NAME if width is None else width * _NAMES
        name = min(longest, max(ruler.width(visible(r.model), size) for r in board.ratings))
        fixed = 2 * EDGE + number + 10 + name + 12 + (panels - 1) * GAP
        if width is not None:
            cell = min(_MOST_CELL, max(_LEAST_CELL, math.floor((width - fixed) / (panels * count))))
            size = min(size, cell - 2)
        side = cell * count
        needed = fixed + panels * side
        least = 2 * EDGE + _SCALE_WIDTH + 260
        name_left = EDGE + number + 10
        return cls(
            max(needed, least, width or 0),
            cell,
            side,
            size,
            EDGE + number,
            name_left,
            name,
            name_left + name + 12,
        )


class Drawing:
    """Draws matrices."""

    def __init__(self, sheet: Sheet, ruler: Ruler, plan: Plan) -> None:
        self._sheet, self._ruler, self._plan = sheet, ruler, plan

    def names(self, board: Leaderboard, top: float) -> None:
        """The rows' numbers and names."""
        plan, soft = self._plan, self._sheet.theme.soft
        for index, rating in enumerate(board.ratings):
            y = top + (index + 0.5) * plan.cell
            self._sheet.text(plan.number_right, y, str(index + 1), size=plan.size, color=soft, align="right")
            name = self._ruler.fitted(visible(rating.model), plan.size, plan.name_width)
            self._sheet.text(plan.name_left, y, name, size=plan.size)

    def panel(self, panel: Panel, left: float, top: float) -> None:
        """One panel with its title and the numbers of its columns."""
        sheet, plan, soft = self._sheet, self._plan, self._sheet.theme.soft
        sheet.text(left, top + 10, panel.title, size=12, bold=True)
        beside = left + self._ruler.width(panel.title, 12, bold=True) + 8
        told = self._ruler.fitted(panel.told, SMALL, left + plan.side + GAP - 8 - beside)
        if len(told) == len(panel.told):
            sheet.text(beside, top + 10, told, size=SMALL, color=soft)
        count = len(panel.share)
        every = next(
            step
            for step in (1, 2, 5, 10, 20)
            if step == 20 or plan.cell * step > self._ruler.width(str(count), 9.5) + 4
        )
        for index in range(count):
            if (index + 1) % every == 0:
                x = left + (index + 0.5) * plan.cell
                sheet.text(x, top + HEAD - 10, str(index + 1), size=9.5, color=soft, align="center")
        self._cells(panel, left, top + HEAD)
        self._outline(left, top + HEAD, plan.side)
        if plan.cell >= _ONE_LINE:
            self._figures(panel, left, top + HEAD)

    def _cells(self, panel: Panel, left: float, top: float) -> None:
        """One path for each colour; where cells touch, neighbours of one colour are one box."""
        cell = self._plan.cell
        gap = 1.0 if cell >= _APART else 0.0
        boxes: defaultdict[str, list[Box]] = defaultdict(list)
        for row, shares in enumerate(panel.share.tolist()):
            colours = [None if math.isnan(share) else shade(self._sheet.theme, share) for share in shares]
            column = 0
            while column < len(colours):
                colour, first = colours[column], column
                column += 1
                while not gap and column < len(colours) and colours[column] == colour:
                    column += 1
                if colour is not None:
                    x, y = left + first * cell, top + row * cell
                    boxes[colour].append((x, y, (column - first) * cell - gap, cell - gap))
        for colour in sorted(boxes):
            self._sheet.boxes(boxes[colour], colour)

    def _outline(self, left: float, top: float, side: float) -> None:
        right, bottom = left + side, top + side
        corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
        self._sheet.line(corners, self._sheet.theme.line)
        self._sheet.line([(left, top), (right, bottom)], self._sheet.theme.line)

    def _figures(self, panel: Panel, left: float, top: float) -> None:
        sheet, cell = self._sheet, self._plan.cell
        two = cell >= TWO_LINES and panel.n is not None
        size = 12.0 if cell >= 44 else 10.5 if cell >= TWO_LINES else 9.0
        for (row, column), share in np.ndenumerate(panel.share):
            if np.isnan(share):
                continue
            ink = readable_on(shade(sheet.theme, float(share)))
            x, y = left + (column + 0.5) * cell - 0.5, top + (row + 0.5) * cell - 0.5
            told = f"{100 * share:.0f}"
            sheet.text(x, y - (0.14 * cell if two else 0), told, size=size, color=ink, align="center")
            if two and panel.n is not None:
                n = _short(int(panel.n[row, column]))
                sheet.text(x, y + 0.22 * cell, n, size=max(8.0, size - 3), color=ink, align="center")

    def legend(self, top: float) -> None:
        """What the colours mean."""
        sheet, left, steps = self._sheet, self._plan.left, 100
        theme = sheet.theme
        if left + _SCALE_WIDTH + 170 > sheet.width:
            left = EDGE
        step = _SCALE_WIDTH / steps
        for number in range(steps):
            colour = shade(theme, (number + 0.5) / steps)
            sheet.boxes([(left + number * step, top, step + 0.3, 10)], colour)
        for share in (0, 25, 50, 75, 100):
            x = left + _SCALE_WIDTH * share / 100
            sheet.text(x, top + 20, f"{share} %", size=SMALL - 1, color=theme.soft, align="center")
        x = left + _SCALE_WIDTH + 34
        corners = [(x, top), (x + 10, top), (x + 10, top + 10), (x, top + 10), (x, top)]
        sheet.line(corners, theme.soft)
        sheet.text(x + 18, top + 5, "never met", size=SMALL, color=theme.soft)


def _short(count: int) -> str:
    """A number in at most four characters or so: 940, 12k, 3M."""
    for size, unit in ((1_000_000, "M"), (10_000, "k")):
        if count >= size:
            return f"{count // (size if unit == 'M' else 1000)}{unit}"
    return str(count)
