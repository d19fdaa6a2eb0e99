from __future__ import annotations

import json
import math
from itertools import combinations
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.require import shared_data

from palestra.analysis import quality
from palestra.analysis.quality import Estimates
from palestra.errors import UsageError
from palestra.ranking.table import rank_within

if TYPE_CHECKING:
    from pathlib import Path

SCORES = st.lists(st.sampled_from([0.0, 1.0, 2.5, 2.5000000001, 7.0, -3.0]), min_size=2, max_size=9)


def bounded(score: list[float], half: float = 1.0) -> Estimates:
    middle = np.array(score, dtype=np.float64)
    return Estimates.of_bounds(middle, middle - half, middle + half)


def table(query: str) -> list[Any]:
    with duckdb.connect() as connection:
        return connection.execute(query).fetchall()


def arena(folder: Path) -> dict[str, tuple[float, float, float, float]]:
    """Rating, bounds and variance of each model of the Chatbot Arena."""
    file = folder / "chatbot_arena_20_models.csv"
    found = table(f"SELECT model, rating, rating_q025, rating_q975, variance FROM '{file}'")
    return {row[0]: row[1:] for row in found}


def published(rows: list[tuple[float, float, float, float]]) -> Estimates:
    score, low, high, variance = np.array(rows).T
    return Estimates(score, low, high, variance, score)


def benchmark(folder: Path, name: str) -> tuple[list[str], Estimates]:
    """The arena's names of the models, empty for those it lacks, and their scores."""
    file = folder / "bootstrap_scores.parquet"
    found = table(
        f"SELECT coalesce(arena_model, ''), score, results FROM '{file}' WHERE benchmark = '{name}'"
    )
    score = np.array([row[1] for row in found])
    return [row[0] for row in found], Estimates.of_rounds(score, np.array([row[2] for row in found]).T)


@pytest.mark.parametrize("name", ["mt_bench", "chatbot_arena_20k_votes"])
def test_published_figures_of_two_benchmarks_against_the_arena(name: str) -> None:
    folder = shared_data("benchmark_quality")
    expected: Any = json.loads((folder.parent / "expected.json").read_text())["benchmark_quality"]
    ratings = arena(folder)
    models, whole = benchmark(folder, name)
    board = whole.take(np.array([bool(model) for model in models]))
    reference = published([ratings[model] for model in models if model])
    agreed = quality.agreement(board, reference, shared_length=True)
    found = {
        "models": len(models),
        "separability_all": 100 * quality.separability(whole),
        "separability_20": 100 * quality.separability(board),
        "strict_agreement": agreed.strict,
        "agreement_with_confidence": agreed.confident,
        "spearman": quality.spearman(board.score, reference.score),
        "brier": quality.brier(board, reference),
    }
    for key, value in found.items():
        digits = 4 if key.startswith("separability") else 6
        assert round(value, digits) == expected[name][key], key
    assert round(100 * quality.separability(reference), 4) == expected["chatbot_arena"]["separability_20"]


def test_an_anchor_without_width_separates_only_where_shared_length_counts() -> None:
    """The arena's anchor has a point for an interval; the published agreement counts its pairs as sure."""
    folder = shared_data("benchmark_quality")
    ratings = arena(folder)
    models, whole = benchmark(folder, "mt_bench")
    board = whole.take(np.array([bool(model) for model in models]))
    reference = published([ratings[model] for model in models if model])
    assert [
        m for m, flat in zip(filter(None, models), quality.pointlike(reference), strict=True) if flat
    ] == ["mixtral-8x7b-instruct-v0.1"]
    assert quality.agreement(board, reference).n_separated == 174
    assert quality.agreement(board, reference, shared_length=True).n_separated == 177


