from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ranking.boards import Row, boards, counted, simulated, tallied

from palestra.errors import UsageError
from palestra.ranking.counts import Counts
from palestra.ranking.leaderboard import rank_counts
from palestra.ranking.table import rank_within

PROVEN = tallied(("A", "B", "model_a", 60), ("A", "B", "model_b", 40), ("B", "C", "tie", 50))


def test_no_battles_make_an_empty_board_that_says_so() -> None:
    board = rank_counts(Counts.empty())
    assert (board.ratings, board.components, board.n_battles) == ([], [], 0)
    assert board.warnings == ["there are no battles"]


@pytest.mark.parametrize("method", ["bradley-terry", "win-rate"])
def test_a_model_without_battles_stands_in_the_middle_and_is_flagged(method: str) -> None:
    board = rank_counts(Counts.from_rows(["A"], ["A"], ["model_a"]), method=method)
    (row,) = board.ratings
    assert (row.model, row.n_battles, row.win_rate, row.ci_low) == ("A", 0, None, None)
    assert row.rating == (1000.0 if method == "bradley-terry" else 50.0)
    assert row.flags == ("no_battles",)
    assert any("against itself" in warning for warning in board.warnings)


def test_flags_say_who_is_undefeated_winless_or_little_known() -> None:
    counts = Counts.merge([PROVEN, tallied(("X", "A", "model_a", 40), ("A", "Y", "model_a", 5))])
    flags = {row.model: row.flags for row in rank_counts(counts).ratings}
    assert flags == {
        "A": (),
        "B": (),
        "C": (),
        "X": ("undefeated",),
        "Y": ("winless", "few_battles"),
    }


def test_a_group_that_only_won_is_flagged_whole() -> None:
    above = tallied(("X", "Z", "model_a", 30), ("X", "Z", "model_b", 30), ("X", "A", "model_a", 3))
    board = rank_counts(Counts.merge([PROVEN, above]))
    assert [row.model for row in board.ratings if "one_way" in row.flags] == ["X", "Z"]
    assert any("only won, or only lost" in warning and "X, Z" in warning for warning in board.warnings)


def test_parts_follow_each_other_and_are_ranked_apart() -> None:
    board = rank_counts(Counts.merge([PROVEN, tallied(("X", "Y", "model_a", 3), ("X", "Y", "tie", 1))]))
    assert [(row.component, row.rank, row.model) for row in board.ratings] == [
        (0, 1, "A"),
        (0, 2, "B"),
        (0, 3, "C"),
        (1, 1, "X"),
        (1, 2, "Y"),
    ]
    assert "cannot be compared" in board.warnings[0]


def test_an_anchor_holds_in_its_own_part_only() -> None:
    counts = Counts.merge([PROVEN, tallied(("X", "Y", "model_a", 3), ("X", "Y", "model_b", 1))])
    board = rank_counts(counts, anchor={"B": 1500.0})
    rated = {row.model: row.rating for row in board.ratings}
    assert rated["B"] == 1500.0
    assert rated["X"] + rated["Y"] == pytest.approx(2000)
    assert "on its scale" in board.warnings[0]


@pytest.mark.parametrize(
    ("anchor", "words"),
    [
        ({"a": 1000.0}, "in no battle"),
        ({"A": float("nan")}, "must be a number"),
        ({"A": 1000.0, "B": 900.0}, "exactly one"),
    ],
)
def test_a_senseless_anchor_is_refused(anchor: dict[str, float], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        rank_counts(PROVEN, anchor=anchor)


@pytest.mark.parametrize(
    "wrong", [{"method": "bradly-terry"}, {"ci": "sandwhich"}, {"method": "elo"}, {"level": 1.0}]
)
def test_a_senseless_request_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        rank_counts(PROVEN, **wrong)  # type: ignore[arg-type]


def test_equal_ratings_are_ordered_by_name() -> None:
    board = rank_counts(tallied(("b", "a", "tie", 5), ("c", "b", "tie", 5), ("C", "c", "tie", 5)))
    assert [(row.rank, row.model) for row in board.ratings] == [(1, "C"), (2, "a"), (3, "b"), (4, "c")]


@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.floats(0, 100), st.floats(0, 30), st.booleans()),
        min_size=1,
        max_size=12,
    )
)
def test_rank_ranges_follow_the_rule(rows: list[tuple[int, float, float, bool]]) -> None:
    component = np.sort(np.array([row[0] for row in rows]))
    component -= component.min()
    rating = np.array([row[1] for row in rows])
    half = np.array([np.nan if row[3] else row[2] for row in rows])
    low, high = rating - half, rating + half
    order, rank, best, worst = rank_within(component, rating, low, high, bounded=True)
    assert sorted(order.tolist()) == list(range(len(rows)))
    floor, roof = np.nan_to_num(low, nan=-np.inf), np.nan_to_num(high, nan=np.inf)
    for me in range(len(rows)):
        others = component == component[me]
        assert best[me] == 1 + (floor[others] > roof[me]).sum()
        assert worst[me] == (roof[others] >= floor[me]).sum()
        assert best[me] <= rank[me] <= worst[me]


@given(boards())
def test_any_board_is_whole(rows: list[Row]) -> None:
    """Finite ratings, ranks 1 to n in each part, records that add up, and data that JSON can hold."""
    board = rank_counts(counted(rows))
    names = {name for row in rows for name in (row.a, row.b)}
    assert {row.model for row in board.ratings} == names == {n for part in board.components for n in part}
    for part in board.components:
        ranks = [row.rank for row in board.ratings if row.model in part]
        assert ranks == list(range(1, len(part) + 1))
    assert sum(row.n_battles for row in board.ratings) == 2 * len(rows)
    assert json.loads(json.dumps(board.to_dict(), allow_nan=False)) == board.to_dict() | {
        "ratings": [row | {"flags": list(row["flags"])} for row in board.to_dict()["ratings"]]
    }


def test_the_board_repeats_what_made_it() -> None:
    board = rank_counts(
        PROVEN, ci="bootstrap", rounds=20, seed=3, level=0.9, anchor={"A": 1}, n_failed=4, parameters={"x": 1}
    )
    assert (board.interval.kind, board.interval.level) == ("bootstrap", 0.9)
    assert (board.interval.rounds, board.interval.seed) == (20, 3)
    assert (board.anchor, board.n_failed, board.scale, board.base) == ({"A": 1}, 4, 400, 10)
    assert board.parameters == {"mean": 1000.0, "prior": 0.5, "x": 1}
    plain = rank_counts(PROVEN)
    assert (plain.interval.rounds, plain.interval.seed, plain.anchor) == (None, None, None)


def test_a_wider_level_gives_wider_intervals() -> None:
    counts = simulated(3, [0.0, 0.2, 0.5], 300, 0.2)
    narrow, wide = (rank_counts(counts, level=level).ratings[0] for level in (0.5, 0.99))
    assert (narrow.ci_high or 0) - (narrow.ci_low or 0) < (wide.ci_high or 0) - (wide.ci_low or 0)


def test_ratings_import_nothing_heavy() -> None:
    code = (
        "import sys, palestra.ranking.leaderboard as _;"
        "print([m for m in ('pydantic', 'duckdb', 'pandas', 'scipy', 'pyarrow') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
