"""Matchups, turns and answers come back as they were written."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.server.boards.making import battle

from palestra.records.failure import Failure, FailureKind
from palestra.store.arena_battles import BattleTable
from palestra.store.arena_matchups import (
    BLIND,
    FAILED,
    GIVEN_UP,
    NAMED,
    REPLACED,
    AnswerRow,
    MatchupRow,
    TurnRow,
    close_matchup,
    current_id,
    failed_before,
    insert_matchup,
    insert_turn,
    put_answers,
    read_matchup,
    read_shared,
    recent_models,
    set_attempt,
    set_successor,
)
from palestra.store.arena_votes import NotOpenError, VoteRow, count_votes, read_vote, record_vote
from palestra.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROW = MatchupRow(
    id="m1",
    voter="v",
    kind=BLIND,
    models=("red", "blue"),
    question_id="q",
    created=1.5,
    system="Be brief.",
    category="facts",
    language="en",
    propensity=0.25,
)
FAILURE = Failure(kind=FailureKind.TIMEOUT, message="too slow \0 \ud800", status=504)
ANSWER = AnswerRow(
    turn=0,
    slot=1,
    attempt=0,
    text="x" * 100_000 + " عربي 😀",
    thinking="Hm.",
    finish_reason="stop",
    latency_ms=12.5,
    first_token_ms=1.5,
    tokens_in=3,
    tokens_out=4,
    cost_usd=0.25,
    tstamp=2.5,
)


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    place: str | Path = tmp_path / "arena.db"
    if request.param == "postgres":
        place = request.getfixturevalue("postgres_url")
    with Database(place) as opened:
        with opened.writing() as connection:
            insert_matchup(connection, ROW, [TurnRow(0, "First?")])
        yield opened


def test_a_matchup_comes_back_as_it_was_written(database: Database) -> None:
    failed = AnswerRow(0, 0, 0, failure=FAILURE, tstamp=2.0)
    with database.writing() as connection:
        insert_turn(connection, "m1", TurnRow(1, "Second?"))
        put_answers(connection, "m1", [failed, ANSWER])
        put_answers(connection, "m1", [])
    with database.reading() as connection:
        found = read_matchup(connection, "m1")
        assert read_matchup(connection, "m2") is None
    assert found is not None
    assert (found.row, found.turns) == (ROW, (TurnRow(0, "First?"), TurnRow(1, "Second?")))
    assert sorted(found.answers, key=lambda answer: answer.slot) == [failed, ANSWER]


def test_answers_of_earlier_attempts_count_no_more_and_come_too_late(database: Database) -> None:
    again = replace(ANSWER, attempt=1, text="Again.")
    with database.writing() as connection:
        put_answers(connection, "m1", [ANSWER])
        assert set_attempt(connection, "m1", TurnRow(0, "First?", 1), [1])
    with database.reading() as connection:
        found = read_matchup(connection, "m1")
    assert found is not None
    assert found.answers == ()
    with database.writing() as connection:
        put_answers(connection, "m1", [again])
        put_answers(connection, "m1", [ANSWER])
    with database.reading() as connection:
        found = read_matchup(connection, "m1")
    assert found is not None
    assert found.answers == (again,)


def test_a_matchup_is_closed_once(database: Database) -> None:
    with database.writing() as connection:
        assert close_matchup(connection, "m1", REPLACED, 3.0, reason=GIVEN_UP)
        assert not close_matchup(connection, "m1", REPLACED, 4.0, reason=FAILED, replaced_by="m9")
        set_successor(connection, "m1", "m2")
        set_successor(connection, "m1", "m3")
    with database.reading() as connection:
        found = read_matchup(connection, "m1")
    assert found is not None
    assert found.row == replace(ROW, state=REPLACED, decided=3.0, reason=GIVEN_UP, replaced_by="m2")


def test_the_current_one_is_the_newest_blind_one_if_it_is_open(database: Database) -> None:
    with database.writing() as connection:
        later = replace(ROW, id="m2", created=2.5, models=("green", "grey"))
        insert_matchup(connection, later, [TurnRow(0, "p")])
        insert_matchup(connection, replace(ROW, id="m3", created=3.5, kind=NAMED), [TurnRow(0, "p")])
        assert current_id(connection, "v") == "m2"
        assert current_id(connection, "w") is None
        assert recent_models(connection, "v", 5) == [("green", "grey"), ("red", "blue")]
        assert recent_models(connection, "v", 1) == [("green", "grey")]
        close_matchup(connection, "m2", REPLACED, 3.0, reason=GIVEN_UP)
        assert current_id(connection, "v") is None


def test_failures_are_followed_back(database: Database) -> None:
    failed = AnswerRow(0, 1, 0, failure=FAILURE)
    with database.writing() as connection:
        for number, reason in ((2, FAILED), (3, FAILED), (4, GIVEN_UP)):
            before = f"m{number - 1}"
            row = replace(ROW, id=f"m{number}", models=("red", f"model {number}"))
            insert_matchup(connection, row, [TurnRow(0, "p")])
            put_answers(connection, before, [failed])
            close_matchup(connection, before, REPLACED, 3.0, reason=reason, replaced_by=row.id)
        assert failed_before(connection, "m3", 5) == [{"model 2"}, {"blue"}]
        assert failed_before(connection, "m3", 1) == [{"model 2"}]
        assert failed_before(connection, "m4", 5) == []


VOTE = VoteRow("m1", "v", "a", ("a", "b"), ("identity_leak",), 4.0, "address", {"counted": True})


def test_a_vote_its_battles_and_the_state_are_one(database: Database) -> None:
    table = BattleTable(database)
    with database.writing() as connection:
        assert record_vote(connection, table, VOTE, [battle(1, "red", "blue")], "share") is VOTE
        other = replace(VOTE, winner="b", ranking=None)
        kept = record_vote(connection, table, other, [battle(2, "red", "blue")], "other")
        assert kept == VOTE
        assert kept.same("a", ("a", "b"))
        assert not kept.same("a", None)
    with database.reading() as connection:
        assert read_vote(connection, "m1") == VOTE
        assert count_votes(connection, "v") == 1
        found = read_shared(connection, "share")
        assert read_shared(connection, "other") is None
    assert found is not None
    assert (found.row.state, found.row.decided) == ("voted", 4.0)
    assert len(table.newer(0)) == 1


def test_a_replaced_matchup_takes_no_vote(database: Database) -> None:
    table = BattleTable(database)
    with database.writing() as connection:
        close_matchup(connection, "m1", REPLACED, 3.0, reason=FAILED)
    with pytest.raises(NotOpenError), database.writing() as connection:
        record_vote(connection, table, VOTE, [battle(1, "red", "blue")], "share")
    with database.reading() as connection:
        assert read_vote(connection, "m1") is None
    assert len(table.newer(0)) == 0
