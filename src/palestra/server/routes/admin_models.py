"""Models on and off, how often they are drawn, and which are retired."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StrictBool
from starlette.concurrency import run_in_threadpool

from palestra.server.context import AdminOnly, Context, InContext
from palestra.server.problems import Problem
from palestra.server.roster import ModelState
from palestra.store.arena_admin import battles_by_model, set_model_state

if TYPE_CHECKING:
    import sqlalchemy as sa

router = APIRouter(prefix="/api/admin/models", tags=["admin"], dependencies=[AdminOnly])


class Change(BaseModel):
    """What to change; what is left out stays."""

    model_config = ConfigDict(extra="forbid")
    enabled: StrictBool | None = None
    """Off: it meets nobody."""
    weight: Annotated[float | None, Field(ge=0, le=1000, allow_inf_nan=False)] = None
    """How often it is drawn, compared with others; 0 takes it out of blind battles."""
    retired: StrictBool | None = None
    """It meets nobody; its battles stay, and boards can hide it."""


class AdminModel(BaseModel):
    """One model as the admin sees it."""

    label: str
    organisation: str | None
    licence: str | None
    size_b: float | None
    enabled: bool
    weight: float
    retired: bool
    n_battles: int
    """Of whatever source."""
    configured: bool
    """False: it is known from battles only."""


class AdminModels(BaseModel):
    """All models."""

    items: list[AdminModel]
    next: None = None
    total: int


@router.get("")
async def models(context: InContext) -> AdminModels:
    """All models: those of the config in its order, then those that only battles know."""
    counts = await run_in_threadpool(_counts, context)
    others = sorted(counts.keys() - set(context.roster.labels))
    items = [_told(context, label, counts) for label in (*context.roster.labels, *others)]
    return AdminModels(items=items, total=len(items))


@router.patch("/{label:path}")
async def change(label: str, body: Change, context: InContext) -> AdminModel:
    """Change a model; pairing and boards follow at once."""
    counts = await run_in_threadpool(_counts, context)
    if context.roster.get(label) is None and label not in counts:
        raise Problem(404, f"There is no model {label[:80]!r}.")
    values: dict[str, Any] = body.model_dump(exclude_none=True)

    def work(connection: sa.Connection) -> None:
        set_model_state(connection, label, **values)

    await context.writer.write(work)
    await run_in_threadpool(context.roster.reload)
    context.voted.send()
    return _told(context, label, counts)


def _counts(context: Context) -> dict[str, int]:
    with context.database.reading() as connection:
        return battles_by_model(connection)


def _told(context: Context, label: str, counts: dict[str, int]) -> AdminModel:
    state = context.roster.states.get(label, ModelState())
    return AdminModel(
        **{**context.roster.facts(label), "size_b": context.boards.facts.of(label)["size_b"]},
        enabled=state.enabled,
        weight=state.weight,
        retired=state.retired,
        n_battles=counts.get(label, 0),
        configured=context.roster.get(label) is not None,
    )