def test_the_rank_rule_of_the_published_leaderboard() -> None:
    """1 + models whose lower bound is above one's upper bound: 82.6 % exact, 97.4 % within 1, at most 2."""
    file = shared_data("lmarena_leaderboard") / "lmarena_text_20250506.csv"
    rows = table(f"SELECT rank, arena_score, \"95_pct_ci\" FROM '{file}'")
    score = np.array([float(row[1]) for row in rows])
    up, down = np.array([[float(end) for end in row[2].split("/")] for row in rows]).T
    part = np.zeros(score.size, dtype=np.int64)
    best = rank_within(part, score, score + down, score + up, bounded=True)[2]
    off = np.abs(best - np.array([row[0] for row in rows]))
    assert (round(float((off == 0).mean()), 3), round(float((off <= 1).mean()), 3)) == (0.826, 0.974)
    assert off.max() == 2


def test_spearman_of_a_worked_example() -> None:
    """IQ and hours of television: −29/165, as in the encyclopaedia."""
    iq = np.array([106, 100, 86, 101, 99, 103, 97, 113, 112, 110], dtype=float)
    hours = np.array([7, 27, 2, 50, 28, 29, 20, 12, 6, 17], dtype=float)
    assert quality.spearman(iq, hours) == pytest.approx(-29 / 165, abs=1e-12)
    assert quality.kendall(iq, hours) == pytest.approx(-5 / 45, abs=1e-12)


def slow_ranks(score: list[float]) -> list[float]:
    return [
        1
        + sum(other > own + 1e-9 for other in score)
        + (sum(abs(other - own) <= 1e-9 for other in score) - 1) / 2
        for own in score
    ]


@given(
    st.integers(2, 9).flatmap(lambda n: st.tuples(*[st.lists(st.integers(0, 4), min_size=n, max_size=n)] * 2))
)
def test_rank_correlations_are_those_of_plain_definitions(boards: tuple[list[int], list[int]]) -> None:
    a, b = ([float(value) for value in board] for board in boards)
    x, y = slow_ranks(a), slow_ranks(b)
    n, mean = len(a), (len(a) + 1) / 2
    above = sum((p - mean) * (q - mean) for p, q in zip(x, y, strict=True))
    below = math.sqrt(sum((p - mean) ** 2 for p in x) * sum((q - mean) ** 2 for q in y))
    spearman = above / below if below else math.nan
    in_order = out_of_order = only_a = only_b = 0
    for i, j in combinations(range(n), 2):
        product = (a[i] - a[j]) * (b[i] - b[j])
        in_order += product > 0
        out_of_order += product < 0
        only_a += a[i] == a[j] and b[i] != b[j]
        only_b += b[i] == b[j] and a[i] != a[j]
    decided = in_order + out_of_order
    norm = math.sqrt((decided + only_a) * (decided + only_b))
    kendall = (in_order - out_of_order) / norm if norm else math.nan
    assert quality.ranks(np.array(a)).tolist() == x
    assert quality.spearman(np.array(a), np.array(b)) == pytest.approx(spearman, nan_ok=True)
    assert quality.kendall(np.array(a), np.array(b)) == pytest.approx(kendall, nan_ok=True)


def test_agreement_gives_one_half_where_the_board_does_not_separate() -> None:
    """Three pairs that the reference separates: one is not separated by the board, two are the wrong way."""
    reference = bounded([30.0, 20.0, 10.0])
    board = Estimates.of_bounds(
        np.array([5.0, 4.5, 9.0]), np.array([4.9, 4.0, 8.0]), np.array([5.5, 5.0, 9.5])
    )
    found = quality.agreement(board, reference)
    assert found.n_separated == 3
    assert found.confident == pytest.approx((0.5 + 0 + 0) / 3)
    assert found.strict == pytest.approx(1 / 3)
    same = quality.agreement(reference, reference)
    assert (same.confident, same.strict) == (1, 1)


def erring(score: list[float], variance: float) -> Estimates:
    middle, unknown = np.array(score), np.full(len(score), math.nan)
    return Estimates(middle, unknown, unknown, np.full(len(score), variance), middle)


