"""What became of the rows: how many, and why not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

FIRST = 3
"""Lines that are named of each reason."""


@dataclass(slots=True)
class Reason:
    """Why some rows, or parts of rows, gave nothing."""

    count: int = 0
    first: list[tuple[str, int]] = field(default_factory=list)
    """The first places: file and line (of Parquet: row)."""
    elements: list[int | None] = field(default_factory=list)
    """Which element of a JSON list was at each of them, where several share the line."""
    damaged: bool = False
    """Whether it is a fault, and not a rule of the format."""
    example: str | None = None
    """What was seen the first time."""

    def add(self, name: str, line: int, element: int | None = None) -> None:
        """Once more."""
        self.count += 1
        if len(self.first) < FIRST:
            self.first.append((name, line))
            self.elements.append(element)

    def places(self) -> str:
        """The first places for people."""
        found = []
        for (name, line), element in zip(self.first, self.elements, strict=True):
            found.append(f"{name}:{line}" if element is None else f"{name}:{line}, element {element}")
        between = "; " if any(self.elements) else ", "
        return between.join(found) + (f"{between}…" if self.count > len(found) else "")


@dataclass(slots=True)
class FileTally:
    """One input file."""

    name: str
    format: str
    title: str
    detected: bool
    """Whether the format was found by the columns, and not said."""
    counts: str = "line"
    """What its line numbers count."""
    rows: int = 0
    converted: int = 0
    """Rows that gave a battle, a verdict or an answer, or wait for others to give one."""

    @property
    def skipped(self) -> int:
        """Rows that gave nothing."""
        return self.rows - self.converted


@dataclass(slots=True)
class Tally:
    """A whole conversion."""

    files: list[FileTally] = field(default_factory=list)
    reasons: dict[str, Reason] = field(default_factory=dict)
    battles: int = 0
    verdicts: int = 0
    responses: int = 0
    notes: list[str] = field(default_factory=list)
    """What was decided that the files do not say."""

    @property
    def rows(self) -> int:
        """Rows read of all files."""
        return sum(file.rows for file in self.files)

    @property
    def skipped(self) -> int:
        """Rows that gave nothing, of all files."""
        return sum(file.skipped for file in self.files)

    @property
    def damaged(self) -> int:
        """Faults: of rows, or of parts of them."""
        return sum(reason.count for reason in self.reasons.values() if reason.damaged)

    def add_reason(
        self,
        reason: str,
        name: str,
        line: int,
        element: int | None = None,
        *,
        damaged: bool = False,
        example: str | None = None,
    ) -> None:
        """Count a row, or a part of one, that gave nothing."""
        known = self.reasons.get(reason)
        if known is None:
            known = self.reasons[reason] = Reason(damaged=damaged, example=example)
        known.add(name, line, element)

    def add_notes(self, notes: Iterable[str]) -> None:
        """Notes that are not there yet."""
        self.notes += [note for note in notes if note not in self.notes]

    def lines(self) -> list[str]:
        """The account for people, a line each."""
        found = []
        for file in self.files:
            how = "found by its columns" if file.detected else "as said"
            found.append(f"{file.name}: {file.title} ({file.format}, {how})")
        gained = [(self.battles, "battle"), (self.verdicts, "verdict"), (self.responses, "answer")]
        made = ", ".join(_count(count, word) for count, word in gained if count) or "nothing"
        converted, rows = self.rows - self.skipped, _count(self.rows, "row")
        found.append(f"{rows} read, {converted:,} converted, {self.skipped:,} skipped: {made}")
        for reason, known in self.reasons.items():
            kind = "damaged" if known.damaged else "left out"
            found.append(f"  {known.count:,} {kind}: {reason} ({known.places()})")
        return found + [f"note: {note}" for note in self.notes]


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"
