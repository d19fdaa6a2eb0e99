"""Rows of an outside format, and what becomes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.interchange.outside import made

from palestra.interchange.outside.convert import convert
from palestra.records.keys import digest

if TYPE_CHECKING:
    from pathlib import Path

    from palestra.interchange.outside.base import Options
    from palestra.interchange.outside.tally import Tally

    Row = dict[str, Any]

BIRD = digest([["user", "Name a bird."]])[:16]
TURNS = [{"role": "user", "content": "Name a bird."}, {"role": "user", "content": "Another."}]


class Case:
    """Converts rows, and keeps what came of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.tally: Tally

    def __call__(self, *rows: Any, name: str = "in.jsonl", options: Options | None = None) -> list[Row]:
        path = made.write_jsonl(self._folder / name, rows)
        out = self._folder / "out.jsonl"
        self.tally = convert(path, out, options=options)
        return made.read_jsonl(out)

    def verdicts(self, *rows: Any) -> list[Row]:
        path = made.write_jsonl(self._folder / "in.jsonl", rows)
        convert(path, verdicts=self._folder / "v.jsonl")
        return made.read_jsonl(self._folder / "v.jsonl")

    def responses(self, *rows: Any) -> list[Row]:
        path = made.write_jsonl(self._folder / "in.jsonl", rows)
        convert(path, responses=self._folder / "r.jsonl")
        return made.read_jsonl(self._folder / "r.jsonl")

    @property
    def reasons(self) -> dict[str, int]:
        return {reason: known.count for reason, known in self.tally.reasons.items()}


def without(row: Row, *names: str) -> Row:
    assert all(row.get(name) for name in names)
    return {name: value for name, value in row.items() if name not in names}
