"""A model's place on the main board, and who can tell it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from palestra.records.battle import Battle


@dataclass(frozen=True, slots=True)
class Standing:
    """One model's row, in short."""

    rating: float
    ci_low: float | None
    ci_high: float | None
    rank: int
    n_battles: int
    enough: bool
    """Whether there are enough battles to trust the number (`serve.min_votes`)."""


class Standings(Protocol):
    """Whoever keeps the main board."""

    async def standings_before_after(
        self, battles: Sequence[Battle]
    ) -> Mapping[str, tuple[Standing | None, Standing | None]]:
        """By label of each model in `battles`: its standing without them and with them.

        The battles are about to be stored, and are not yet. None: the model is not on that board.
        """
