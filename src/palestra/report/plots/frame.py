"""What all pictures share: margins, a heading, notes below, and which models are shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from palestra.errors import UsageError
from palestra.report.words import interval_line, method_line

if TYPE_CHECKING:
    from palestra.records.rating import Leaderboard
    from palestra.report.plots.ruler import Ruler
    from palestra.report.plots.sheet import Sheet

EDGE = 28.0
"""The margin on all sides, in pixels as all sizes are."""
TITLE = 18.0
PLAIN = 12.0
SMALL = 10.5
_LEADING = 1.5
"""From one line of text to the next, per size."""
LONGEST_NAME = 800.0
"""Longer names are shortened in their middle."""
LEAST_WIDTH = 360
MOST_WIDTH = 8000
MOST_MODELS = 1000
"""In one picture."""

_NAMES = {
    "bradley-terry": "Bradley-Terry",
    "davidson": "Davidson",
    "rao-kupper": "Rao-Kupper",
    "elo": "Elo",
    "elo-average": "Averaged Elo",
    "size-elo": "Size Elo",
    "gladiator": "Gladiator",
}


@dataclass(frozen=True, slots=True)
class Frame:
    """A heading and notes."""

    title: str
    subtitle: str
    notes: tuple[str, ...]
    """What the small print says, one paragraph each."""

    def top(self, ruler: Ruler, width: float) -> float:
        """Where the heading ends."""
        lines = len(ruler.lines(self.subtitle, PLAIN, width - 2 * EDGE)) if self.subtitle else 0
        return EDGE + TITLE * _LEADING + lines * PLAIN * _LEADING + 14

    def bottom(self, ruler: Ruler, width: float) -> float:
        """How high the notes are, with the margin below them."""
        return 14 + len(self._small(ruler, width)) * SMALL * _LEADING + EDGE - 6

    def draw(self, sheet: Sheet, ruler: Ruler) -> None:
        """Put heading and notes in their places."""
        y = EDGE + TITLE / 2
        sheet.text(EDGE, y, self.title, size=TITLE, bold=True)
        y += TITLE / 2 + 8
        for line in ruler.lines(self.subtitle, PLAIN, sheet.width - 2 * EDGE):
            y += PLAIN * _LEADING / 2
            sheet.text(EDGE, y, line, size=PLAIN, color=sheet.theme.soft)
            y += PLAIN * _LEADING / 2
        y = sheet.height - self.bottom(ruler, sheet.width) + 14
        for line in self._small(ruler, sheet.width):
            y += SMALL * _LEADING / 2
            sheet.text(EDGE, y, line, size=SMALL, color=sheet.theme.soft)
            y += SMALL * _LEADING / 2

    def _small(self, ruler: Ruler, width: float) -> list[str]:
        most = width - 2 * EDGE
        return [line for note in self.notes for line in ruler.lines(note, SMALL, most)]


def check_width(width: int | None) -> None:
    """Make sure that a picture can have this width.

    Raises:
        UsageError: it is too narrow or too wide.
    """
    if width is not None and not LEAST_WIDTH <= width <= MOST_WIDTH:
        raise UsageError(
            f"a picture is from {LEAST_WIDTH} to {MOST_WIDTH} pixels wide, not {width}", key="--width"
        )


def best(board: Leaderboard, top: int | None) -> Leaderboard:
    """The board with its first `top` rows.

    Raises:
        UsageError: there is none, or there are too many for a picture.
    """
    rows = board.ratings[:top]
    if not rows:
        raise UsageError("there are no battles, so there is nothing to draw")
    if len(rows) > MOST_MODELS:
        raise UsageError(
            f"{len(rows):,} models are too many for one picture",
            hint=f"--top N draws the best of them, up to {MOST_MODELS:,}",
        )
    return replace(board, ratings=rows)


def title_of(board: Leaderboard) -> str:
    """What the ratings are called."""
    if board.method in _WHOLE_NAMES:
        return _WHOLE_NAMES[board.method]
    return f"{_name(board.method)} ratings"


_WHOLE_NAMES = {
    "win-rate": "Win rates",
    "length-controlled": "Length-controlled win rates",
    "gladiator": "Gladiator scores",
}
"""Methods that give no ratings but something of a name of its own."""


def _name(method: str) -> str:
    return _NAMES.get(method, method)


def about(board: Leaderboard, *, intervals: bool = True) -> str:
    """How the ratings were made: method, kind and level of the intervals, rounds, seed."""
    scalars = {
        name: value
        for name, value in board.parameters.items()
        if value is not None and value is not False and not isinstance(value, dict | list)
    }
    method = method_line(replace(board, parameters=scalars))
    if board.method in _WHOLE_NAMES:
        method = method[:1].upper() + method[1:]
    else:
        method = _name(board.method) + method.removeprefix(board.method)
    failed = [f"{board.n_failed:,} failed verdicts left out"] if board.n_failed else []
    made = interval_line(board).replace("by wilson", "by Wilson")
    parts = [method, *([made] if intervals else []), *failed]
    return "; ".join(parts).replace(" %", "\u00a0%") + "."


def plural(count: int, noun: str) -> str:
    """`1 battle`, `1,240 battles`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def models_shown(shown: int, known: int) -> str:
    """`8 models`, or `the first 8 of 130 models`."""
    return plural(known, "model") if shown == known else f"the first {shown:,} of {plural(known, 'model')}"
