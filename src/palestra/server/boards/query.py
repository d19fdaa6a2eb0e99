"""What is asked of boards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from palestra.store.arena_battle_filter import Selection


@dataclass(frozen=True, slots=True)
class BoardQuery:
    """Which board is meant."""

    selection: Selection
    folder: str | None = None
    """The result folder whose battles are meant; None: the arena's own."""
    retired: bool = False
    """Whether retired models are shown."""
