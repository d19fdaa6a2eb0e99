"""All models at once: simultaneous intervals, who is better, the probabilities of ranks."""

from __future__ import annotations

import math
from itertools import permutations
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from tests.ranking.boards import Row, boards, counted, simulated, tallied

from palestra.ranking import uncertainty
from palestra.ranking.counts import Counts
from palestra.ranking.leaderboard import rank_counts
from palestra.ranking.scale import MEAN, POINTS

if TYPE_CHECKING:
    from palestra.records.rating import Leaderboard

STRENGTHS = np.array([-0.6, -0.3, -0.1, 0.0, 0.3, 0.7])
KINDS: list[dict[str, Any]] = [{"ci": "sandwich"}, {"ci": "bootstrap", "rounds": 300}]
ONE_PART = np.zeros(2, dtype=np.int64)


def drawn(seed: int, battles: int = 600) -> Counts:
    return simulated(seed, STRENGTHS.tolist(), battles, 0.3)


def widths(board: Leaderboard) -> dict[str, float]:
    return {
        row.model: row.ci_high - row.ci_low
        for row in board.ratings
        if row.ci_low is not None and row.ci_high is not None
    }


def tables(board: Leaderboard) -> tuple[np.ndarray, np.ndarray]:
    """Who is better than whom and the probabilities of ranks, NaN where nothing is said."""
    return np.array(board.better, dtype=np.float64), np.array(board.rank_probabilities, dtype=np.float64)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_simultaneous_intervals_hold_the_plain_ones(kind: dict[str, Any]) -> None:
    """As a symmetric interval does: a bootstrap's percentiles may lean to one side, by a few points."""
    lean = 0.0 if kind["ci"] == "sandwich" else 3.0
    for seed in range(5):
        plain = {row.model: row for row in rank_counts(drawn(seed), **kind).ratings}
        board = rank_counts(drawn(seed), simultaneous=True, **kind)
        assert board.interval.simultaneous
        for row in board.ratings:
            narrow = plain[row.model]
            assert row.rating == narrow.rating
            assert (row.ci_low or 0) < (narrow.ci_low or 0) + lean
            assert (row.ci_high or 0) > (narrow.ci_high or 0) - lean
            assert row.rank_low <= narrow.rank_low
            assert row.rank_high >= narrow.rank_high


@settings(max_examples=60)
@given(boards())
def test_simultaneous_intervals_hold_the_plain_ones_on_any_board(rows: list[Row]) -> None:
    """Undefeated models and several parts, too; one model has as wide an interval for itself alone."""
    plain = widths(rank_counts(counted(rows)))
    wide = widths(rank_counts(counted(rows), simultaneous=True))
    assert wide.keys() == plain.keys()
    for model, width in wide.items():
        assert width > plain[model] * 0.985  # 20,000 draws know a quantile to about 1 %


def all_held(seed: int, **wishes: Any) -> bool:
    truth = MEAN + POINTS * (STRENGTHS - STRENGTHS.mean())
    board = rank_counts(drawn(seed), **wishes)
    return all((row.ci_low or 0) <= truth[int(row.model[1:])] <= (row.ci_high or 0) for row in board.ratings)


def test_simultaneous_intervals_hold_all_at_once_in_95_of_100_boards() -> None:
    """Of 400 boards, give or take 1.1 points; the plain ones do so far less often."""
    together = np.mean([all_held(seed, simultaneous=True) for seed in range(400)])
    alone = np.mean([all_held(seed) for seed in range(400)])
    assert together == pytest.approx(0.95, abs=0.025)
    assert alone < 0.85


