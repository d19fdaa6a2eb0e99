"""Votes: written once each, in one transaction with the battles that they make."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from palestra.errors import UsageError
from palestra.store.arena_matchups import VOTED, close_matchup
from palestra.store.arena_schema import votes
from palestra.store.arena_settings import for_each_dialect

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from palestra.records.battle import Battle
    from palestra.store.arena_battles import BattleTable


class NotOpenError(UsageError):
    """The matchup waits for no vote: it was replaced."""

    http_status = 409


@dataclass(frozen=True, slots=True)
class VoteRow:
    """A row of `votes`."""

    matchup_id: str
    voter: str
    winner: str
    ranking: tuple[str, ...] | None
    flags: tuple[str, ...]
    tstamp: float
    address: str | None = None
    reveal: Mapping[str, Any] | None = None
    """What the voter was told of the models' standings."""

    def same(self, winner: str, ranking: tuple[str, ...] | None) -> bool:
        """Whether another vote says the same."""
        return (self.winner, self.ranking) == (winner, ranking)


_COLUMNS = tuple(field.name for field in fields(VoteRow))
_INSERT = for_each_dialect(
    lambda insert: (
        insert(votes).on_conflict_do_nothing(index_elements=["matchup_id"]).returning(votes.c.matchup_id)
    )
)


def record_vote(
    connection: sa.Connection,
    table: BattleTable,
    vote: VoteRow,
    battles: Sequence[Battle],
    share_id: str,
) -> VoteRow:
    """Write a vote, what it decides and the matchup's new state. Returns the vote that counts: this one, or
    the one that was there before.

    Raises:
        NotOpenError: the matchup is not open; nothing is to be kept.
    """
    values = {name: getattr(vote, name) for name in _COLUMNS}  # asdict would copy what `reveal` holds
    values["ranking"] = None if vote.ranking is None else list(vote.ranking)
    values["flags"] = list(vote.flags)
    if connection.execute(_INSERT[connection.dialect.name], values).first() is None:
        earlier = read_vote(connection, vote.matchup_id)
        return vote if earlier is None else earlier
    if not close_matchup(connection, vote.matchup_id, VOTED, vote.tstamp, share_id=share_id):
        raise NotOpenError("This battle was replaced, so it takes no vote.")
    table.insert(battles, matchup_id=vote.matchup_id, connection=connection)
    return vote


def read_vote(connection: sa.Connection, matchup_id: str) -> VoteRow | None:
    """The vote on a matchup, or None."""
    found = connection.execute(sa.select(votes).where(votes.c.matchup_id == matchup_id)).mappings().first()
    if found is None:
        return None
    ranking = None if found["ranking"] is None else tuple(found["ranking"])
    return VoteRow(**{**found, "ranking": ranking, "flags": tuple(found["flags"])})


def count_votes(connection: sa.Connection, voter: str) -> int:
    """How many votes of this voter are stored."""
    counted = sa.select(sa.func.count()).select_from(votes).where(votes.c.voter == voter)
    return connection.execute(counted).scalar_one()
