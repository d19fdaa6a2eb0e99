from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from tests.ranking.boards import Row, boards

from palestra.errors import UsageError
from palestra.ranking.counts import Rows
from palestra.ranking.elo import elo
from palestra.ranking.leaderboard import rank_rows


def ordered(rows: list[Row]) -> Rows:
    return Rows.from_names(
        [row.a for row in rows],
        [row.b for row in rows],
        [row.winner for row in rows],
        pref=[row.pref for row in rows],
        weight=[row.weight for row in rows],
    )


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [(8, 6, (1002.2857, 997.7143)), (10, 0, (1016.0, 984.0)), (5, 5, (1000.0, 1000.0))],
)
def test_one_battle_of_scores_with_k_32(a: float, b: float, expected: tuple[float, float]) -> None:
    rows = ordered([Row("A", "B", "tie", pref=a / (a + b))])
    assert elo(rows, k=32, start=1000) == pytest.approx(expected, abs=5e-5)


def test_the_expected_share_comes_from_the_ratings_before_the_battle() -> None:
    after = elo(ordered([Row("A", "B", "model_a"), Row("A", "B", "model_a")]), k=32, start=1000)
    second = 32 * (1 - 1 / (1 + 10 ** (-32 / 400)))
    assert after == pytest.approx([1016 + second, 984 - second], abs=1e-9)


@given(boards())
def test_elo_gives_and_takes_alike(rows: list[Row]) -> None:
    assert elo(ordered(rows), k=16, start=1200).mean() == pytest.approx(1200, abs=1e-8)


@given(boards())
def test_sides_do_not_matter_and_order_does_not_hide_in_batches(rows: list[Row]) -> None:
    swapped = elo(ordered([row.swapped() for row in rows]), k=16, start=1000)
    assert swapped == pytest.approx(elo(ordered(rows), k=16, start=1000), abs=1e-8)
    parts = Rows.concat([ordered(rows[:3]), ordered(rows[3:])])
    assert np.array_equal(elo(parts, k=16, start=1000), elo(ordered(rows), k=16, start=1000))


def test_a_weight_multiplies_k() -> None:
    assert elo(ordered([Row("A", "B", "model_a", weight=3.0)]), k=4, start=1000)[0] == 1006.0


def test_a_model_against_itself_moves_nothing() -> None:
    board = rank_rows(ordered([Row("A", "A", "model_a"), Row("A", "B", "tie")]))
    assert [(row.model, row.rating, row.n_battles) for row in board.ratings] == [
        ("A", 1000.0, 1),
        ("B", 1000.0, 1),
    ]
    assert board.warnings == ["1 battles of a model against itself were left out"]


def test_the_board_says_how_it_was_made() -> None:
    board = rank_rows(ordered([Row("A", "B", "model_a")]), k=32, start=1500, anchor={"B": 1000})
    assert (board.method, board.interval.kind, board.parameters) == ("elo", "none", {"k": 32, "start": 1500})
    assert [(row.rating, row.ci_low, row.rank_low, row.rank_high) for row in board.ratings] == [
        (1032.0, None, 1, 1),
        (1000.0, None, 2, 2),
    ]


@pytest.mark.parametrize(
    ("k", "start"), [(0, 1000), (-1, 1000), (math.nan, 1000), (math.inf, 1000), (4, math.inf)]
)
def test_senseless_settings_are_refused(k: float, start: float) -> None:
    with pytest.raises(UsageError):
        elo(ordered([Row("A", "B", "tie")]), k=k, start=start)
