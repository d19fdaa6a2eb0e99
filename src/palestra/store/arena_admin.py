"""What an admin does to the arena's rows: models' states; votes and all that is known of a voter deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from palestra.store.arena_matchups import ADMIN
from palestra.store.arena_schema import answers, battles, matchups, model_states, turns, votes
from palestra.store.arena_settings import BATTLES_EPOCH, count_up, insert_into
from palestra.store.schema import verdicts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from palestra.store.arena_battles import BattleTable

ABANDONED = "abandoned"
"""The state of a matchup whose vote was deleted."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """How much was deleted."""

    votes: int
    battles: int
    matchups: int


def set_model_state(connection: sa.Connection, label: str, **values: bool | float) -> None:
    """Set `enabled`, `weight` or `retired` of a model; what is not given stays."""
    usual = {"enabled": True, "weight": 1.0, "retired": False}
    statement = insert_into(connection, model_states).values({"label": label} | usual | values)
    if values:
        statement = statement.on_conflict_do_update(index_elements=["label"], set_=values)
        connection.execute(statement)


def battles_by_model(connection: sa.Connection) -> dict[str, int]:
    """How many battles each model has, of whatever source."""
    sides = [sa.select(column.label("model")) for column in (battles.c.model_a, battles.c.model_b)]
    both = sa.union_all(*sides).subquery()
    rows = connection.execute(sa.select(both.c.model, sa.func.count()).group_by(both.c.model))
    return {row[0]: row[1] for row in rows}


def delete_vote(connection: sa.Connection, table: BattleTable, matchup_id: str) -> Deleted | None:
    """Take out a vote and all battles on its matchup, those of judges among them; None if there is no such
    vote. The matchup stays without its link, so that its visitor may still read it; a preference of an
    admin's goes altogether.
    """
    kind = connection.execute(sa.select(matchups.c.kind).where(matchups.c.id == matchup_id)).scalar()
    gone = connection.execute(sa.delete(votes).where(votes.c.matchup_id == matchup_id)).rowcount
    if not gone:
        return None
    n_battles = table.delete_matchup(matchup_id, connection=connection)
    if kind == ADMIN:
        connection.execute(sa.delete(turns).where(turns.c.matchup_id == matchup_id))
        n_matchups = connection.execute(sa.delete(matchups).where(matchups.c.id == matchup_id)).rowcount
        return Deleted(gone, n_battles, n_matchups)
    closed = sa.update(matchups).where(matchups.c.id == matchup_id)
    connection.execute(closed.values(state=ABANDONED, share_id=None))
    return Deleted(gone, n_battles, 0)


def matchups_of(connection: sa.Connection, voter: str) -> list[str]:
    """The ids of all matchups of a voter."""
    return list(connection.execute(sa.select(matchups.c.id).where(matchups.c.voter == voter)).scalars())


def delete_voter(connection: sa.Connection, voter: str) -> Deleted:
    """Take out everything of a voter: votes, battles, judges' battles on the voter's matchups, matchups with
    their turns and answers, and judges' verdicts on prompts that nobody else asked.
    """
    own = sa.select(matchups.c.id).where(matchups.c.voter == voter)
    theirs = sa.or_(battles.c.voter == voter, battles.c.matchup_id.in_(own))
    asked = sa.select(battles.c.question_id).where(theirs, battles.c.question_id.is_not(None)).distinct()
    questions = connection.execute(asked).scalars().all()
    n_battles = connection.execute(sa.delete(battles).where(theirs)).rowcount
    if n_battles:
        count_up(connection, BATTLES_EPOCH)
    _delete_verdicts(connection, questions)
    for table in (turns, answers):
        connection.execute(sa.delete(table).where(table.c.matchup_id.in_(own)))
    n_votes = connection.execute(sa.delete(votes).where(votes.c.voter == voter)).rowcount
    n_matchups = connection.execute(sa.delete(matchups).where(matchups.c.voter == voter)).rowcount
    return Deleted(n_votes, n_battles, n_matchups)


def _delete_verdicts(connection: sa.Connection, questions: Sequence[str]) -> None:
    """Verdicts on prompts that a visitor typed, unless battles on them are left."""
    typed = [name for name in questions if name.startswith("typed-")]
    for start in range(0, len(typed), 500):
        some = typed[start : start + 500]
        kept = sa.select(battles.c.question_id).where(battles.c.question_id.in_(some))
        gone = verdicts.c.question_id.in_(some) & verdicts.c.question_id.not_in(kept)
        connection.execute(sa.delete(verdicts).where(gone))
