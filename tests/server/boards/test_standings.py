"""A vote is told how it moved the models, at once, and never from a later board."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING

import pytest
from tests.server.boards.making import battle, battles

from palestra.ranking.leaderboard import rank_counts
from palestra.server.boards.board import BoardMaker, Rules
from palestra.server.boards.ledger import Ledger
from palestra.server.boards.standings import MAIN, Revealer, shown, standings_of
from palestra.store.arena_battles import BattleTable
from palestra.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from palestra.records.battle import Battle

PAIRS = [("ant-1B", "bee-3B"), ("bee-3B", "cat-8B"), ("cat-8B", "ant-1B")]
WINNERS = ("model_a", "tie")


@pytest.fixture
def table(tmp_path: Path) -> Iterator[BattleTable]:
    with Database(tmp_path / "arena.db") as database:
        yield BattleTable(database)


def revealer(table: BattleTable, hidden: Sequence[str] = ()) -> Revealer:
    return Revealer(Ledger(table), Rules(), 5, lambda: frozenset(hidden))


def board(table: BattleTable, hidden: Sequence[str] = ()) -> dict[str, object]:
    made = BoardMaker(Ledger(table), MAIN, Rules()).board()
    return dict(standings_of(made.table, hidden, 5))


def test_before_and_after_are_the_boards_without_and_with_the_vote(table: BattleTable) -> None:
    table.insert(battles(120))
    asked = revealer(table)
    for number in range(3):
        vote = [battle(1000 + number, "ant-1B", "bee-3B"), battle(2000 + number, "ant-1B", "new-7B", "tie")]
        before = board(table)
        (moved,) = asked.reveal([vote])
        table.insert(vote)
        after = board(table)
        assert list(moved) == ["ant-1B", "bee-3B", "new-7B"]
        for label, (was, is_) in moved.items():
            assert (was, is_) == (before.get(label), after[label])


def test_a_vote_on_a_prompt_that_was_voted_on_is_of_its_cluster(table: BattleTable) -> None:
    """However the new battle's prompt came up before: not at all, once, often, or twice in the vote."""
    table.insert(
        [
            battle(n, *PAIRS[n % 3], WINNERS[n % 2], question_id=f"q{n % 9}" if n > 8 else f"own-{n}")
            for n in range(60)
        ]
    )
    asked = revealer(table)
    for number, prompt in enumerate(["new", "new", "own-3", "q2"]):
        vote = [
            battle(1000 + 10 * number + n, *pair, "model_b", question_id=prompt)
            for n, pair in enumerate(PAIRS[: 1 + number % 2])
        ]
        (moved,) = asked.reveal([vote])
        table.insert(vote)
        after = board(table)
        assert all(is_ == after[label] for label, (_, is_) in moved.items())


def test_many_battles_at_once_some_without_a_prompt_are_told_right(table: BattleTable) -> None:
    table.insert(battles(60))
    prompts = [None, None, "q1", "new", "new", *(f"own-{n}" for n in range(20))]
    vote = [battle(1000 + n, *PAIRS[n % 3], question_id=prompt) for n, prompt in enumerate(prompts)]
    (moved,) = revealer(table).reveal([vote])
    table.insert(vote)
    after = board(table)
    assert all(is_ == after[label] for label, (_, is_) in moved.items())


def test_a_model_without_a_battle_has_no_standing_before(table: BattleTable) -> None:
    (moved,) = revealer(table).reveal([[battle(1, "a", "b")]])
    assert moved["a"][0] is None
    assert moved["a"][1] is not None
    assert not moved["a"][1].enough


@pytest.mark.parametrize(
    "vote",
    [
        battle(1, "ant-1B", "bee-3B", anonymous=False),
        battle(1, "ant-1B", "bee-3B", flags=("identity_leak",)),
        battle(1, "ant-1B", "bee-3B", source="llm-judge"),
    ],
)
def test_a_vote_that_does_not_count_moves_nobody(table: BattleTable, vote: Battle) -> None:
    table.insert(battles(60))
    (moved,) = revealer(table).reveal([[vote]])
    assert all(was == is_ and was is not None for was, is_ in moved.values())


def test_votes_at_once_are_told_what_they_do_together(table: BattleTable) -> None:
    table.insert(battles(60))
    votes = [[battle(100 + n, "ant-1B", "bee-3B")] for n in range(9)]
    many = revealer(table).reveal(votes)
    table.insert(vote for each in votes for vote in each)
    together = board(table)
    assert all(moved["ant-1B"][1] == together["ant-1B"] for moved in many)


def test_hidden_models_leave_their_ranks_to_others_and_ratings_stay(table: BattleTable) -> None:
    table.insert(battles(200))
    made = BoardMaker(Ledger(table), MAIN, Rules()).board()
    best = made.table.ratings[0].model
    rest = shown(made.table, {best})
    assert [row.rank for row in rest] == [1, 2, 3, 4]
    assert [row.rating for row in rest] == [row.rating for row in made.table.ratings[1:]]
    assert shown(made.table, set()) == made.table.ratings
    alone = rank_counts(made.counts)
    assert [row.model for row in rest] == [row.model for row in alone.ratings if row.model != best]


def test_a_vote_does_not_wait_while_the_ledger_is_read(table: BattleTable) -> None:
    """A long reading, as after a deletion on a large arena, holds up no vote."""
    table.insert(battles(60))
    asked = revealer(table)
    asked.reveal([[battle(100, "ant-1B", "bee-3B")]])
    reading, done = threading.Event(), threading.Event()
    newer = table.newer

    def slowly(after: int, most: int = 20_000) -> object:
        reading.set()
        assert done.wait(10)
        return newer(after, most)

    table.newer = slowly  # type: ignore[method-assign, assignment]
    thread = threading.Thread(target=asked._ledger.refresh)
    thread.start()
    try:
        assert reading.wait(10)
        began = time.perf_counter()
        (moved,) = asked.reveal([[battle(101, "ant-1B", "bee-3B")]])
        assert time.perf_counter() - began < 2
        assert moved["ant-1B"][0] is not None
    finally:
        done.set()
        thread.join()


async def test_the_loop_goes_on_while_votes_are_told(table: BattleTable) -> None:
    table.insert(battles(60))
    asked = revealer(table)
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.001)

    ticking = asyncio.create_task(tick())
    for number in range(20):
        vote = [[battle(500 + number, "ant-1B", "bee-3B")]]
        await asyncio.get_running_loop().run_in_executor(None, asked.reveal, vote)
    ticking.cancel()
    assert ticks >= 10