def test_brier_by_hand() -> None:
    """Two models two standard errors apart, in the right and in the wrong order."""
    board = erring([3.0, 1.0], 0.5)
    claim = 0.5 * (1 + math.erf(2 / math.sqrt(2)))
    assert quality.brier(board, bounded([9.0, 8.0])) == pytest.approx((1 - claim) ** 2)
    assert quality.brier(board, bounded([8.0, 9.0])) == pytest.approx(claim**2)
    assert quality.brier(board, bounded([8.0, 8.0])) == pytest.approx((claim - 0.5) ** 2)


def test_a_board_without_error_is_as_sure_as_can_be() -> None:
    assert quality.brier(erring([2.0, 1.0], 0.0), bounded([2.0, 1.0])) == 0
    assert quality.brier(erring([2.0, 1.0], 0.0), bounded([1.0, 2.0])) == 1
    assert quality.brier(erring([1.0, 1.0], 0.0), bounded([1.0, 2.0])) == 0.25


def test_models_without_bounds_are_separated_from_none() -> None:
    unknown = np.array([math.nan, 2.0, 9.0])
    board = Estimates.of_bounds(np.array([1.0, 2.0, 9.0]), unknown, unknown)
    assert quality.separability(board) == pytest.approx(1 / 3)


@pytest.mark.parametrize("size", [0, 1])
def test_fewer_than_two_models_tell_nothing(size: int) -> None:
    board = bounded([1.0] * size)
    assert math.isnan(quality.separability(board))
    assert math.isnan(quality.brier(board, board))
    agreed = quality.agreement(board, board)
    assert math.isnan(agreed.confident)
    assert math.isnan(agreed.strict)
    assert math.isnan(quality.spearman(board.score, board.score))
    assert math.isnan(quality.kendall(board.score, board.score))


def test_all_scores_alike_have_no_rank_correlation() -> None:
    assert math.isnan(quality.spearman(np.ones(4), np.arange(4.0)))
    assert math.isnan(quality.kendall(np.ones(4), np.arange(4.0)))


def test_mean_changes() -> None:
    a, b = np.array([1000.0, 1100.0, 1200.0]), np.array([40.0, 10.0, 70.0])
    assert quality.mean_difference(a, a + 55) == pytest.approx(0, abs=1e-12)
    assert quality.mean_difference(a, b) == pytest.approx((100 + 30 + 70) / 3)
    assert quality.mean_rank_change(a, b) == pytest.approx((1 + 1 + 0) / 3)
    assert math.isnan(quality.mean_difference(np.zeros(0), np.zeros(0)))


@given(SCORES, st.randoms(use_true_random=False))
def test_the_order_of_the_models_changes_nothing(score: list[float], random: Any) -> None:
    reference = [math.sin(7 * index) * 3 for index in range(len(score))]
    order = list(range(len(score)))
    random.shuffle(order)
    board, truth = bounded(score), bounded(reference)
    moved = board.take(np.array(order)), truth.take(np.array(order))
    assert quality.agreement(*moved) == quality.agreement(board, truth)
    assert quality.brier(*moved) == pytest.approx(quality.brier(board, truth))
    assert quality.separability(moved[0]) == quality.separability(board)


@pytest.mark.parametrize(
    "make",
    [
        lambda: bounded([1.0, math.nan]),
        lambda: bounded([1.0, 2.0], half=-1.0),
        lambda: Estimates.of_bounds(np.ones(2), np.ones(3), np.ones(3)),
        lambda: Estimates.of_rounds(np.ones(2), np.ones((0, 2))),
        lambda: quality.spearman(np.ones(2), np.ones(3)),
        lambda: quality.brier(bounded([1.0]), bounded([1.0, 2.0])),
    ],
)
def test_what_makes_no_sense_is_refused(make: Any) -> None:
    with pytest.raises((UsageError, ValueError)) as raised:
        make()
    assert isinstance(raised.value, UsageError)
