"""An admin's runs and preferences: one prompt to all models, and who of them was best.

A run is a matchup of the kind `admin` that stays open. Each preference on it is a matchup of its own, voted
on, whose id derives from what it says: so the same preference is there once, however often it is sent.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from palestra.records.battle import Source
from palestra.records.winner import Winner
from palestra.store.arena_battle_rows import unpacked
from palestra.store.arena_matchups import ADMIN, OPEN, read_matchup
from palestra.store.arena_schema import answers, battles, matchups, turns, votes
from palestra.store.arena_settings import insert_into

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from palestra.records.battle import Battle
    from palestra.store.arena_battles import BattleTable
    from palestra.store.arena_matchups import MatchupRow, StoredMatchup, TurnRow
    from palestra.store.arena_votes import VoteRow

_LOOKED_AT = 20
"""Runs of one prompt, the newest first, among which a finished one is looked for."""


@dataclass(frozen=True, slots=True)
class Decided:
    """One pair of a preference."""

    preference: str
    """Its matchup."""
    question_id: str | None
    winner: str
    loser: str


@dataclass(frozen=True, slots=True)
class Asked:
    """The newest finished run of a prompt."""

    matchup_id: str
    question_id: str
    answered: Mapping[int, str]
    """The labels of the models that answered, by slot."""


def finished_run(
    connection: sa.Connection, voter: str, question_id: str, prompt: str
) -> StoredMatchup | None:
    """The newest run of a prompt in which every model answered or failed, or None."""
    query = (
        sa.select(matchups.c.id)
        .where(*_runs(voter), matchups.c.question_id == question_id)
        .order_by(matchups.c.created.desc(), matchups.c.id)
        .limit(_LOOKED_AT)
    )
    for matchup_id in connection.execute(query).scalars().all():
        found = read_matchup(connection, matchup_id)
        if found is None or found.turns[0].prompt.strip() != prompt.strip():
            continue
        if len(found.answers) == len(found.row.models):
            return found
    return None


def record_preference(
    connection: sa.Connection,
    table: BattleTable,
    row: MatchupRow,
    turn: TurnRow,
    vote: VoteRow,
    decided: Sequence[Battle],
) -> bool:
    """Write a preference with its battles; False if it is there already."""
    insert = insert_into(connection, matchups).values(asdict(row) | {"models": list(row.models)})
    insert = insert.on_conflict_do_nothing(index_elements=["id"]).returning(matchups.c.id)
    if connection.execute(insert).first() is None:
        return False
    connection.execute(sa.insert(turns).values(asdict(turn) | {"matchup_id": row.id}))
    ranking = None if vote.ranking is None else list(vote.ranking)
    values = asdict(vote) | {"ranking": ranking, "flags": list(vote.flags)}
    connection.execute(sa.insert(votes).values(values))
    table.insert(decided, matchup_id=row.id, connection=connection)
    return True


def decided_pairs(connection: sa.Connection, voter: str) -> list[Decided]:
    """All pairs of all preferences, in the order in which they came."""
    c = battles.c
    columns = (c.matchup_id, c.question_id, c.model_a, c.model_b, c.winner)
    rows = connection.execute(sa.select(*columns).where(*_own(voter)).order_by(c.seq))
    pairs = []
    for matchup_id, question_id, a, b, winner in rows:
        won, lost = (a, b) if winner == Winner.A.value else (b, a)
        pairs.append(Decided(matchup_id, question_id, won, lost))
    return pairs


def preference_texts(connection: sa.Connection, voter: str) -> list[dict[str, object]]:
    """All pairs of all preferences with their texts: prompt, chosen, rejected, winner, loser."""
    c = battles.c
    columns = (c.prompt, c.response_a, c.response_b, c.model_a, c.model_b, c.winner)
    rows = connection.execute(sa.select(*columns).where(*_own(voter)).order_by(c.seq))
    told = []
    for prompt, one, two, a, b, winner in rows:
        chosen, rejected = (one, two) if winner == Winner.A.value else (two, one)
        won, lost = (a, b) if winner == Winner.A.value else (b, a)
        texts = {"prompt": prompt, "chosen": chosen, "rejected": rejected}
        told.append({name: _plain(text) for name, text in texts.items()} | {"winner": won, "loser": lost})
    return told


def newest_runs(connection: sa.Connection, voter: str) -> list[Asked]:
    """Of each prompt the newest finished run, the oldest prompt first."""
    ended = sa.select(answers.c.matchup_id, answers.c.slot, answers.c.failure_kind)
    ended = ended.join(matchups, matchups.c.id == answers.c.matchup_id).where(*_runs(voter))
    slots: dict[str, dict[int, bool]] = {}
    for matchup_id, slot, failure in connection.execute(ended):
        slots.setdefault(matchup_id, {})[slot] = failure is None
    query = sa.select(matchups.c.id, matchups.c.question_id, matchups.c.models).where(*_runs(voter))
    newest: dict[str, Asked] = {}
    for matchup_id, question_id, models in connection.execute(
        query.order_by(matchups.c.created, matchups.c.id)
    ):
        said = slots.get(matchup_id, {})
        if len(said) == len(models):
            answered = {slot: models[slot] for slot, ok in sorted(said.items()) if ok}
            newest[question_id] = Asked(matchup_id, question_id, answered)
    return list(newest.values())


def texts_of(
    connection: sa.Connection, matchup_ids: Collection[str]
) -> dict[str, tuple[str, dict[int, str]]]:
    """By run: its prompt, and the answers by slot."""
    asked = sa.select(turns.c.matchup_id, turns.c.prompt).where(turns.c.matchup_id.in_(matchup_ids))
    found: dict[str, tuple[str, dict[int, str]]] = {
        matchup_id: (prompt, {}) for matchup_id, prompt in connection.execute(asked)
    }
    said = sa.select(answers.c.matchup_id, answers.c.slot, answers.c.text)
    for matchup_id, slot, text in connection.execute(said.where(answers.c.matchup_id.in_(matchup_ids))):
        found[matchup_id][1][slot] = text or ""
    return found


def _runs(voter: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (matchups.c.voter == voter, matchups.c.kind == ADMIN, matchups.c.state == OPEN)


def _own(voter: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (battles.c.voter == voter, battles.c.source == Source.HUMAN.value)


def _plain(text: str | None) -> str:
    """A single text; one that reads like a conversation is kept as one of a single message."""
    told = unpacked(text)
    return told[0]["content"] if isinstance(told, list) else told or ""
