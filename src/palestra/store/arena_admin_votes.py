"""Votes as an admin looks through them, and what is needed to see how each voter votes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from palestra.records.battle import Source
from palestra.records.winner import Winner
from palestra.store.arena_matchups import ADMIN
from palestra.store.arena_schema import battles, matchups, turns, votes

if TYPE_CHECKING:
    from collections.abc import Collection

_BEGINNING = 300
"""Characters of a prompt that a list needs."""


@dataclass(frozen=True, slots=True)
class ListedVote:
    """A vote with its matchup."""

    matchup_id: str
    voter: str
    kind: str
    models: tuple[str, ...]
    """By slot."""
    winner: str
    ranking: tuple[str, ...] | None
    flags: tuple[str, ...]
    tstamp: float
    created: float
    """When the matchup began."""
    prompt: str | None
    """Its beginning."""


@dataclass(frozen=True, slots=True)
class VoteSearch:
    """Which votes are meant."""

    voter: str | None = None
    flagged: bool = False
    """Those that have a flag, or whose voter is among `suspected`."""
    suspected: tuple[str, ...] = ()

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """What rows must fulfil."""
        found = [] if self.voter is None else [votes.c.voter == self.voter]
        if self.flagged:
            found.append(sa.or_(_is_flagged(), votes.c.voter.in_(self.suspected)))
        return found


class CastVote(NamedTuple):
    """What tells how a voter votes."""

    voter: str
    kind: str
    size: int
    """How many models met."""
    winner: str
    flagged: bool
    fast: bool
    address: str | None
    tstamp: float
    seconds: float
    """From the beginning of the matchup."""


class CastBattles(NamedTuple):
    """Equal decisive blind battles of one voter."""

    voter: str
    winner: str
    loser: str
    n: int


def vote_page(
    connection: sa.Connection, search: VoteSearch, *, limit: int, before: tuple[float, str] | None
) -> list[ListedVote]:
    """Up to `limit` votes, the newest first, after the one of `before` (its time and matchup)."""
    columns = (
        votes.c.matchup_id,
        votes.c.voter,
        votes.c.winner,
        votes.c.ranking,
        votes.c.flags,
        votes.c.tstamp,
    )
    prompt = sa.func.substr(turns.c.prompt, 1, _BEGINNING).label("prompt")
    query = (
        sa.select(*columns, matchups.c.kind, matchups.c.models, matchups.c.created, prompt)
        .join(matchups, matchups.c.id == votes.c.matchup_id)
        .outerjoin(turns, (turns.c.matchup_id == votes.c.matchup_id) & (turns.c.turn == 0))
        .where(*search.conditions())
        .order_by(votes.c.tstamp.desc(), votes.c.matchup_id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(sa.tuple_(votes.c.tstamp, votes.c.matchup_id) < sa.tuple_(*before))
    return [
        ListedVote(
            **{
                **row,
                "models": tuple(row["models"]),
                "ranking": None if row["ranking"] is None else tuple(row["ranking"]),
                "flags": tuple(row["flags"]),
            }
        )
        for row in connection.execute(query).mappings()
    ]


def count_found(connection: sa.Connection, search: VoteSearch) -> int:
    """How many votes are found."""
    query = sa.select(sa.func.count()).select_from(votes).where(*search.conditions())
    return connection.execute(query).scalar_one()


def votes_state(connection: sa.Connection) -> tuple[int, float | None]:
    """What changes when votes come or go: how many there are, and the newest's time."""
    row = connection.execute(sa.select(sa.func.count(), sa.func.max(votes.c.tstamp))).one()
    return row[0], row[1]


def cast_votes(connection: sa.Connection) -> list[CastVote]:
    """All visitors' votes, in the order of time."""
    query = (
        sa.select(votes, matchups.c.kind, matchups.c.models, matchups.c.created)
        .join(matchups, matchups.c.id == votes.c.matchup_id)
        .where(matchups.c.kind != ADMIN)
        .order_by(votes.c.tstamp)
    )
    return [
        CastVote(
            row.voter,
            row.kind,
            len(row.models),
            row.winner,
            bool(row.flags),
            "fast" in row.flags,
            row.address,
            row.tstamp,
            row.tstamp - row.created,
        )
        for row in connection.execute(query)
    ]


def cast_battles(connection: sa.Connection) -> list[CastBattles]:
    """The decisive blind battles of all voters, equal ones counted."""
    c = battles.c
    columns = (c.voter, c.model_a, c.model_b, c.winner)
    query = (
        sa.select(*columns, sa.func.count())
        .where(c.voter.is_not(None), c.source == Source.HUMAN.value, c.anonymous)
        .where(c.winner.in_((Winner.A.value, Winner.B.value)))
        .group_by(*columns)
    )
    return [
        CastBattles(voter, *((a, b) if winner == Winner.A.value else (b, a)), n)
        for voter, a, b, winner, n in connection.execute(query)
    ]


def shared_addresses(cast: Collection[CastVote]) -> dict[str, int]:
    """By voter: how many voters voted from the same address, at most, the voter among them."""
    by_address: dict[str, set[str]] = {}
    for vote in cast:
        if vote.address is not None:
            by_address.setdefault(vote.address, set()).add(vote.voter)
    found: dict[str, int] = {}
    for voters in by_address.values():
        for voter in voters:
            found[voter] = max(found.get(voter, 1), len(voters))
    return found


def _is_flagged() -> sa.ColumnElement[bool]:
    return sa.cast(votes.c.flags, sa.Text) != "[]"
