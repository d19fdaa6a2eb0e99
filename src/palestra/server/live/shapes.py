"""The shapes of what is told of matchups, for the API's documentation."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel


class FailureShape(BaseModel):
    """Why there is no answer; `kind` is `failed` as long as the models are hidden."""

    kind: str
    message: str


class AnswerShape(BaseModel):
    """One answer. What was measured is told only when the models may be."""

    slot: str
    status: Literal["waiting", "streaming", "done", "failed", "stopped"]
    text: str
    thinking: str
    latency_ms: float | None = None
    first_token_ms: float | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost_usd: float | None = None
    failure: FailureShape | None = None


class TurnShape(BaseModel):
    """A prompt and its answers, by slot."""

    turn: int
    prompt: str
    answers: list[AnswerShape]


class ModelShape(BaseModel):
    """Who answers in a slot."""

    slot: str
    label: str
    organisation: str | None
    licence: str | None
    size_b: float | None


class StandingShape(BaseModel):
    """A model's place on the main board."""

    rating: float
    ci_low: float | None
    ci_high: float | None
    rank: int
    n_battles: int
    enough: bool


class RevealedShape(ModelShape):
    """A model after the vote, with its standing before and after it; sums over all turns."""

    before: StandingShape | None
    after: StandingShape | None
    latency_ms: float | None
    tokens_out: int | None
    cost_usd: float | None


class RevealShape(BaseModel):
    """What the voter is told once the vote is counted."""

    winner: str
    ranking: list[str] | None
    models: list[RevealedShape]
    counted: bool
    """Whether the vote moves a rating; `note` says why not."""
    note: str | None
    share: str | None


class MatchupShape(BaseModel):
    """A matchup. `models` is null while it is blind and undecided."""

    id: str
    kind: Literal["blind", "named", "admin"]
    token: str | None
    """To be sent with the vote."""
    state: Literal["open", "voted", "replaced", "abandoned"]
    size: int
    system: str | None
    created: float
    slots: list[str]
    models: list[ModelShape] | None
    turns: list[TurnShape]
    can_vote: bool
    vote_now: bool
    """A vote is taken though something is still being said; it is then stopped."""
    replaced_by: str | None
    reason: str | None
    reveal: RevealShape | None
    share: str | None
