"""Boards say what `palestra rank` says of the same battles, whatever way the battles came."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.server.boards.making import MODELS, NOON, WINNERS, battle, battles

from palestra.interchange.battles import write_battles
from palestra.interchange.rank import rank
from palestra.ranking.counts import Counts
from palestra.server.boards.board import Board, BoardMaker, Rules
from palestra.server.boards.book import Book
from palestra.server.boards.ledger import Ledger
from palestra.store.arena_battle_filter import Selection
from palestra.store.arena_battles import BattleTable
from palestra.store.arena_schema import battles as battle_rows
from palestra.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from palestra.records.battle import Battle
    from palestra.records.rating import Leaderboard
    from palestra.records.winner import Winner

RULES = Rules(k=16.0, start=900.0, sizes={"ant-1B": 1.5})
COUNTS = "coalesce(anonymous, true) AND NOT list_contains(coalesce(flags, []), 'identity_leak')"
PEOPLE = f"source = 'human' AND {COUNTS}"
SELECTIONS = [
    (Selection("people"), PEOPLE),
    (Selection("judge"), f"source IN ('llm-judge', 'metric') AND {COUNTS}"),
    (Selection("all"), COUNTS),
    (Selection("all", category="code"), f"category = 'code' AND {COUNTS}"),
    (
        Selection("people", category="(none)", dataset="one"),
        f"category IS NULL AND dataset = 'one' AND {PEOPLE}",
    ),
    (Selection("all", language="de"), f"language = 'de' AND {COUNTS}"),
    (
        Selection("all", since=NOON + 100, until=NOON + 400),
        f"tstamp >= {NOON + 100} AND tstamp < {NOON + 400} AND {COUNTS}",
    ),
]


@pytest.fixture(params=["sqlite", "postgres"])
def table(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BattleTable]:
    """Every test runs on each kind of database."""
    place: str | Path = tmp_path / "arena.db"
    if request.param == "postgres":
        place = request.getfixturevalue("postgres_url")
    with Database(place) as opened:
        yield BattleTable(opened)


def board_of(table: BattleTable, selection: Selection) -> Board:
    return BoardMaker(Ledger(table), selection, RULES).board()


def ratings(board: Leaderboard) -> dict[str, float]:
    return {row.model: row.rating for row in board.ratings}


def same(board: Board, path: Path, where: str) -> None:
    """That the board has the numbers of `palestra rank` on the file."""
    expected = rank(path, filter=where, cluster="question_id")
    assert [row.model for row in board.table.ratings] == [row.model for row in expected.ratings]
    for mine, theirs in zip(board.table.ratings, expected.ratings, strict=True):
        for name in (
            "rating",
            "ci_low",
            "ci_high",
            "win_rate",
            "win_rate_low",
            "win_rate_high",
            "wins",
            "ties",
        ):
            assert getattr(mine, name) == pytest.approx(getattr(theirs, name), abs=1e-9), (mine.model, name)
        for name in ("rank", "rank_low", "rank_high", "n_battles", "flags", "component"):
            assert getattr(mine, name) == getattr(theirs, name), (mine.model, name)
    assert board.table.warnings == expected.warnings
    elo = rank(path, method="elo", by_time=True, k=RULES.k, start=RULES.start, filter=where)
    assert board.elo == pytest.approx(ratings(elo), abs=1e-9)
    sized = rank(path, method="size-elo", by_time=True, sizes=RULES.sizes, filter=where)
    assert board.size_elo == pytest.approx(ratings(sized), abs=1e-9)
    assert board.gladiator == pytest.approx(ratings(rank(path, method="gladiator", filter=where)), abs=1e-9)


def test_every_board_has_the_numbers_of_palestra_rank(table: BattleTable, tmp_path: Path) -> None:
    played = list(battles(600))
    path = tmp_path / "battles.jsonl"
    write_battles(path, played)
    table.insert(played)
    for selection, where in SELECTIONS:
        same(board_of(table, selection), path, where)


@pytest.mark.parametrize("n_prompts", [None, 1, 30, 250, 400])
def test_intervals_allow_for_shared_prompts_however_many_share_one(
    table: BattleTable, tmp_path: Path, n_prompts: int | None
) -> None:
    """None: no battle names its prompt. The battles come in parts, so that prompts come again later."""
    rng = random.Random(n_prompts)
    played = [
        each.model_copy(update={"question_id": None if n_prompts is None else f"q{rng.randrange(n_prompts)}"})
        for each in battles(400, seed=5)
    ]
    path = tmp_path / "battles.jsonl"
    write_battles(
        path, [each.model_copy(update={"question_id": each.question_id or each.battle_id}) for each in played]
    )
    maker = BoardMaker(Ledger(table), Selection("all"), RULES)
    for begin, end in ((0, 1), (1, 3), (3, 150), (150, 152), (152, 400)):
        table.insert(played[begin:end])
        found = maker.board().table
    expected = rank(path, filter=COUNTS, cluster="question_id")
    assert found.interval == expected.interval
    assert found.warnings == expected.warnings
    for mine, theirs in zip(found.ratings, expected.ratings, strict=True):
        assert (mine.model, mine.rank_low, mine.rank_high) == (
            theirs.model,
            theirs.rank_low,
            theirs.rank_high,
        )
        assert (mine.ci_low, mine.ci_high) == pytest.approx((theirs.ci_low, theirs.ci_high), abs=1e-9)


def test_histories_end_with_the_intervals_of_the_board(table: BattleTable) -> None:
    table.insert(battles(400, seed=5))
    book = Book(table, RULES)
    board, past = book.board(Selection("people")).table, book.history(Selection("people"))
    assert past is not None
    assert past.board.interval == board.interval
    for row in board.ratings:
        model = past.models.index(row.model)
        last = (past.low[-1, model], past.high[-1, model])
        assert last == pytest.approx((row.ci_low, row.ci_high), abs=1e-9)


def test_battles_without_a_time_are_in_no_history_whoever_shares_their_prompt(
    table: BattleTable, tmp_path: Path
) -> None:
    played = [
        each.model_copy(update={"tstamp": None}) if number % 3 == 0 else each
        for number, each in enumerate(battles(200, mixed=False))
    ]
    table.insert(played)
    past = Book(table, RULES).history(Selection("people"))
    path = tmp_path / "battles.jsonl"
    write_battles(path, [each for each in played if each.tstamp is not None])
    expected = rank(path, cluster="question_id")
    assert past is not None
    for mine, theirs in zip(past.board.ratings, expected.ratings, strict=True):
        assert mine.model == theirs.model
        assert (mine.ci_low, mine.ci_high) == pytest.approx((theirs.ci_low, theirs.ci_high), abs=1e-9)


def test_battles_that_come_one_by_one_give_the_same_board_as_all_at_once(table: BattleTable) -> None:
    played = list(battles(500, seed=1))
    makers = [BoardMaker(Ledger(table), selection, RULES) for selection, _ in SELECTIONS]
    begin = 0
    for size in (1, 1, 3, 200, 1, 94, 200):
        table.insert(played[begin : begin + size])
        begin += size
        for maker in makers:
            carried, anew = maker.board(), board_of(table, maker.selection)
            assert carried.table == anew.table
            assert carried.elo == pytest.approx(anew.elo, abs=1e-9)
            assert carried.size_elo == pytest.approx(anew.size_elo, abs=1e-9)
            assert carried.facets == anew.facets
            assert (carried.n_voters, carried.updated, carried.key.left_out) == (
                anew.n_voters,
                anew.updated,
                anew.key.left_out,
            )


def test_a_deleted_battle_was_never_there(table: BattleTable) -> None:
    kept, gone = list(battles(80)), [battle(1000 + n, "ant-1B", "new-9B") for n in range(5)]
    maker = BoardMaker(Ledger(table), Selection("people"), RULES)
    table.insert(kept[:40])
    table.insert(gone, matchup_id="m")
    table.insert(kept[40:])
    assert "new-9B" in maker.board().counts.models
    table.delete_matchup("m")
    after = maker.board()
    table.delete_voter("nobody")
    table.insert([battle(2000, "ant-1B", "bee-3B", voter="late")])
    maker.board()
    table.delete_voter("late")
    again = maker.board()
    assert "new-9B" not in after.counts.models
    for board in (after, again):
        fresh = board_of(table, Selection("people"))
        assert board.table == fresh.table
        assert board.elo == fresh.elo
        assert board.size_elo == fresh.size_elo


def test_what_another_process_writes_and_deletes_is_seen(table: BattleTable) -> None:
    other = BattleTable(Database(table.database.url.render_as_string(hide_password=False)))
    maker = BoardMaker(Ledger(table), Selection("people"), RULES)
    try:
        assert maker.board().table.n_battles == 0
        other.insert([battle(1, "ant-1B", "bee-3B"), battle(2, "ant-1B", "bee-3B")], matchup_id="m")
        assert maker.board().table.n_battles == 2
        other.delete_matchup("m")
        assert maker.board().table.n_battles == 0
    finally:
        other.database.close()


def test_a_board_is_made_once_per_change(table: BattleTable) -> None:
    table.insert(battles(50, mixed=False))
    maker = BoardMaker(Ledger(table), Selection("people", category="code"), RULES)
    first = maker.board()
    assert maker.board() is first
    table.insert([battle(100, "ant-1B", "bee-3B", category="maths")])
    facets = maker.board().facets
    assert facets.values["category"]["maths"] == first.facets.values["category"]["maths"] + 1
    table.insert([battle(101, "ant-1B", "bee-3B", category="code")])
    assert maker.board().table.n_battles == first.table.n_battles + 1


def test_what_does_not_count_is_left_out_and_told(table: BattleTable) -> None:
    leak = ("identity_leak",)
    table.insert(
        [
            battle(1, "a", "b"),
            battle(2, "a", "b", anonymous=False),
            battle(3, "a", "b", flags=leak),
            battle(4, "a", "b", flags=leak, anonymous=False),
            battle(5, "a", "b", flags=("order_disagreement",)),
            battle(6, "a", "b", source="llm-judge", flags=leak),
        ]
    )
    board = board_of(table, Selection("people"))
    assert board.table.n_battles == 2
    assert (board.key.left_out.named, board.key.left_out.identity_leak) == (2, 1)
    assert board.n_voters == 2


def test_facets_count_what_another_choice_would_find(table: BattleTable) -> None:
    table.insert(
        [
            battle(1, "a", "b", category="code", language="en"),
            battle(2, "a", "b", category="maths", language="en"),
            battle(3, "a", "b", category="code", language="de"),
            battle(4, "a", "b", category="code", source="llm-judge"),
        ]
    )
    facets = board_of(table, Selection("people", category="code", language="en")).facets
    assert facets.values["category"] == {"code": 1, "maths": 1}
    assert facets.values["language"] == {"de": 1, "en": 1}
    assert facets.sources == {"people": 1}
    assert board_of(table, Selection("people", category="code")).facets.sources == {"people": 2, "judge": 1}


def test_models_of_unknown_size_have_no_size_elo_and_disturb_no_other(table: BattleTable) -> None:
    table.insert([battle(1, "small-1B", "large-12B"), battle(2, "mystery", "small-1B")])
    board = board_of(table, Selection("people"))
    assert board.size_elo == pytest.approx({"small-1B": 1161.2245, "large-12B": 2138.7755}, abs=1e-4)
    assert "mystery" in board.elo


def test_a_larger_model_that_joins_changes_the_steps_of_all_battles(table: BattleTable) -> None:
    maker = BoardMaker(Ledger(table), Selection("people"), RULES)
    table.insert([battle(1, "small-1B", "large-12B")])
    before = maker.board().size_elo
    table.insert([battle(2, "huge-100B", "small-1B")])
    after = maker.board()
    assert after.size_elo["large-12B"] != before["large-12B"]
    assert after.size_elo == board_of(table, Selection("people")).size_elo


def test_an_anchor_has_its_rating_where_it_fights_and_is_told_of_where_not(table: BattleTable) -> None:
    table.insert([battle(n, "a", "b", ["model_a", "model_b"][n % 2]) for n in range(8)])
    with_anchor = BoardMaker(Ledger(table), Selection("people"), Rules(anchor={"a": 1234.0})).board()
    without = BoardMaker(Ledger(table), Selection("people"), Rules(anchor={"z": 1234.0})).board()
    assert ratings(with_anchor.table)["a"] == 1234.0
    assert any("anchor z" in warning for warning in without.table.warnings)


def test_no_battles_make_an_empty_board(table: BattleTable) -> None:
    board = board_of(table, Selection("people"))
    assert board.table.ratings == []
    assert board.elo == {}
    assert board.updated is None


VOTES = st.lists(
    st.tuples(st.permutations(range(4)), st.sampled_from(WINNERS), st.integers(0, 5)), min_size=1, max_size=30
)


def votes_of(drawn: list[tuple[list[int], Winner, int]]) -> list[Battle]:
    return [
        battle(n, MODELS[pair[0]], MODELS[pair[1]], winner.value, tstamp=NOON + when)
        for n, (pair, winner, when) in enumerate(drawn)
    ]


def inserted(path: Path, played: Sequence[Battle]) -> Board:
    with Database(path) as database:
        table = BattleTable(database)
        table.insert(played)
        return board_of(table, Selection("people"))


@settings(max_examples=40)
@given(drawn=VOTES, seed=st.integers(0, 99))
def test_ratings_do_not_depend_on_the_order_of_votes_or_on_sides(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[tuple[list[int], Winner, int]], seed: int
) -> None:
    played = votes_of(drawn)
    place = tmp_path_factory.mktemp("boards")
    plain = inserted(place / "plain.db", played)
    shuffled = random.Random(seed).sample(played, len(played))
    turned = [
        b.model_copy(update={"model_a": b.model_b, "model_b": b.model_a, "winner": b.winner.swapped()})
        for b in played
    ]
    for other in (inserted(place / "shuffled.db", shuffled), inserted(place / "turned.db", turned)):
        assert ratings(other.table) == pytest.approx(ratings(plain.table), abs=1e-6)
        assert other.gladiator == pytest.approx(plain.gladiator)
    assert inserted(place / "turned again.db", turned).elo == pytest.approx(plain.elo, abs=1e-9)


@settings(max_examples=30)
@given(drawn=VOTES, cut=st.integers(0, 30), gone=st.sets(st.integers(0, 29)))
def test_carried_on_after_any_deletion_is_as_counted_anew(
    tmp_path_factory: pytest.TempPathFactory,
    drawn: list[tuple[list[int], Winner, int]],
    cut: int,
    gone: set[int],
) -> None:
    played = votes_of(drawn)
    with Database(tmp_path_factory.mktemp("boards") / "arena.db") as database:
        table = BattleTable(database)
        maker = BoardMaker(Ledger(table), Selection("people"), RULES)
        for number, vote in enumerate(played):
            table.insert([vote], matchup_id=f"m{number}")
            if number == cut:
                maker.board()
        for number in gone:
            table.delete_matchup(f"m{number}")
        carried = maker.board()
    left = [vote for number, vote in enumerate(played) if number not in gone]
    anew = inserted(tmp_path_factory.mktemp("boards") / "anew.db", left)
    assert carried.table == anew.table
    assert carried.elo == pytest.approx(anew.elo, abs=1e-9)


def test_100_000_battles_carried_on_in_pieces_give_what_the_database_counts(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    n, models = 100_000, [f"model-{number}B" for number in range(1, 41)]
    a = rng.integers(40, size=n)
    b = (a + rng.integers(1, 40, size=n)) % 40
    winners = [winner.value for winner in WINNERS]
    won = rng.choice(4, size=n, p=[0.5, 0.3, 0.15, 0.05])
    late = rng.integers(-200, 200, size=n)
    rows = [
        {
            "battle_id": str(number),
            "model_a": models[a[number]],
            "model_b": models[b[number]],
            "winner": winners[won[number]],
            "source": "human",
            "category": ["code", "maths", None][number % 3],
            "weight": 1.0,
            "soft": False,
            "flags": [],
            "voter": f"voter {number % 999}",
            "anonymous": True,
            "tstamp": NOON + 60 * number + float(late[number]),
        }
        for number in range(n)
    ]
    with Database(tmp_path / "arena.db") as database:
        table = BattleTable(database)
        selections = [Selection("people"), Selection("people", category="code")]
        makers = [BoardMaker(Ledger(table), selection, RULES) for selection in selections]
        begin = 0
        for size in (1, 49_999, 1, 7, 1000, 20_000, 28_991, 1):
            with database.writing() as connection:
                connection.execute(battle_rows.insert(), rows[begin : begin + size])
            begin += size
            carried = [maker.board() for maker in makers]
        assert begin == n
        for board, selection in zip(carried, selections, strict=True):
            anew = board_of(table, selection)
            where = [row for row in rows if selection.category in (None, row["category"])]
            counted = Counts.from_rows(*([r[c] for r in where] for c in ("model_a", "model_b", "winner")))
            for name in ("a", "b", "outcome", "n"):
                np.testing.assert_array_equal(getattr(board.counts, name), getattr(counted, name))
            assert board.counts.models == counted.models
            assert board.table == anew.table
            assert board.elo == pytest.approx(anew.elo, abs=1e-9)
            assert board.size_elo == pytest.approx(anew.size_elo, abs=1e-9)
            assert board.n_voters == len({row["voter"] for row in where})