@pytest.mark.slow
def test_simultaneous_bootstrap_intervals_hold_all_at_once_in_95_of_100_boards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of 150 boards, give or take 1.8 points; by compiled kernels, to be done sooner."""
    pytest.importorskip("numba", reason="the extra palestra[fast] is not installed")
    monkeypatch.setenv("PALESTRA_COMPILED", "1")
    wishes: dict[str, Any] = {"ci": "bootstrap", "rounds": 500, "simultaneous": True}
    held = np.mean([all_held(seed, **wishes) for seed in range(150)])
    assert held == pytest.approx(0.95, abs=0.045)


def test_one_model_against_another_needs_no_widening() -> None:
    """Two ratings around their mean are one number: it is covered or not, for both at once."""
    counts = tallied(("A", "B", "model_a", 60), ("A", "B", "model_b", 40))
    plain, wide = (widths(rank_counts(counts, simultaneous=flag)) for flag in (False, True))
    assert wide["A"] == pytest.approx(plain["A"], rel=0.02)


def test_independent_strengths_widen_as_computed() -> None:
    """Of K independent normal errors the largest is below q with chance (2Φ(q) − 1)ᴷ; for K = 10 and 95 %
    that is 2.80.
    """
    size = 10
    one_part = np.zeros(size, dtype=np.int64)
    draws = uncertainty.normal_draws(np.zeros(size), np.diag(np.arange(1.0, 11.0)), one_part, 3)
    error = np.sqrt(np.arange(1.0, 11.0))
    reach = uncertainty.widened(draws, np.zeros(size), error, one_part, 0.95)
    assert reach == pytest.approx(np.full(size, 2.7995), abs=0.03)
    assert draws.std(axis=0) == pytest.approx(error, rel=0.02)


@pytest.mark.parametrize("kind", KINDS, ids=str)
@settings(max_examples=40)
@given(rows=boards())
def test_chances_add_up(kind: dict[str, Any], rows: list[Row]) -> None:
    """One of two is better, everyone has a rank, and every rank someone, as far as anything is known."""
    board = rank_counts(counted(rows), details=True, **(kind | ({"rounds": 20} if "rounds" in kind else {})))
    better, chance = tables(board)
    known = ~np.isnan(better)
    assert (known == known.T).all()
    assert (better + better.T)[known] == pytest.approx(1.0, abs=1e-12)
    assert better.diagonal()[known.diagonal()] == pytest.approx(0.5)
    part = np.array([row.component for row in board.ratings])
    assert not known[part[:, None] != part].any()
    told = ~np.isnan(chance).all(axis=1)
    assert np.nansum(chance[told], axis=1) == pytest.approx(1.0, abs=1e-9)
    for number in np.unique(part):
        here = np.nan_to_num(chance[part == number])
        if told[part == number].all():
            size = len(here)
            assert here[:, :size].sum(axis=0) == pytest.approx(np.ones(size), abs=1e-9)
            assert not here[:, size:].any()


def test_both_kinds_agree_who_is_better_and_where_each_stands() -> None:
    """To four points of a hundred, of which three are those of 1500 resamples."""
    counts = drawn(3, 400)
    by_normal = tables(rank_counts(counts, details=True))
    by_draws = tables(rank_counts(counts, details=True, ci="bootstrap", rounds=1500))
    for one, other in zip(by_normal, by_draws, strict=True):
        assert one == pytest.approx(other, abs=0.05)
    assert ((by_normal[0] > 0.1) & (by_normal[0] < 0.45)).any()


def test_the_better_of_two_has_the_chance_of_its_gap() -> None:
    """60 to 40: log(60/40) against √(1/60 + 1/40), the variance of a log-odds."""
    counts = tallied(("A", "B", "model_a", 60), ("A", "B", "model_b", 40))
    board = rank_counts(counts, details=True)
    assert [row.model for row in board.ratings] == ["A", "B"]
    z = math.log(60 / 40) / math.sqrt(1 / 60 + 1 / 40)
    chance = 0.5 * (1 + math.erf(z / math.sqrt(2)))
    better, ranks = tables(board)
    assert better[0, 1] == pytest.approx(chance, abs=1e-9)
    assert ranks == pytest.approx(np.array([[chance, 1 - chance], [1 - chance, chance]]), abs=0.01)


def test_chances_come_true() -> None:
    """Of pairs that are said to be in the right order with chance p, p are: over many boards."""
    said, so = [], []
    for seed in range(150):
        board = rank_counts(drawn(seed, 150), details=True)
        better, _ = tables(board)
        truth = STRENGTHS[[int(row.model[1:]) for row in board.ratings]]
        upper = np.triu_indices(len(truth), 1)
        said.append(better[upper])
        so.append((truth[:, None] > truth)[upper])
    chances, outcomes = np.concatenate(said), np.concatenate(so)
    sure = chances > 0.95
    assert outcomes[sure].mean() > 0.95
    unsure = (chances > 0.6) & (chances < 0.9)
    assert outcomes[unsure].mean() == pytest.approx(chances[unsure].mean(), abs=0.06)


def test_models_that_cannot_be_compared_have_no_chances() -> None:
    parts = [("A", "B", winner, 20) for winner in ("model_a", "model_b")]
    parts += [("X", "Y", winner, 9) for winner in ("model_a", "model_b")]
    board = rank_counts(tallied(*parts, ("P", "Q", "tie", 5)), details=True)
    better, ranks = tables(board)
    place = {row.model: number for number, row in enumerate(board.ratings)}
    assert np.isnan(better[place["A"], place["X"]])
    assert better[place["A"], place["B"]] == pytest.approx(0.5)
    assert np.isnan(better[place["P"], place["Q"]])
    assert ranks[place["X"], :2] == pytest.approx([0.5, 0.5], abs=0.02)
    assert np.isnan(ranks[place["P"]]).all()


def test_models_that_only_drew_are_not_said_to_be_alike() -> None:
    """C hangs on A by a tie: their strengths go together, which is no evidence that they are equal. Whatever
    the names are: what rounding leaves of a variance of nil is none.
    """
    battles = ("A", "B", "model_a", 4), ("A", "B", "model_b", 2)
    for one, other, third in permutations("ABC"):
        name = {"A": one, "B": other, "C": third}
        renamed = [(name[a], name[b], winner, n) for a, b, winner, n in (*battles, ("A", "C", "tie", 1))]
        board = rank_counts(tallied(*renamed), details=True)
        place = {row.model: number for number, row in enumerate(board.ratings)}
        better, _ = tables(board)
        assert np.isnan(better[place[one], place[third]])
        assert np.isnan(better[place[third], place[one]])
        assert better[place[one], place[other]] == pytest.approx(better[place[third], place[other]])


def test_without_being_asked_a_board_says_nothing_of_chances() -> None:
    board = rank_counts(drawn(1))
    assert (board.better, board.rank_probabilities) == (None, None)
    assert board.interval.seed is None
    assert rank_counts(drawn(1), details=True, seed=4).interval.seed == 4
    nothing = rank_counts(Counts.empty(), details=True, simultaneous=True)
    assert (nothing.better, nothing.rank_probabilities) == ([], [])


def test_the_same_seed_gives_the_same_chances() -> None:
    one, two, other = (rank_counts(drawn(1), simultaneous=True, seed=seed) for seed in (3, 3, 4))
    assert one == two
    assert widths(one) != widths(other)


def test_equal_draws_count_half() -> None:
    draws = np.array([[1.0, 1.0], [2.0, 1.0], [0.0, 3.0], [1.0, np.nan]])
    chance = uncertainty.better_in_draws(draws, ONE_PART)
    assert chance == pytest.approx(np.array([[0.5, 0.5], [0.5, 0.5]]))
    ranks = uncertainty.rank_probabilities(draws, ONE_PART)
    assert ranks == pytest.approx(np.array([[2 / 3, 1 / 3], [1 / 3, 2 / 3]]))
