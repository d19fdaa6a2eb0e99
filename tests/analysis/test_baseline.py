"""Win rates against a baseline: published checks, sweeps, and intervals that hold the truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palestra.analysis.baseline import elo, win_rate, win_rates
from palestra.errors import DataError, UsageError
from palestra.ranking.counts import Counts
from palestra.ranking.leaderboard import rank_counts

COUNTS = st.integers(0, 60)


def one(shares: list[float], **options: int) -> tuple[float, float, float]:
    """Rate and bounds of one candidate from its share on each prompt."""
    share = np.array(shares)[:, None]
    found = win_rates(share, 1 - share, **options)
    return float(found.rate[0]), float(found.low[0]), float(found.high[0])


def test_thirty_wins_ten_losses_five_ties() -> None:
    assert float(win_rate(32.5, 12.5)) == pytest.approx(0.7222, abs=5e-5)
    assert one([1.0] * 30 + [0.0] * 10 + [0.5] * 5)[0] == pytest.approx(0.7222, abs=5e-5)


def test_the_rate_is_that_of_bradley_terry_ratings() -> None:
    names = ["base", "good", "poor"]
    rows = [("base", "good", "model_b")] * 7 + [("base", "good", "model_a")] * 2
    rows += [("base", "poor", "tie")] * 3 + [("poor", "base", "model_b")] * 4 + [("poor", "base", "model_a")]
    a, b, winner = zip(*rows, strict=True)
    rated = {row.model: row.rating for row in rank_counts(Counts.from_rows(a, b, winner), ci="none").ratings}
    for name, (won, lost) in {"good": (7, 2), "poor": (2.5, 5.5)}.items():
        rate = float(win_rate(won, lost))
        assert rate == pytest.approx(1 / (1 + 10 ** ((rated["base"] - rated[name]) / 400)), abs=1e-9)
        assert float(elo(rate)) - 1000 == pytest.approx(rated[name] - rated["base"], abs=1e-5)
    assert names == sorted(rated)


@given(COUNTS, COUNTS, COUNTS)
def test_more_wins_never_give_a_lower_rate(wins: int, losses: int, ties: int) -> None:
    def rate(wins: int, losses: int, ties: int) -> float:
        return float(win_rate(wins + ties / 2, losses + ties / 2))

    here = rate(wins, losses, ties)
    if wins + losses + ties == 0:
        assert np.isnan(here)
        return
    assert 0 < here < 1
    assert np.isfinite(elo(here))
    assert rate(wins + 1, losses, ties) >= here
    if losses:
        assert rate(wins + 1, losses - 1, ties) > here
        assert rate(wins, losses - 1, ties + 1) > here
    if ties:
        assert rate(wins + 1, losses, ties - 1) > here


def test_none_of_fifty_is_less_than_one_of_fifty() -> None:
    none, some = float(win_rate(0, 50)), float(win_rate(1, 49))
    assert 0 < none < float(win_rate(0.5, 49.5)) < some == pytest.approx(0.02)


def test_a_sweep_has_the_interval_that_its_prompts_leave_open() -> None:
    rate, low, high = one([0.0] * 50)
    assert low == 0.0
    assert high == pytest.approx(1 - 0.025 ** (1 / 50))
    assert low < rate < high
    won = one([1.0] * 50)
    assert won == pytest.approx((1 - rate, 1 - high, 1.0))


def test_games_of_one_prompt_stay_together() -> None:
    """Two games each that always agree say no more than one: the interval is as wide."""
    rng = np.random.default_rng(0)
    won = rng.integers(0, 2, 400).astype(float)[:, None]
    once, twice = win_rates(won, 1 - won), win_rates(2 * won, 2 * (1 - won))
    assert (twice.low[0], twice.high[0]) == (once.low[0], once.high[0])
    apart = np.repeat(won, 2, axis=0)
    narrow = win_rates(apart, 1 - apart)
    assert narrow.high[0] - narrow.low[0] == pytest.approx(
        (once.high[0] - once.low[0]) / np.sqrt(2), rel=0.15
    )


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    rng = np.random.default_rng(1)
    truth, held, repeats = 0.62, 0, 400
    for number in range(repeats):
        won = (rng.random(150) < truth).astype(float)
        _, low, high = one(won.tolist(), rounds=400, seed=number)
        held += low <= truth <= high
    assert 0.92 <= held / repeats <= 0.98


def test_a_candidate_stands_where_it_would_alone() -> None:
    rng = np.random.default_rng(2)
    won = rng.random((40, 3))
    lost = 1 - won
    won[:5, 1] = lost[:5, 1] = 0.0  # this one has no battle on five prompts
    whole = win_rates(won, lost, seed=7)
    turned = win_rates(won[:, ::-1], lost[:, ::-1], seed=7)
    for place in range(3):
        alone = win_rates(won[:, [place]], lost[:, [place]], seed=7)
        for name in ("rate", "low", "high", "n_prompts"):
            assert getattr(alone, name)[0] == pytest.approx(getattr(whole, name)[place], abs=1e-12)
            assert getattr(turned, name)[2 - place] == pytest.approx(getattr(whole, name)[place], abs=1e-12)
    assert whole.n_prompts.tolist() == [40, 35, 40]


def test_no_battle_is_no_number() -> None:
    found = win_rates(np.zeros((3, 1)), np.zeros((3, 1)))
    assert np.isnan([found.rate[0], found.low[0], found.high[0], found.elo[0]]).all()
    assert not found.swept[0]


@pytest.mark.parametrize(
    ("won", "lost", "options", "error"),
    [
        ([[1.0]], [[1.0, 2.0]], {}, DataError),
        ([[-1.0]], [[1.0]], {}, DataError),
        ([[float("nan")]], [[1.0]], {}, DataError),
        ([[1.0]], [[1.0]], {"rounds": 1}, UsageError),
        ([[1.0]], [[1.0]], {"seed": -1}, UsageError),
        ([[1.0]], [[1.0]], {"level": 1.0}, UsageError),
    ],
)
def test_what_makes_no_sense_is_refused(
    won: list[list[float]], lost: list[list[float]], options: dict[str, float], error: type[Exception]
) -> None:
    with pytest.raises(error):
        win_rates(won, lost, **options)  # type: ignore[arg-type]
