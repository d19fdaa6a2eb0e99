"""Matchups with their turns and answers: rows as records, and the statements that read and write them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from palestra.records.failure import Failure, FailureKind
from palestra.store.arena_schema import answers, matchups, turns
from palestra.store.arena_settings import for_each_dialect

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

OPEN, VOTED, REPLACED = "open", "voted", "replaced"
"""States of a matchup."""
BLIND, NAMED, ADMIN = "blind", "named", "admin"
"""Kinds of matchups; an admin's are prompts that all models were asked, and preferences."""
FAILED, FAILED_OFTEN, GIVEN_UP = "failed", "failed_often", "given_up"
"""Why a matchup was replaced: a model failed; so did others before it, so nothing replaces it; by wish."""


@dataclass(frozen=True, slots=True)
class MatchupRow:
    """A row of `matchups`."""

    id: str
    voter: str
    kind: str
    models: tuple[str, ...]
    """Labels by slot."""
    question_id: str
    created: float
    system: str | None = None
    state: str = OPEN
    dataset: str | None = None
    category: str | None = None
    language: str | None = None
    propensity: float | None = None
    """The chance with which these models were drawn, in whatever order."""
    share_id: str | None = None
    replaced_by: str | None = None
    reason: str | None = None
    decided: float | None = None
    leaks: tuple[int, ...] = ()
    """Slots that told who they are in answers that were generated again."""


@dataclass(frozen=True, slots=True)
class TurnRow:
    """A row of `turns`."""

    turn: int
    prompt: str
    attempt: int = 0


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """A row of `answers`: an answer that ended, or why there is none."""

    turn: int
    slot: int
    attempt: int
    text: str | None = None
    thinking: str | None = None
    failure: Failure | None = None
    stopped: bool = False
    """The visitor stopped it; `text` is what was there."""
    finish_reason: str | None = None
    latency_ms: float | None = None
    first_token_ms: float | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost_usd: float | None = None
    tstamp: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether there is something to vote on."""
        return self.failure is None and bool((self.text or "").strip())


@dataclass(frozen=True, slots=True)
class StoredMatchup:
    """A matchup with its turns and the answers of the newest attempts."""

    row: MatchupRow
    turns: tuple[TurnRow, ...]
    answers: tuple[AnswerRow, ...]


def _put_answer(insert: Any) -> Any:
    statement = insert(answers)
    replaced = {c.name: statement.excluded[c.name] for c in answers.columns if not c.primary_key}
    return statement.on_conflict_do_update(
        index_elements=["matchup_id", "turn", "slot"],
        set_=replaced,
        where=answers.c.attempt <= statement.excluded.attempt,
    )


_INSERT_MATCHUP, _INSERT_TURN = sa.insert(matchups), sa.insert(turns)
_PUT_ANSWER = for_each_dialect(_put_answer)
_RECENT = (
    sa.select(matchups.c.models)
    .where((matchups.c.voter == sa.bindparam("whose")) & (matchups.c.kind == BLIND))
    .order_by(matchups.c.created.desc())
    .limit(sa.bindparam("most"))
)


@lru_cache
def _close_statement(names: tuple[str, ...]) -> Any:
    """An UPDATE of these columns of an open matchup."""
    which = (matchups.c.id == sa.bindparam("closed")) & (matchups.c.state == OPEN)
    return sa.update(matchups).where(which).values({name: sa.bindparam(name) for name in names})


def insert_matchup(connection: sa.Connection, row: MatchupRow, asked: Sequence[TurnRow]) -> None:
    """Write a new matchup and its turns."""
    connection.execute(_INSERT_MATCHUP, asdict(row) | {"models": list(row.models)})
    connection.execute(_INSERT_TURN, [asdict(turn) | {"matchup_id": row.id} for turn in asked])


def insert_turn(connection: sa.Connection, matchup_id: str, turn: TurnRow) -> bool:
    """Write a further turn of an open matchup; whether it was open."""
    if not _stays_open(connection, matchup_id):
        return False
    connection.execute(_INSERT_TURN, asdict(turn) | {"matchup_id": matchup_id})
    return True


def set_attempt(connection: sa.Connection, matchup_id: str, turn: TurnRow, leaks: Sequence[int]) -> bool:
    """Note that a turn of an open matchup is generated again; whether it was open. Answers of earlier
    attempts count no more, but which slots told who they are (`leaks`) does.
    """
    if not _stays_open(connection, matchup_id, leaks=list(leaks)):
        return False
    which = (turns.c.matchup_id == matchup_id) & (turns.c.turn == turn.turn)
    connection.execute(sa.update(turns).where(which).values(attempt=turn.attempt))
    return True


def _stays_open(connection: sa.Connection, matchup_id: str, **values: list[int]) -> bool:
    """Whether a matchup is open, and stays so until the transaction ends; `values` are columns to write."""
    which = (matchups.c.id == matchup_id) & (matchups.c.state == OPEN)
    return connection.execute(sa.update(matchups).where(which).values(state=OPEN, **values)).rowcount == 1


def put_answers(connection: sa.Connection, matchup_id: str, rows: Sequence[AnswerRow]) -> None:
    """Write answers that ended, in place of those of earlier attempts."""
    if not rows:
        return
    values = [_answer_values(matchup_id, row) for row in rows]
    connection.execute(_PUT_ANSWER[connection.dialect.name], values)


def close_matchup(
    connection: sa.Connection,
    matchup_id: str,
    state: str,
    decided: float,
    **values: str | None,
) -> bool:
    """Give an open matchup another state, and other columns `values`; whether it was open."""
    given = values | {"state": state, "decided": decided}
    statement = _close_statement(tuple(given))
    return connection.execute(statement, given | {"closed": matchup_id}).rowcount == 1


def set_successor(connection: sa.Connection, matchup_id: str, successor: str) -> None:
    """Note what came after a matchup that was replaced by nothing at first."""
    which = (matchups.c.id == matchup_id) & matchups.c.replaced_by.is_(None)
    connection.execute(sa.update(matchups).where(which).values(replaced_by=successor))


def read_matchup(connection: sa.Connection, matchup_id: str) -> StoredMatchup | None:
    """A matchup, or None."""
    return _read(connection, matchups.c.id == matchup_id)


def read_shared(connection: sa.Connection, share_id: str) -> StoredMatchup | None:
    """The decided matchup that is shared under this id, or None."""
    return _read(connection, (matchups.c.share_id == share_id) & (matchups.c.state == VOTED))


def current_id(connection: sa.Connection, voter: str) -> str | None:
    """The voter's newest blind matchup, if it is open."""
    query = (
        sa.select(matchups.c.id, matchups.c.state)
        .where((matchups.c.voter == voter) & (matchups.c.kind == BLIND))
        .order_by(matchups.c.created.desc())
        .limit(1)
    )
    found = connection.execute(query).first()
    return found.id if found is not None and found.state == OPEN else None


