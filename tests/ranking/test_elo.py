from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ranking.boards import Row, boards

from palestra.errors import UsageError
from palestra.ranking.counts import Rows
from palestra.ranking.elo import elo, elo_over_orders, play
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


def plain_elo(rows: Rows, k: float, start: float) -> list[float]:
    """Row by row, in the fewest words."""
    ratings = [start] * len(rows.models)
    for a, b, share, weight in zip(rows.a, rows.b, rows.share, rows.n * rows.weight, strict=True):
        if a != b:
            gap = min(max((ratings[b] - ratings[a]) / 400, -300.0), 300.0)
            move = float(k * weight) * (float(share) - 1 / (1 + 10.0**gap))
            ratings[a], ratings[b] = ratings[a] + move, ratings[b] - move
    return ratings


@pytest.mark.parametrize("k", [4.0, 1e6])
def test_more_rows_than_a_block_are_played_bit_for_bit_as_one_by_one(
    k: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PALESTRA_COMPILED", "0")  # which is the same to 1e-9, not to the bit
    rng = np.random.default_rng(0)
    size = 70_000
    rows = Rows.from_codes(
        list("ABCDE"),
        rng.integers(5, size=size),
        rng.integers(5, size=size),
        rng.integers(5, size=size),
        share=rng.random(size),
        weight=rng.choice([0.0, 0.3, 1.0], size),
        n=rng.integers(0, 3, size),
    )
    assert elo(rows, k=k, start=1000).tolist() == plain_elo(rows, k, 1000.0)


def test_play_goes_on_from_the_ratings_it_is_given() -> None:
    rows = ordered([Row("A", "B", "model_a"), Row("B", "C", "tie"), Row("C", "A", "model_b")])
    times = np.ones(3)
    ratings = np.full(3, 1500.0)
    play(rows.a[:2], rows.b[:2], rows.share[:2], times[:2], ratings, 16)
    play(rows.a[2:], rows.b[2:], rows.share[2:], times[2:], ratings, 16)
    assert ratings.tolist() == elo(rows, k=16, start=1500).tolist()


@settings(deadline=None)
@given(boards(), st.randoms(use_true_random=False))
def test_over_orders_neither_the_order_nor_the_sides_nor_counting_matter(
    rows: list[Row], random: object
) -> None:
    settings = {"k": 16.0, "start": 1000.0, "orders": 3, "seed": 7}
    mean, deviation = elo_over_orders(ordered(rows), **settings)  # type: ignore[arg-type]
    other = [row.swapped() if index % 2 else row for index, row in enumerate(rows)]
    random.shuffle(other)  # type: ignore[attr-defined]
    after = elo_over_orders(ordered(other), **settings)  # type: ignore[arg-type]
    assert after[0] == pytest.approx(mean, abs=1e-9)
    assert after[1] == pytest.approx(deviation, abs=1e-9)
    counts = ordered(rows).counts()
    merged = Rows(counts.models, counts.a, counts.b, counts.outcome, counts.share, counts.weight, counts.n)
    once = elo_over_orders(merged, **settings)  # type: ignore[arg-type]
    assert np.array_equal(once[0], mean)


def test_over_orders_is_the_mean_and_spread_of_shuffled_boards() -> None:
    rng = np.random.default_rng(2)
    names = ["A", "B", "C", "D"]
    pairs = [rng.permutation(names)[:2].tolist() for _ in range(60)]
    rows = [Row(a, b, "model_a" if rng.random() < 0.8 else "tie") for a, b in pairs]
    mean, deviation = elo_over_orders(ordered(rows), k=32, start=1000, orders=2000, seed=0)
    shuffled = np.array(
        [plain_elo(ordered([rows[index] for index in rng.permutation(60)]), 32, 1000.0) for _ in range(1000)]
    )
    error = deviation * math.sqrt(1 / 2000 + 1 / 1000)
    assert (np.abs(mean - shuffled.mean(axis=0)) < 4.5 * error).all()
    assert deviation == pytest.approx(shuffled.std(axis=0), rel=0.12)
    assert mean.mean() == pytest.approx(1000)


def test_over_orders_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    rows = ordered([Row("A", "B", "model_a"), Row("B", "C", "model_a"), Row("C", "A", "model_a")] * 5)
    few = elo_over_orders(rows, k=32, start=1000, orders=2, seed=3)
    assert np.array_equal(few, elo_over_orders(rows, k=32, start=1000, orders=2, seed=3))
    assert not np.array_equal(few, elo_over_orders(rows, k=32, start=1000, orders=2, seed=4))
    assert (few[1] > 0).all()


def test_one_battle_has_but_one_order() -> None:
    mean, deviation = elo_over_orders(ordered([Row("B", "A", "model_a")]), k=32, start=1000, orders=5, seed=0)
    assert (mean.tolist(), deviation.tolist()) == ([984.0, 1016.0], [0.0, 0.0])


def test_over_orders_of_nothing_is_the_start() -> None:
    mean, deviation = elo_over_orders(ordered([Row("A", "A", "tie")]), k=4, start=900, orders=2, seed=0)
    assert (mean.tolist(), deviation.tolist()) == ([900.0], [0.0])
    assert elo_over_orders(Rows.from_names([], [], []), k=4, start=900, orders=2, seed=0)[0].size == 0


@pytest.mark.parametrize(("orders", "seed", "k"), [(1, 0, 4), (2, -1, 4), (2, 0, 0)])
def test_senseless_orders_are_refused(orders: int, seed: int, k: float) -> None:
    with pytest.raises(UsageError):
        elo_over_orders(ordered([Row("A", "B", "tie")]), k=k, start=1000, orders=orders, seed=seed)
