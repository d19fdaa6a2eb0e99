"""Votes and voters: looked through, and deleted."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from palestra.server.context import AdminOnly, Context, InContext
from palestra.server.problems import Problem
from palestra.store.arena_admin import delete_vote, delete_voter, matchups_of
from palestra.store.arena_admin_votes import ListedVote, VoteSearch, count_found, vote_page

if TYPE_CHECKING:
    import sqlalchemy as sa

    from palestra.store.arena_admin import Deleted

router = APIRouter(prefix="/api/admin", tags=["admin"], dependencies=[AdminOnly])

Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=100)]


class VoteShape(BaseModel):
    """One vote."""

    matchup_id: str
    voter: str
    kind: str
    models: list[str]
    winner: str
    ranking: list[str] | None
    flags: list[str]
    """Its own, and why its voter is suspected."""
    tstamp: float
    seconds: float
    """From the beginning of the battle to the vote."""
    prompt: str | None
    """Its beginning."""


class VotesShape(BaseModel):
    """A page of votes, the newest first."""

    items: list[VoteShape]
    next: str | None
    total: int


class VoterShape(BaseModel):
    """One voter; all times are UTC epoch seconds."""

    voter: str
    votes: int
    first: float
    last: float
    flagged: int
    seconds: float
    sides: dict[str, int]
    ties: int
    opinions: int
    agreement: float | None
    expected: float | None
    same_address: int
    flags: list[str]
    reasons: list[str]


class VotersShape(BaseModel):
    """A page of voters, those with most flags first."""

    items: list[VoterShape]
    next: str | None
    total: int


class DeletedShape(BaseModel):
    """How much was deleted."""

    votes: int
    battles: int
    matchups: int


@router.get("/votes")
async def votes(
    context: InContext,
    flagged: Annotated[bool, Query(description="only those that should be looked at")] = False,
    voter: Annotated[str | None, Query(max_length=64)] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> VotesShape:
    """Votes, the newest first."""
    suspected = {one.voter: one.flags for one in await context.voters.all() if one.flags}
    search = VoteSearch(voter or None, flagged, tuple(suspected))
    before = None if cursor is None else _read_cursor(cursor)
    found, n = await run_in_threadpool(_page, context, search, limit + 1, before)
    more = len(found) > limit
    items = [_told(vote, suspected.get(vote.voter, ())) for vote in found[:limit]]
    last = found[limit - 1] if more else None
    after = None if last is None else f"{last.tstamp!r}~{last.matchup_id}"
    return VotesShape(items=items, next=after, total=n)


@router.delete("/votes/{matchup_id}")
async def remove_vote(matchup_id: str, context: InContext) -> DeletedShape:
    """Delete a vote with its battles; the ratings follow at once."""

    def work(connection: sa.Connection) -> Deleted | None:
        return delete_vote(connection, context.boards.table, matchup_id)

    await context.hub.drop([matchup_id])
    gone = await context.writer.write(work)
    if gone is None:
        raise Problem(404, "There is no such vote.")
    return _deleted(context, gone)


@router.get("/voters")
async def voters(context: InContext, cursor: Cursor = None, limit: Limit = 100) -> VotersShape:
    """Voters, those with most flags first, then those with most votes."""
    start = 0
    if cursor is not None:
        if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 10):
            raise Problem(422, "cursor: this is none that was given out here")
        start = int(cursor)
    found = await context.voters.all()
    items = [VoterShape.model_validate(asdict(one)) for one in found[start : start + limit]]
    end = start + limit
    return VotersShape(items=items, next=str(end) if end < len(found) else None, total=len(found))


@router.delete("/voters/{voter}")
async def remove_voter(voter: str, context: InContext) -> DeletedShape:
    """Delete everything of a voter: votes, battles, prompts and answers; the ratings follow at once."""
    await context.hub.drop(await run_in_threadpool(_matchups, context, voter))
    gone = await context.writer.write(lambda connection: delete_voter(connection, voter))
    if not (gone.votes or gone.battles or gone.matchups):
        raise Problem(404, "There is no such voter.")
    return _deleted(context, gone)


def _deleted(context: Context, gone: Deleted) -> DeletedShape:
    context.voted.send()
    return DeletedShape.model_validate(asdict(gone))


def _matchups(context: Context, voter: str) -> list[str]:
    with context.database.reading() as connection:
        return matchups_of(connection, voter)


def _page(
    context: Context, search: VoteSearch, limit: int, before: tuple[float, str] | None
) -> tuple[list[ListedVote], int]:
    with context.database.reading() as connection:
        found = vote_page(connection, search, limit=limit, before=before)
        return found, count_found(connection, search)


def _told(vote: ListedVote, whys: tuple[str, ...]) -> VoteShape:
    data = asdict(vote) | {"flags": [*vote.flags, *(why for why in whys if why not in vote.flags)]}
    return VoteShape.model_validate(data | {"seconds": vote.tstamp - vote.created})


def _read_cursor(cursor: str) -> tuple[float, str]:
    time, _, matchup_id = cursor.partition("~")
    try:
        return float(time), matchup_id
    except ValueError:
        raise Problem(422, "cursor: this is none that was given out here") from None
