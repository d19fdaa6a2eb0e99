from __future__ import annotations

import math
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from palestra.records.base import Record, Share, Words
from palestra.records.matchup import Order
from palestra.records.prompt import Message
from palestra.records.winner import Winner


class Source(StrEnum):
    """Who decided a battle."""

    HUMAN = "human"
    JUDGE = "llm-judge"
    METRIC = "metric"


class Flag(StrEnum):
    """What a reader of a battle should know."""

    ORDER_DISAGREEMENT = "order_disagreement"
    """The judge named different winners in the two orders."""
    PANEL_INCOMPLETE = "panel_incomplete"
    """Not every judge of the panel decided."""
    IDENTITY_LEAK = "identity_leak"
    """An answer says which model wrote it."""


def _winner(value: Any) -> Any:
    return Winner.parse(value) if isinstance(value, str) else value


Text = Words | tuple[Message, ...]
"""A text, or a conversation."""


class Battle(Record):
    """A decided matchup: the row that ratings read. Only the models and the winner are required."""

    battle_id: str | None = None
    question_id: str | None = None
    model_a: str
    """What was shown first or left (with order `ba`: what was shown second)."""
    model_b: str
    winner: Annotated[Winner, BeforeValidator(_winner)]
    source: Source | None = None
    judge_model: str | None = None
    dataset: str | None = None
    subset: str | None = None
    category: str | None = None
    language: str | None = None
    tstamp: float | None = None
    """UTC epoch seconds."""
    run_id: str | None = None
    order: Order | None = None
    repeat: int | None = None
    weight: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0
    soft: bool = False
    """Whether ratings read `pref` in place of `winner`."""
    pref: Share | None = None
    """A's share of the win."""
    score_a: float | None = None
    score_b: float | None = None
    flags: tuple[str, ...] = ()
    voter: str | None = None
    """A salted hash."""
    anonymous: bool | None = None
    """Whether the voter did not know which models met."""
    prompt: Text | None = None
    response_a: Text | None = None
    response_b: Text | None = None
    style: dict[str, float] | None = None
    """`tokens_a`, `tokens_b`, `headers_a`, …"""

    def share(self) -> float:
        """What ratings read: A's share of the win."""
        if self.soft and self.pref is not None and not math.isnan(self.pref):
            return self.pref
        return self.winner.share
