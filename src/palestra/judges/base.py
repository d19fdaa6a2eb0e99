"""The `Judge` protocol: what the rest of Palestra knows of whoever decides a matchup."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from palestra.records.battle import Source
    from palestra.records.matchup import Matchup, Order
    from palestra.records.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Game:
    """One matchup shown in one order: what a judge is asked once."""

    matchup: Matchup
    order: Order
    """`ab` or `ba`."""
    repeat: int = 0
    key: str = ""
    """The content key, copied into the verdict."""
    run_seed: int = 0
    """Each attempt's seed, and the fence around the texts, derive from this and the key."""


@runtime_checkable
class Judge(Protocol):
    """A judge never raises for what a server or a file does: a verdict that could not be had carries a
    `failure`. It is given matchups whose two answers are there. Its verdict is told of model_a and
    model_b, whichever was shown first.
    """

    @property
    def label(self) -> str:
        """The name it goes by in battles."""

    @property
    def source(self) -> Source:
        """`llm-judge` or `metric` (a recorded judge replays either)."""

    @property
    def takes_seed(self) -> bool:
        """Whether a per-call seed reaches a server."""

    @property
    def is_free(self) -> bool:
        """Whether judging makes no call (recorded and metric judges)."""

    @property
    def template(self) -> str | None:
        """The text the judge is shown, before the answers are put in; None if it is shown none."""

    def key(self, game: Game) -> str:
        """The content key of the verdict; see `records/keys.py`."""

    async def judge(self, game: Game) -> Verdict:
        """Decide."""

    async def aclose(self) -> None:
        """Close connections."""
