"""The shapes of what boards reply, for the documentation of the API."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from palestra.store.arena_battle_filter import By


class FacetShape(BaseModel):
    """A value of a filter, and the battles there are of it under the other filters."""

    name: str
    n: int


class SubsetsShape(BaseModel):
    """The subsets of some battles."""

    subsets: list[FacetShape]


class FacetsShape(BaseModel):
    """What one can choose from."""

    categories: list[FacetShape]
    datasets: list[FacetShape]
    languages: list[FacetShape]
    sources: list[FacetShape]


class ModelFactsShape(BaseModel):
    """What is told of a model."""

    organisation: str | None
    licence: str | None
    size_b: float | None
    retired: bool


class UnratedShape(ModelFactsShape):
    """A model of the arena without a battle here."""

    model: str


class ListedModelShape(ModelFactsShape):
    """A model of the arena."""

    label: str
    enabled: bool


class RowShape(ModelFactsShape):
    """One model's ratings and record."""

    rank: int
    rank_low: int
    rank_high: int
    model: str
    rating: float
    ci_low: float | None
    ci_high: float | None
    elo: float
    gladiator: float
    size_elo: float | None
    win_rate: float | None
    win_rate_low: float | None
    win_rate_high: float | None
    n_battles: int
    wins: float
    losses: float
    ties: float
    both_bad: float
    enough: bool
    flags: list[str]
    component: int


class LeftOutShape(BaseModel):
    """Battles of the filter that do not count."""

    named: int
    identity_leak: int


class MethodShape(BaseModel):
    """How the ratings were made."""

    name: str
    scale: float
    base: float
    anchor: dict[str, float] | None
    interval: dict[str, Any]


class LeaderboardShape(BaseModel):
    """A whole board."""

    arena: str
    filter: dict[str, Any]
    n_battles: int
    n_voters: int
    left_out: LeftOutShape
    updated: float | None
    min_votes: int
    method: MethodShape
    warnings: list[str]
    facets: FacetsShape
    rows: list[RowShape]
    unrated: list[UnratedShape]


class BattleRowShape(BaseModel):
    """A battle as lists show it."""

    battle_id: str
    model_a: str
    model_b: str
    winner: str
    source: str | None
    judge_model: str | None
    category: str | None
    dataset: str | None
    language: str | None
    tstamp: float | None
    score: float
    flags: list[str]
    prompt_excerpt: str | None


class BattleListShape(BaseModel):
    """A page of battles."""

    items: list[BattleRowShape]
    next: str | None
    total: int


class VerdictFailureShape(BaseModel):
    """Why there is no verdict."""

    kind: str
    message: str


class VerdictShape(BaseModel):
    """One reply of a judge, told of model_a and model_b."""

    judge_model: str
    order: str
    label: str | None
    winner: str | None
    score_a: float | None
    score_b: float | None
    explanation: str | None
    raw: str | None
    failure: VerdictFailureShape | None


class BattleShape(BattleRowShape):
    """A battle whole."""

    question_id: str | None
    order: str | None
    repeat: int | None
    anonymous: bool | None
    score_a: float | None
    score_b: float | None
    prompt: str | list[dict[str, str]] | None
    response_a: str | list[dict[str, str]] | None
    response_b: str | list[dict[str, str]] | None
    style: dict[str, dict[str, float] | None]
    verdicts: list[VerdictShape]
    share: str | None


class OpponentShape(BaseModel):
    """The record against one opponent, and the share of the win that the ratings expect."""

    model: str
    n: int
    wins: float
    losses: float
    ties: float
    win_rate: float | None
    predicted: float | None


class CategoryShape(BaseModel):
    """The record in one category."""

    category: str
    n: int
    win_rate: float | None
    low: float | None
    high: float | None


class ModelPageShape(ModelFactsShape):
    """A model's page."""

    label: str
    source: By
    row: RowShape | None
    opponents: list[OpponentShape]
    history: dict[str, list[float | None]]
    categories: list[CategoryShape]
    latest: list[BattleRowShape]


class RunShape(BaseModel):
    """A result folder; what its manifest says is there once it was opened."""

    name: str
    state: str
    error: str | None
    n_battles: int
    arena: str = ""
    run_id: str = ""
    started: float = 0.0
    finished: float = 0.0
    complete: bool = True
    n_prompts: int = 0
    n_matchups: int = 0
    failed_answers: int = 0
    failed_verdicts: int = 0
