"""Judges of the config on the arena's battles: what it would take, begun, watched, stopped."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from palestra.server.context import AdminOnly, Context, InContext
from palestra.server.judging.docket import Docket, Estimate
from palestra.server.problems import Problem
from palestra.store.arena_judge_runs import JudgeRunRow

router = APIRouter(prefix="/api/admin/judge-runs", tags=["admin"], dependencies=[AdminOnly])

Name = Annotated[str | None, Field(max_length=300)]
Time = Annotated[float | None, Field(allow_inf_nan=False)]


class Filter(BaseModel):
    """Which battles; what is left out is any."""

    model_config = ConfigDict(extra="forbid")
    source: Literal["people", "judge", "all"] = "people"
    dataset: Name = None
    category: Name = None
    language: Name = None
    run: Name = None
    """A judge run's id."""
    since: Time = None
    until: Time = None
    model: Name = None
    opponent: Name = None
    flag: Name = None


class NewJudgeRun(BaseModel):
    """What to judge, and by whom."""

    model_config = ConfigDict(extra="forbid")
    judge: Annotated[str, Field(min_length=1, max_length=300)]
    """A judge's label in the config."""
    filter: Filter = Filter()
    limit: Annotated[int | None, Field(ge=1, le=1_000_000)] = None
    """The newest so many battles."""
    max_cost: Annotated[float | None, Field(ge=0, allow_inf_nan=False)] = None
    """USD that it may spend."""
    dry_run: bool = False
    """Only say what it would take."""


class EstimateShape(BaseModel):
    """What a run would take."""

    judge: str
    battles: int
    total: int
    """Verdicts in all."""
    stored: int
    """Of those, there already: they are not asked for again."""
    calls: int
    """Verdicts to be asked for."""
    free: bool
    """Whether that calls no model server."""
    tokens_in: float
    tokens_out: float
    cost_usd: float | None
    """About so much; null if no price is known."""


class JudgeRunShape(BaseModel):
    """A run and how far it is."""

    id: str
    judge: str
    state: str
    filter: dict[str, Any]
    limit: int | None
    max_cost: float | None
    total: int
    """Verdicts in all."""
    done: int
    """Verdicts that decided."""
    failed: int
    """Verdicts that did not; they make no battles."""
    reused: int
    """Of both, found in the store."""
    failures: dict[str, int]
    """By kind."""
    cost_usd: float | None
    rate: float | None
    """Verdicts a second, while it runs here."""
    seconds_left: float | None
    created: float
    finished: float | None
    error: str | None


class JudgeRunsShape(BaseModel):
    """All runs, the newest first."""

    items: list[JudgeRunShape]
    next: str | None
    total: int
    judges: list[str]
    """Who could be asked: the labels of the config's judges."""


@router.post(
    "",
    status_code=201,
    response_model=JudgeRunShape | EstimateShape,
    responses={200: {"model": EstimateShape}},
)
async def begin(body: NewJudgeRun, response: Response, context: InContext) -> JudgeRunShape | EstimateShape:
    """Begin a run, or with `dry_run` say how many calls it would make and what they would cost."""
    docket = Docket(body.filter.model_dump(exclude_none=True), body.limit, body.max_cost)
    if not body.dry_run:
        return _told(context, await context.judge_runs.begin(body.judge, docket))
    _, found = await context.judge_runs.estimate(body.judge, docket)
    response.status_code = 200
    return _estimate(body.judge, found)


@router.get("")
async def runs(
    context: InContext,
    cursor: Annotated[str | None, Query(max_length=20)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> JudgeRunsShape:
    """Runs, the newest first."""
    if cursor is not None and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 10):
        raise Problem(422, "cursor: this is none that was given out here")
    start = int(cursor or 0)
    found = await context.judge_runs.all()
    end = start + limit
    return JudgeRunsShape(
        items=[_told(context, row) for row in found[start:end]],
        next=str(end) if end < len(found) else None,
        total=len(found),
        judges=context.judge_runs.judges,
    )


@router.get("/{run_id}")
async def run(run_id: str, context: InContext) -> JudgeRunShape:
    """A run and how far it is."""
    return _told(context, await context.judge_runs.get(run_id))


@router.post("/{run_id}/stop")
async def stop(run_id: str, context: InContext) -> JudgeRunShape:
    """Stop a run. Calls under way are waited for, and count; one that ended stays as it is."""
    return _told(context, await context.judge_runs.stop(run_id))


@router.post("/{run_id}/resume")
async def resume(run_id: str, context: InContext) -> JudgeRunShape:
    """Go on with a run that ended; what is in the store is not asked for again, what failed is."""
    return _told(context, await context.judge_runs.resume(run_id))


def _estimate(judge: str, found: Estimate) -> EstimateShape:
    return EstimateShape.model_validate({"judge": judge, "calls": found.calls, **asdict(found)})


def _told(context: Context, row: JudgeRunRow) -> JudgeRunShape:
    docket = Docket.of(row.filter)
    rate, left = context.judge_runs.rate(row.id)
    return JudgeRunShape(
        **{
            **asdict(row),
            "filter": dict(docket.where),
            "limit": docket.limit,
            "max_cost": docket.max_cost,
            "rate": rate,
            "seconds_left": left,
        }
    )
