"""The table of battles: what goes in comes out, in order, once, on SQLite and on Postgres."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.server.boards.making import NOON, battle, battles

from palestra.records.battle import Battle
from palestra.records.matchup import Order
from palestra.records.prompt import Message
from palestra.records.verdict import Verdict
from palestra.records.winner import Winner
from palestra.store.arena_battle_filter import Search, Selection
from palestra.store.arena_battle_pages import find, page, subsets, total, verdicts_of
from palestra.store.arena_battle_rows import to_battle, to_battle_row
from palestra.store.arena_battles import BattleTable
from palestra.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=["sqlite", "postgres"])
def table(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BattleTable]:
    """Every test runs on each kind of database."""
    place: str | Path = tmp_path / "arena.db"
    if request.param == "postgres":
        place = request.getfixturevalue("postgres_url")
    with Database(place) as opened:
        yield BattleTable(opened)


CONVERSATION = (Message(role="user", content="Hi"), Message(role="assistant", content="Ho\n„quoted“"))


def test_a_battle_comes_back_as_it_was_put_in(table: BattleTable) -> None:
    whole = battle(
        1,
        "ant",
        "bee",
        "both_bad",
        judge_model="J",
        order=Order.BA,
        repeat=2,
        weight=3.0,
        soft=True,
        pref=0.25,
        score_a=1.5,
        flags=("order_disagreement", "identity_leak"),
        prompt="How?",
        response_a=CONVERSATION,
        style={"tokens_a": 3.0},
    )
    assert table.insert([whole]) == 1
    found = find(table, "battle-1")
    assert found is not None
    assert found.battle == whole


@given(text=st.one_of(st.text(), st.sampled_from(['[{"role": "user", "content": "x"}]', "[{", "[{}]", "[]"])))
def test_a_text_stays_a_text_whatever_it_looks_like(text: str) -> None:
    before = Battle(battle_id="1", model_a="a", model_b="b", winner=Winner.A, prompt=text)
    after = to_battle(to_battle_row(before)).prompt
    told = after if isinstance(after, str) or after is None else after[0].content
    assert told == before.prompt


def test_the_same_battle_is_put_in_once(table: BattleTable) -> None:
    assert table.insert([battle(1, "a", "b"), battle(2, "a", "b")]) == 2
    assert table.insert([battle(2, "a", "b", "model_b"), battle(3, "a", "b")]) == 1
    assert [row.winner for row in table.newer(0)] == ["model_a"] * 3


def test_only_what_is_new_is_read(table: BattleTable) -> None:
    table.insert(battles(10))
    first = table.newer(0)
    assert [row.seq for row in first] == sorted(row.seq for row in first)
    table.insert([battle(100, "a", "b")])
    (new,) = table.newer(first[-1].seq)
    assert (new.model_a, new.model_b, new.voter, new.tstamp) == ("a", "b", "voter-0", NOON + 100)
    assert [row.seq for row in table.newer(0, most=4)] == [row.seq for row in first[:4]]


def test_what_is_deleted_is_gone_and_changes_the_epoch(table: BattleTable) -> None:
    table.insert([battle(1, "a", "b"), battle(2, "a", "b")], matchup_id="m1")
    table.insert([battle(3, "a", "b", voter="someone")], matchup_id="m2")
    before = table.epoch()
    assert table.delete_matchup("nothing") == 0
    assert table.epoch() == before
    assert table.delete_matchup("m1") == 2
    between = table.epoch()
    assert table.delete_voter("someone") == 1
    assert len({before, between, table.epoch()}) == 3
    assert list(table.newer(0)) == []


def test_a_number_is_never_used_twice(table: BattleTable) -> None:
    table.insert([battle(1, "a", "b")], matchup_id="m")
    (row,) = table.newer(0)
    table.delete_matchup("m")
    table.insert([battle(2, "a", "b")])
    assert table.newer(0)[0].seq > row.seq


def test_an_insert_belongs_to_the_transaction_it_is_given(table: BattleTable) -> None:
    def insert_and_fail() -> None:
        with table.database.writing() as connection:
            table.insert([battle(1, "a", "b")], matchup_id="m", connection=connection)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        insert_and_fail()
    assert list(table.newer(0)) == []


def test_a_reader_who_follows_the_numbers_misses_no_battle(table: BattleTable) -> None:
    """Several writers at once: what becomes visible later never has a lower number."""

    def write(writer: int) -> None:
        for number in range(25):
            table.insert([battle(1000 * writer + number, "a", "b")])

    writers = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    for thread in writers:
        thread.start()
    seen: list[int] = []
    last = 0
    while len(seen) < 100 and (any(t.is_alive() for t in writers) or table.newer(last)):
        for row in table.newer(last):
            seen.append(row.seq)
            last = row.seq
    for thread in writers:
        thread.join()
    seen += [row.seq for row in table.newer(last)]
    assert seen == [row.seq for row in table.newer(0)]
    assert len(seen) == 100


def search(table: BattleTable, **wanted: object) -> list[str]:
    wish = Search(**wanted)  # type: ignore[arg-type]
    found = page(table, wish, limit=100)
    assert len(found) == total(table, wish)
    return [row.battle_id for row in found]


def test_a_list_is_newest_first_and_goes_on_where_it_stopped(table: BattleTable) -> None:
    table.insert(battles(25))
    everything = search(table)
    assert everything == [f"battle-{number}" for number in reversed(range(25))]
    first = page(table, Search(), limit=10)
    rest = page(table, Search(), limit=100, before=first[-1].seq)
    assert [row.battle_id for row in (*first, *rest)] == everything


def test_each_filter_finds_what_it_says(table: BattleTable) -> None:
    table.insert(
        [
            battle(1, "a", "b", prompt="100 % sure_thing", category="code", language="de"),
            battle(2, "b", "c", "tie", response_b="Sure! 100 %", flags=("order_disagreement",)),
            battle(3, "c", "a", "model_b", source="llm-judge", judge_model="J", pref=0.25, run_id="r"),
            battle(4, "a", "b", "model_b", source="metric", judge_model="rougeL", dataset="d"),
        ]
    )
    one, two, three, four = (f"battle-{number}" for number in (1, 2, 3, 4))
    assert search(table, model="a") == [four, three, one]
    assert search(table, model="a", opponent="b") == [four, one]
    assert search(table, judge="J") == [three]
    assert search(table, winner=Winner.B) == [four, three]
    assert search(table, flag="order_disagreement") == [two]
    assert search(table, flag="order") == []
    assert search(table, score_max=0.25) == [four, three]
    assert search(table, score_min=0.25, score_max=0.5) == [three, two]
    assert search(table, model="a", score_min=0.6) == [three, one], "told from the side of the model"
    assert search(table, model="c", score_max=0.4) == [three]
    assert search(table, text="SURE") == [two, one]
    assert search(table, text="100 %") == [two, one]
    assert search(table, text="sure%thing") == []
    assert search(table, text="sure_thing") == [one]
    assert search(table, selection=Selection("people")) == [two, one]
    assert search(table, selection=Selection("judge")) == [four, three]
    assert search(table, selection=Selection(category="code")) == [one]
    assert search(table, selection=Selection(category="(none)", source="people")) == [two]
    assert search(table, selection=Selection(language="de")) == [one]
    assert search(table, selection=Selection(dataset="d")) == [four]
    assert search(table, selection=Selection(run="r")) == [three]
    assert search(table, selection=Selection(since=NOON + 2, until=NOON + 4)) == [three, two]


def test_two_orders_of_a_sample_count_with_their_mean(table: BattleTable) -> None:
    """Game 1 says 1 for the candidate and game 2 says ½: the sample stands at ¾."""
    games = [("q1", 0.0, 0.5), ("q2", 0.25, 1.0), ("q3", 0.5, 0.5)]
    for number, (question, *shares) in enumerate(games):
        for order, share in zip((Order.AB, Order.BA), shares, strict=True):
            winner = {0.5: "tie"}.get(share, "model_a" if share > 0.5 else "model_b")
            fields = {"question_id": question, "order": order, "pref": share, "judge_model": "J"}
            numbered = 10 * number + (order is Order.BA)
            table.insert([battle(numbered, "base", "new", winner, source="llm-judge", **fields)])
    assert search(table, model="new", score_min=0.51) == ["battle-1", "battle-0"]
    assert search(table, model="new", score_max=0.49) == ["battle-11", "battle-10"]
    assert search(table, score_min=0.5, score_max=0.5) == ["battle-21", "battle-20"]
    assert search(table, model="base", opponent="new", score_min=0.6) == ["battle-11", "battle-10"]


def test_subsets_are_counted_and_found(table: BattleTable) -> None:
    table.insert(
        [
            battle(1, "a", "b", dataset="qa", subset="easy"),
            battle(2, "a", "b", dataset="qa", subset="hard"),
            battle(3, "a", "b", dataset="web", subset="easy"),
            battle(4, "a", "b"),
        ]
    )
    assert subsets(table, Selection()) == [("(none)", 1), ("easy", 2), ("hard", 1)]
    assert subsets(table, Selection(dataset="qa")) == [("easy", 1), ("hard", 1)]
    assert search(table, subset="easy") == ["battle-3", "battle-1"]
    assert search(table, subset="easy", selection=Selection(dataset="qa")) == ["battle-1"]
    assert search(table, subset="(none)") == ["battle-4"]


def test_a_list_shows_the_beginning_of_what_was_asked(table: BattleTable) -> None:
    long = (Message(role="system", content="Be kind."), Message(role="user", content="Why? " * 500))
    table.insert(
        [battle(1, "a", "b", prompt="x" * 5000), battle(2, "a", "b", prompt=long), battle(3, "a", "b")]
    )
    none, talk, plain = page(table, Search(), limit=3)
    assert none.prompt is None
    assert talk.prompt is not None
    assert talk.prompt.startswith("Why? Why?")
    assert plain.prompt is not None
    assert plain.prompt.startswith("xxx")
    assert max(len(talk.prompt), len(plain.prompt)) < 1000


def verdict(key: str, a: str, b: str, order: str, winner: str, **more: object) -> Verdict:
    values = {"question_id": "q", "judge_model": "J", "tstamp": NOON, "raw": key}
    return Verdict.model_validate(
        {"key": key, "model_a": a, "model_b": b, "order": order, "winner": winner, **values, **more}
    )


def test_a_battle_has_the_verdicts_that_made_it_told_from_its_own_side(table: BattleTable) -> None:
    judged = battle(
        1, "a", "b", question_id="q", source="llm-judge", judge_model="J", tstamp=NOON + 1, repeat=0
    )
    table.insert([judged])
    table.database.put(
        [
            verdict("old", "a", "b", "ab", "model_b", tstamp=NOON - 10),
            verdict("ab", "a", "b", "ab", "model_a", score_a=8.0, score_b=6.0),
            verdict("ba", "b", "a", "ab", "model_a", score_a=7.0, score_b=3.0),
            verdict("other judge", "a", "b", "ab", "model_b", judge_model="K"),
            verdict("other pair", "a", "c", "ab", "model_b"),
            verdict("later", "a", "b", "ab", "model_b", tstamp=NOON + 1000),
            verdict("again", "a", "b", "ab", "model_b", repeat=1),
        ]
    )
    found = verdicts_of(table, judged)
    assert [(v.raw, v.order, v.winner, v.score_a) for v in found] == [
        ("ab", Order.AB, Winner.A, 8.0),
        ("ba", Order.BA, Winner.B, 3.0),
    ]
