"""Potato's Model Arena, call by call. Its page is the app's `/admin/arena`."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from palestra.server.context import AdminOnly, Context, InContext
from palestra.server.potato.board import PotatoBoard, Strategy
from palestra.server.potato.preferences import Preference, record
from palestra.server.potato.runs import admin_voter, run
from palestra.server.problems import Problem

router = APIRouter(prefix="/admin/arena/api", tags=["admin arena"], dependencies=[AdminOnly])

_STRATEGIES: tuple[Strategy, ...] = ("uncertainty", "moderate_margin", "random")
_MOST_PAIRS = 1000


class RunBody(BaseModel):
    """What to ask."""

    prompt: str


class PreferenceBody(BaseModel):
    """Which answer to a prompt was best."""

    prompt: str
    winner: str
    """A label."""
    ranking: Annotated[list[str], Field(min_length=1, max_length=1000)] | None = None
    """Labels, best first."""


class ResultShape(BaseModel):
    """One model's reply."""

    label: str
    model: str
    response: str | None
    latency_ms: int
    error: str | None


class AskedShape(BaseModel):
    """All replies, in the order of the config."""

    prompt: str
    results: list[ResultShape]


class LineShape(BaseModel):
    """One model's numbers; all are null before the first preference."""

    label: str
    wins: int | None
    comparisons: int | None
    win_rate: float | None
    win_rate_lo: float | None
    win_rate_hi: float | None
    elo: float | None
    bt_score: float | None


class BoardShape(BaseModel):
    """The leaderboard, the best first."""

    leaderboard: list[LineShape]


class RecordedShape(BoardShape):
    """That a preference is counted, and what the leaderboard is now."""

    recorded: bool


class PairShape(BaseModel):
    """A training row."""

    prompt: str
    chosen: str
    rejected: str
    winner: str
    loser: str


class ExportShape(BaseModel):
    """All training rows."""

    count: int
    pairs: list[PairShape]


class SuggestedShape(BaseModel):
    """Two answers worth comparing."""

    prompt: str
    model_a: str
    model_b: str
    response_a: str
    response_b: str
    acquisition: float
    strategy: str
    decided: bool
    """Whether the two were compared on this prompt already."""


class SuggestionsShape(BaseModel):
    """What to compare next."""

    count: int
    strategy: str
    pairs: list[SuggestedShape]


@router.post("/run")
async def ask_all(body: RunBody, context: InContext) -> AskedShape:
    """Ask every model at once. One that fails has an error in place of a response."""
    prompt = _checked(body.prompt, context)
    results = await run(context, prompt)
    return AskedShape.model_validate({"prompt": prompt, "results": results})


@router.post("/preference")
async def prefer(body: PreferenceBody, context: InContext) -> RecordedShape:
    """Count which answer was best, or a ranking; the same again is counted once."""
    ranking = None if body.ranking is None else tuple(body.ranking)
    preference = Preference(_checked(body.prompt, context), _label(body.winner), ranking)
    await record(context, preference)
    rows = await run_in_threadpool(_board(context).leaderboard)
    return RecordedShape.model_validate({"recorded": True, "leaderboard": rows})


@router.get("/leaderboard")
async def leaderboard(context: InContext) -> BoardShape:
    """The models by their score."""
    rows = await run_in_threadpool(_board(context).leaderboard)
    return BoardShape.model_validate({"leaderboard": rows})


@router.get("/export_dpo")
async def export_dpo(context: InContext) -> ExportShape:
    """Every decided pair as a training row."""
    pairs = await run_in_threadpool(_board(context).export_dpo)
    return ExportShape.model_validate({"count": len(pairs), "pairs": pairs})


@router.get("/suggest_pairs")
async def suggest_pairs(
    context: InContext,
    k: Annotated[int, Query(ge=1, le=_MOST_PAIRS)] = 10,
    strategy: Annotated[str, Query(description=", ".join(_STRATEGIES))] = "uncertainty",
) -> SuggestionsShape:
    """Pairs of answers that are worth comparing next."""
    chosen = next((known for known in _STRATEGIES if known == strategy), None)
    if chosen is None:
        known = ", ".join(_STRATEGIES)
        raise Problem(400, f"strategy: {strategy[:40]!r} is not known.", hint=f"known: {known}")
    pairs = await run_in_threadpool(_board(context).suggestions, k, chosen, np.random.default_rng())
    return SuggestionsShape.model_validate({"count": len(pairs), "strategy": chosen, "pairs": pairs})


def _board(context: Context) -> PotatoBoard:
    return PotatoBoard(context.database, admin_voter(context), context.roster.labels)


def _label(text: Any) -> str:
    if not str(text).strip():
        raise Problem(400, "winner: is missing.")
    return str(text)


def _checked(text: str, context: Context) -> str:
    """A prompt that can be asked and stored."""
    most = context.settings.config.serve.max_prompt_chars
    if not text.strip():
        raise Problem(400, "prompt: is blank.")
    if len(text) > most:
        raise Problem(413, f"prompt: {len(text)} characters; at most {most} are taken.", code="length")
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise Problem(422, "prompt: it holds a character that is none.")
    return text
