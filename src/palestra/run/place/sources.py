"""The arena's files in Palestra's columns: as they are, or converted from another arena's."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@contextmanager
def arena_files(into: Sequence[str]) -> Iterator[list[str]]:
    """Files that `read_arena` can read; converted ones live as long as the block."""
    yield list(into)
