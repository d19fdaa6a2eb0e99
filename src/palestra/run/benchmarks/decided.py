"""The battles of a finished run, of which there may be none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from palestra.interchange.battles import read_battles

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from palestra.records.battle import Battle


def decided(folder: Path) -> Iterator[Battle]:
    """The battles in a result folder; none where every verdict failed.

    Raises:
        DataError: they cannot be read.
    """
    path = folder / "battles.jsonl"
    if not path.is_file() or path.stat().st_size:
        yield from read_battles(path)
