"""Decided battles, for whoever has the link."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from palestra.server.context import Context, InContext
from palestra.server.live.matchup import LiveMatchup
from palestra.server.live.shapes import MatchupShape
from palestra.server.live.views import matchup_view
from palestra.server.problems import Problem
from palestra.store.arena_matchups import read_shared
from palestra.store.arena_votes import read_vote

router = APIRouter(prefix="/api", tags=["battles"])


@router.get("/shared/{share_id}", responses={200: {"model": MatchupShape}})
async def shared(share_id: str, context: InContext) -> JSONResponse:
    """A decided battle, with its models and the vote; who voted is not told."""
    live = await run_in_threadpool(_read, share_id, context)
    if live is None:
        raise Problem(404, "There is no such battle, or it is shared no more.")
    return JSONResponse(matchup_view(live, context.roster, None))


def _read(share_id: str, context: Context) -> LiveMatchup | None:
    with context.database.reading() as connection:
        stored = read_shared(connection, share_id)
        vote = None if stored is None else read_vote(connection, stored.row.id)
    if stored is None or vote is None:
        return None
    return LiveMatchup.of(stored, paced=False, vote=vote)
