from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palestra.analysis.duel import duel
from palestra.errors import UsageError

SHARES = st.lists(st.floats(0, 1), min_size=1, max_size=60)


@given(SHARES)
def test_swapping_the_models_mirrors_the_duel(shares: list[float]) -> None:
    one, other = duel(shares), duel([1 - share for share in shares])
    assert one.win_share == pytest.approx(1 - other.win_share, abs=1e-9)
    assert one.ci_low == pytest.approx(1 - other.ci_high, abs=1e-9)
    assert 0 <= one.ci_low <= one.ci_high <= 1
    assert one.n_prompts == len(shares)


def test_wins_and_losses_have_agresti_and_coulls_interval() -> None:
    """60 of 100: (62/104) ± t · sqrt(p(1 − p)/104), Student's t of 103 degrees of freedom."""
    found = duel([1.0] * 60 + [0.0] * 40)
    p = 62 / 104
    half = 1.983264 * math.sqrt(p * (1 - p) / 104)
    assert [found.ci_low, found.ci_high] == pytest.approx([p - half, p + half], abs=1e-6)
    assert found.win_share == 0.6
    assert found.told_apart is (p - half > 0.5)


@pytest.mark.parametrize(("wins", "apart"), [(1, False), (3, False), (5, False), (6, True), (100, True)])
def test_a_short_winning_streak_is_not_certainty(wins: int, apart: bool) -> None:
    found = duel([1.0] * wins)
    assert found.told_apart is apart
    assert (found.more_prompts == 0) is apart


def test_no_difference_needs_no_number_of_prompts() -> None:
    for shares in ([0.5] * 20, [1.0, 0.0] * 10):
        found = duel(shares)
        assert (found.told_apart, found.more_prompts, found.win_share) == (False, None, 0.5)


def test_how_many_more_is_told_to_two_digits_and_grows_as_the_effect_shrinks() -> None:
    numbers = []
    for wins in (58, 55, 52, 51):
        more = duel([1.0] * wins + [0.0] * (100 - wins)).more_prompts
        assert more is not None
        assert len(str(more).rstrip("0")) <= 2
        numbers.append(more)
    assert numbers == sorted(numbers)
    needed = (2.801585 * 0.5 / 0.05) ** 2
    assert numbers[1] == pytest.approx(needed - 100, rel=0.05)


def test_that_many_more_prompts_do_tell_in_four_of_five_cases() -> None:
    """The number's promise, checked by playing it: 80 % of runs of that size tell the models apart."""
    shares = [1.0] * 56 + [0.5] * 10 + [0.0] * 44
    first = duel(shares)
    assert not first.told_apart
    assert first.more_prompts
    rng = np.random.default_rng(0)
    size = len(shares) + first.more_prompts
    told = [duel(rng.choice(shares, size)).told_apart for _ in range(2000)]
    assert np.mean(told) == pytest.approx(0.8, abs=0.04)


KINDS = {
    "wins": lambda rng, n: (rng.random((2000, n)) < 0.7).astype(float),
    "wins near certainty": lambda rng, n: (rng.random((2000, n)) < 0.93).astype(float),
    "many ties": lambda rng, n: rng.choice([0.0, 0.5, 1.0], (2000, n), p=[0.15, 0.6, 0.25]),
    "two orders": lambda rng, n: rng.binomial(2, 0.6, (2000, n)) / 2,
    "soft": lambda rng, n: rng.beta(1.2, 0.8, (2000, n)),
}
TRUTH = {"wins": 0.7, "wins near certainty": 0.93, "many ties": 0.55, "two orders": 0.6, "soft": 0.6}


@pytest.mark.parametrize("n", [5, 10, 20, 50, 200])
@pytest.mark.parametrize("kind", KINDS)
def test_intervals_cover_the_truth_from_few_prompts_on(kind: str, n: int) -> None:
    """Never much too narrow; with few prompts and ties they are too wide, which is the safe side."""
    samples = KINDS[kind](np.random.default_rng(1), n)
    inside = [(found := duel(row)).ci_low <= TRUTH[kind] <= found.ci_high for row in samples]
    assert np.mean(inside) > 0.93
    assert n < 200 or np.mean(inside) < 0.975


@pytest.mark.parametrize("n", [5, 10, 20, 50])
def test_equal_models_are_rarely_told_apart(n: int) -> None:
    rng = np.random.default_rng(2)
    wrong = np.mean([duel(rng.integers(0, 2, n)).told_apart for _ in range(4000)])
    assert wrong < 0.06


@pytest.mark.parametrize("shares", [[], [[0.5]], [1.2], [-0.1], [math.nan]])
def test_what_is_no_share_is_refused(shares: list[float]) -> None:
    with pytest.raises(UsageError):
        duel(shares)
