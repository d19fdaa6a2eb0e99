"""Pages of the list of battles, newest first; single battles with their verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from palestra.interchange.battle_columns import NO_GROUP
from palestra.store.arena_battle_filter import Search, Selection, shown_share
from palestra.store.arena_battle_rows import to_battle, unpacked
from palestra.store.arena_schema import battles, matchups
from palestra.store.rows import to_verdict
from palestra.store.schema import verdicts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from palestra.records.battle import Battle
    from palestra.records.verdict import Verdict
    from palestra.store.arena_battles import BattleTable

_BEGINNING = 400
"""Characters of a prompt that a list needs."""
_CLOCKS = 60.0
"""Seconds by which a verdict may be younger than the battle it made: clocks differ."""
_LISTED = (
    *("seq", "battle_id", "model_a", "model_b", "winner", "source", "judge_model"),
    *("category", "dataset", "language", "tstamp", "flags"),
)


@dataclass(frozen=True, slots=True)
class Listed:
    """A battle as lists show it."""

    seq: int
    battle_id: str
    model_a: str
    model_b: str
    winner: str
    source: str | None
    judge_model: str | None
    category: str | None
    dataset: str | None
    language: str | None
    tstamp: float | None
    flags: tuple[str, ...]
    score: float
    """A's share of the win: the judge's where it told one, else the winner's."""
    prompt: str | None
    """Its beginning; of a conversation, of what was asked first."""


@dataclass(frozen=True, slots=True)
class Found:
    """One battle, whole."""

    listed: Listed
    battle: Battle
    share_id: str | None
    """Under which its matchup is shared."""


def page(table: BattleTable, search: Search, *, limit: int, before: int | None = None) -> list[Listed]:
    """Up to `limit` battles, the newest first, of numbers below `before`."""
    conversation = battles.c.prompt.startswith("[{")
    prompt = sa.case((conversation, battles.c.prompt), else_=sa.func.substr(battles.c.prompt, 1, _BEGINNING))
    columns = [battles.c[name] for name in _LISTED]
    query = sa.select(*columns, shown_share().label("score"), prompt.label("prompt"))
    query = query.where(*search.conditions()).order_by(battles.c.seq.desc()).limit(limit)
    if before is not None:
        query = query.where(battles.c.seq < before)
    with table.database.reading() as connection:
        return [_listed(row) for row in connection.execute(query).mappings()]


def total(table: BattleTable, search: Search) -> int:
    """How many battles are found."""
    query = sa.select(sa.func.count()).select_from(battles).where(*search.conditions())
    with table.database.reading() as connection:
        return int(connection.execute(query).scalar_one())


def subsets(table: BattleTable, selection: Selection) -> list[tuple[str, int]]:
    """Each subset of the battles of a selection and how many there are of it, by name; `(none)` for those
    that name none.
    """
    name = sa.func.coalesce(battles.c.subset, NO_GROUP)
    query = sa.select(name, sa.func.count()).where(*selection.conditions()).group_by(name).order_by(name)
    with table.database.reading() as connection:
        return [(str(row[0]), int(row[1])) for row in connection.execute(query)]


def find(table: BattleTable, battle_id: str) -> Found | None:
    """The battle of this id."""
    query = (
        sa.select(battles, matchups.c.share_id, shown_share().label("score"))
        .outerjoin(matchups, matchups.c.id == battles.c.matchup_id)
        .where(battles.c.battle_id == battle_id)
    )
    with table.database.reading() as connection:
        row = connection.execute(query).mappings().first()
    if row is None:
        return None
    columns = {column.name: row[column.name] for column in battles.columns}
    return Found(_listed(row), to_battle(columns), row["share_id"])


def verdicts_of(table: BattleTable, battle: Battle) -> list[Verdict]:
    """The verdicts that made a battle, told of its model_a and model_b: the newest of each judge and order.

    Those are verdicts on the same prompt, pair and repeat, none younger than the battle. A battle of
    several judges (`panel:…`) has those of all.
    """
    if battle.judge_model is None or battle.question_id is None:
        return []
    pair = (battle.model_a, battle.model_b)
    query = sa.select(verdicts).where(
        verdicts.c.question_id == battle.question_id,
        verdicts.c.model_a.in_(pair),
        verdicts.c.model_b.in_(pair),
    )
    if not battle.judge_model.startswith("panel:"):
        query = query.where(verdicts.c.judge_model == battle.judge_model)
    if battle.repeat is not None:
        query = query.where(verdicts.c.repeat == battle.repeat)
    if battle.tstamp is not None:
        youngest = battle.tstamp + _CLOCKS
        query = query.where(sa.or_(verdicts.c.tstamp.is_(None), verdicts.c.tstamp <= youngest))
    with table.database.reading() as connection:
        rows = connection.execute(query.order_by(verdicts.c.tstamp)).mappings().all()
    newest: dict[tuple[str, str], Verdict] = {}
    for row in rows:
        verdict = to_verdict({str(name): value for name, value in row.items()})
        told = verdict if verdict.model_a == battle.model_a else verdict.swapped()
        newest[told.judge_model, told.order.value] = told
    return [newest[key] for key in sorted(newest)]


def _listed(row: Mapping[Any, Any]) -> Listed:
    return Listed(
        **{name: row[name] for name in _LISTED if name != "flags"},
        flags=tuple(row["flags"] or ()),
        score=float(row["score"]),
        prompt=_beginning(row["prompt"]),
    )


def _beginning(prompt: str | None) -> str | None:
    told = unpacked(prompt)
    if isinstance(told, list):
        asked = (message["content"] for message in told if message["role"] == "user")
        told = next(asked, "")
    return None if told is None else told[:_BEGINNING]
