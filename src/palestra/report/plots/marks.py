"""How a model that needs care is marked, and what the marks mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from palestra.report.plots.frame import SMALL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from palestra.records.rating import Rating
    from palestra.report.plots.ruler import Ruler
    from palestra.report.plots.sheet import Shape, Sheet

_SHAPES: dict[str, Shape] = {"undefeated": "^", "winless": "v", "one_way": "D", "no_battles": "x"}
_HOLLOW = "few_battles"
_MEANING = {
    "undefeated": "never lost: rests on a weak prior",
    "winless": "never won: rests on a weak prior",
    "one_way": "only won or only lost against the rest: rests on a weak prior",
    "few_battles": "few battles",
    "no_battles": "no battles",
}
_GAP = 22.0
LEGEND = 20.0
"""The height of one line of the legend."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The shape that stands at a rating."""

    shape: Shape
    hollow: bool
    flagged: bool


def mark_of(rating: Rating) -> Mark:
    """The mark of a model: a dot, another shape by what its record is like, hollow with few battles."""
    shapes = [_SHAPES[flag] for flag in rating.flags if flag in _SHAPES]
    others = [flag for flag in rating.flags if flag not in _SHAPES and flag != _HOLLOW]
    shape: Shape = shapes[0] if shapes else "s" if others else "o"
    return Mark(shape, _HOLLOW in rating.flags, bool(rating.flags))


def flags_in(ratings: Iterable[Rating]) -> list[str]:
    """Each flag that occurs, those of a known shape first."""
    found = {flag for rating in ratings for flag in rating.flags}
    known = [flag for flag in _MEANING if flag in found]
    return known + sorted(found - set(known))


def legend_lines(flags: Iterable[str], ruler: Ruler, width: float) -> list[list[str]]:
    """The flags of each line of the legend."""
    lines: list[list[str]] = []
    room = 0.0
    for flag in flags:
        needed = _width(flag, ruler)
        if not lines or needed > room:
            lines.append([])
            room = width
        lines[-1].append(flag)
        room -= needed
    return lines


def draw_legend(sheet: Sheet, ruler: Ruler, left: float, top: float, lines: list[list[str]]) -> None:
    """The legend, `LEGEND` high per line."""
    for number, flags in enumerate(lines):
        x, y = left, top + (number + 0.5) * LEGEND
        for flag in flags:
            sheet.marker(
                x + 5, y, _SHAPES.get(flag, "o" if flag == _HOLLOW else "s"), 7, sheet.theme.main,
                hollow=flag == _HOLLOW,
            )  # fmt: skip
            sheet.text(x + 16, y, _meaning(flag), size=SMALL, color=sheet.theme.soft)
            x += _width(flag, ruler)


def _meaning(flag: str) -> str:
    return _MEANING.get(flag, flag.replace("_", " "))


def _width(flag: str, ruler: Ruler) -> float:
    return 16 + ruler.width(_meaning(flag), SMALL) + _GAP
