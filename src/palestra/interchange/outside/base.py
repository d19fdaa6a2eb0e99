"""What an outside format is: how its rows are known, and what becomes of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

from palestra.records.response import Response
from palestra.records.verdict import Verdict

Kind = Literal["battles", "verdicts", "responses"]
Leaks = Literal["keep", "flag", "drop"]
Swap = Literal["both-keep", "both-combine"]
Data: TypeAlias = Mapping[str, Any]
BattleRow: TypeAlias = dict[str, Any]
"""A battle by Palestra's columns, as JSON data; columns without a value are left out."""


@dataclass(frozen=True, slots=True)
class Left:
    """A row, or a part of one, that is sound and makes no battle by the format's own rules."""

    reason: str


class DamagedError(Exception):
    """A row that cannot be read. `reason` is the same for all rows with this fault, `seen` is this row's."""

    def __init__(self, reason: str, *, key: str | None = None, seen: object = None) -> None:
        super().__init__(reason)
        self.reason = reason if key is None else f"{key}: {reason}"
        self.message = reason if seen is None else f"{reason}: {_show(seen)}"
        self.key = key


Piece: TypeAlias = BattleRow | Verdict | Response | Left | DamagedError
"""An error among the pieces is about a part of the row; the rest of it is sound."""


def _show(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


@dataclass(frozen=True, slots=True)
class Options:
    """What the user says beside the files. Each format reads what concerns it."""

    leaks: Leaks = "keep"
    """What becomes of a battle in which a model's or maker's name was said (FastChat's rule)."""
    swap: Swap = "both-keep"
    """Whether two orders of one verdict are two battles, or combined into one."""
    strong_weight: float = 1.0
    """The weight of a strong verdict (A>>B) in a single order."""
    baseline: str | None = None
    """Whom the judged models met, where the file does not say."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Column of the file → Palestra's column."""
    winners: Mapping[str, str] = field(default_factory=dict)
    """The file's word for an outcome → `model_a`, `model_b`, `tie` or `tie (bothbad)`."""


class Converter(Protocol):
    """Makes pieces of rows. One converter sees all rows of its format, file by file, in order."""

    def start(self, name: str) -> None:
        """The rows that follow are of the file with this name (without its folder)."""
        ...

    def convert(self, data: Data) -> Iterable[Piece]:
        """What becomes of one row.

        Raises:
            DamagedError: it cannot be read.
        """
        ...

    def end(self) -> Iterable[Piece]:
        """What becomes of rows that had to wait for others."""
        ...

    def notes(self) -> list[str]:
        """What a user should know of what was decided here."""
        ...


class Rowwise:
    """A converter whose rows stand on their own."""

    def __init__(self, convert: Callable[[Data], Iterable[Piece]], *notes: str) -> None:
        self._convert = convert
        self._notes = list(notes)

    def start(self, name: str) -> None:
        """The name says nothing."""

    def convert(self, data: Data) -> Iterable[Piece]:
        """What becomes of one row."""
        return self._convert(data)

    def end(self) -> Iterable[Piece]:
        """Nothing."""
        return ()

    def notes(self) -> list[str]:
        """What was given."""
        return self._notes


@dataclass(frozen=True, slots=True)
class Format:
    """An outside format."""

    name: str
    """What `--from` takes."""
    title: str
    """Whose it is, for people."""
    shape: str
    """The keys by which its rows are known, for people."""
    fits: Callable[[Data], bool]
    """Whether a row has this format's keys, and none that only others have."""
    make: Callable[[Options], Converter]
    gives: frozenset[Kind] = frozenset({"battles"})
    columnar: Callable[[Mapping[str, str], bool], Mapping[str, str] | None] | None = None
    """The quick way, see `columnar_sql.py`; it gives None where the types are not the published ones."""
