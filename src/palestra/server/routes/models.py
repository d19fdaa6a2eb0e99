"""The models, and a page for each."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from palestra.server.boards.battle_view import battle_row
from palestra.server.boards.query import BoardQuery
from palestra.server.context import InContext
from palestra.server.problems import Problem
from palestra.server.routes.board_query import board_query
from palestra.server.routes.board_shapes import ListedModelShape, ModelPageShape
from palestra.store.arena_battle_filter import Search
from palestra.store.arena_battle_pages import page

router = APIRouter(prefix="/api/models", tags=["boards"])

_LATEST = 10


@router.get("", responses={200: {"model": list[ListedModelShape]}})
async def models(context: InContext) -> JSONResponse:
    """The arena's models, in the order of its config."""
    return JSONResponse(context.boards.facts.listed())


@router.get("/{label:path}", responses={200: {"model": ModelPageShape}})
async def model(
    label: str, context: InContext, query: Annotated[BoardQuery, Depends(board_query)]
) -> JSONResponse:
    """One model: its row, opponents, history, categories and latest battles. 404 if nobody knows it."""
    boards = context.boards
    found = await boards.model(label, query)
    table = boards.book(query.folder).table
    search = Search(query.selection, model=label)
    latest = await run_in_threadpool(page, table, search, limit=_LATEST)
    if found["row"] is None and not latest and label not in context.roster.labels:
        raise Problem(404, f"There is no model {label!r} here.")
    latest_rows = [battle_row(row) for row in latest]
    return JSONResponse({**found, "source": query.selection.source, "latest": latest_rows})
