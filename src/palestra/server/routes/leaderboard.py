"""The leaderboard, and word of its changes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Annotated

import anyio
from fastapi import APIRouter, Depends, Request
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.responses import Response

from palestra.server.boards.query import BoardQuery
from palestra.server.context import Context, InContext, MaybeSession
from palestra.server.event_stream import Visitor
from palestra.server.routes.board_query import board_query, replied
from palestra.server.routes.board_shapes import LeaderboardShape
from palestra.server.security import address_of

router = APIRouter(prefix="/api/leaderboard", tags=["boards"])


@router.get("", responses={200: {"model": LeaderboardShape}})
async def leaderboard(
    request: Request, context: InContext, query: Annotated[BoardQuery, Depends(board_query)]
) -> Response:
    """All ratings of the battles that are chosen: Bradley-Terry with intervals and ranks, Elo, the GPU-Poor
    score, size Elo, win rates. Battles between named models, and those in which an answer told which model
    wrote it, do not count; `left_out` says how many those are.
    """
    return replied(request, await context.boards.leaderboard(query))


@router.get("/events", response_class=EventSourceResponse)
async def events(request: Request, context: InContext, session: MaybeSession) -> EventSourceResponse:
    """A stream with an event `changed`, `{n_battles, seq}` of the main board: at once, and then whenever
    votes came or went, at most once a second.
    """
    stopping = anyio.Event()
    visitor = Visitor(session.voter if session else None, address_of(request))
    return EventSourceResponse(
        _changed(context, visitor, stopping),
        ping=15,
        send_timeout=30,
        sep="\n",
        shutdown_event=stopping,
        shutdown_grace_period=1,
    )


async def _changed(
    context: Context, visitor: Visitor, stopping: anyio.Event
) -> AsyncIterator[ServerSentEvent]:
    displaced = False

    def end() -> None:
        nonlocal displaced
        displaced = True
        stopping.set()

    with context.streams.place(visitor, end):
        async for state in context.boards.changes.listen(stopping):
            yield ServerSentEvent(json.dumps(state), event="changed")
    if displaced:
        yield ServerSentEvent("{}", event="end")