def recent_models(connection: sa.Connection, voter: str, most: int) -> list[tuple[str, ...]]:
    """The models of the voter's latest blind matchups, newest first."""
    found = connection.execute(_RECENT, {"whose": voter, "most": most}).scalars()
    return [tuple(models) for models in found]


def failed_before(connection: sa.Connection, matchup_id: str, most: int) -> list[set[str]]:
    """The models that failed in each of the matchups that this one stands for, the nearest first: those
    that were replaced because of a failure, one after the other; at most `most` of them.
    """
    chain: list[set[str]] = []
    successor: str | None = matchup_id
    while successor is not None and len(chain) < most:
        which = (matchups.c.replaced_by == successor) & (matchups.c.reason == FAILED)
        found = connection.execute(sa.select(matchups.c.id, matchups.c.models).where(which)).first()
        if found is None:
            break
        failing = (answers.c.matchup_id == found.id) & answers.c.failure_kind.is_not(None)
        slots = connection.execute(sa.select(answers.c.slot).where(failing)).scalars()
        chain.append({found.models[slot] for slot in slots})
        successor = found.id
    return chain


def _read(connection: sa.Connection, which: sa.ColumnElement[bool]) -> StoredMatchup | None:
    found = connection.execute(sa.select(matchups).where(which)).mappings().first()
    if found is None:
        return None
    row = MatchupRow(**{**found, "models": tuple(found["models"]), "leaks": tuple(found["leaks"] or ())})
    asked = connection.execute(
        sa.select(turns.c.turn, turns.c.prompt, turns.c.attempt)
        .where(turns.c.matchup_id == row.id)
        .order_by(turns.c.turn)
    )
    listed = tuple(TurnRow(*values) for values in asked)
    query = sa.select(answers).where(answers.c.matchup_id == row.id)
    said = [_answer(values) for values in connection.execute(query).mappings()]
    attempts = {turn.turn: turn.attempt for turn in listed}
    newest = tuple(answer for answer in said if attempts.get(answer.turn) == answer.attempt)
    return StoredMatchup(row, listed, newest)


_ANSWER = tuple(field.name for field in fields(AnswerRow) if field.name != "failure")


def _answer_values(matchup_id: str, row: AnswerRow) -> dict[str, Any]:
    failure = row.failure
    values = {name: getattr(row, name) for name in _ANSWER}
    return values | {
        "matchup_id": matchup_id,
        "failure_kind": None if failure is None else failure.kind.value,
        "failure_message": None if failure is None else failure.message,
        "failure_status": None if failure is None else failure.status,
    }


def _answer(values: Mapping[Any, Any]) -> AnswerRow:
    answer = AnswerRow(**{name: values[name] for name in _ANSWER})
    if values["failure_kind"] is None:
        return answer
    failure = Failure(
        kind=FailureKind(values["failure_kind"]),
        message=values["failure_message"] or "",
        status=values["failure_status"],
    )
    return replace(answer, failure=failure)
