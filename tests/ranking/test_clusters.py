"""Rows that stand alone count as clusters of one; models of few clusters are not too sure of themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from palestra.ranking import clusters, intervals
from palestra.ranking.bootstrap.resample import Resampler
from palestra.ranking.bradley_terry import fit
from palestra.ranking.clusters import ALONE, effective, sizes
from palestra.ranking.contextual import fit as fit_with_features
from palestra.ranking.counts import Counts
from palestra.ranking.leaderboard import rank_counts
from palestra.ranking.pairs import Pairs
from palestra.ranking.scale import POINTS

if TYPE_CHECKING:
    from palestra.records.rating import Leaderboard

MODELS = ("a", "b", "c", "d")


def board(*, numbered: bool, **wishes: Any) -> Leaderboard:
    """400 battles, a third of them of 20 prompts; `numbered`: those that stand alone have a number each."""
    rng = np.random.default_rng(3)
    a = rng.integers(0, 4, 400)
    b = (a + rng.integers(1, 4, 400)) % 4
    outcome = np.where(rng.random(400) < 0.6, (a > b).astype(int), rng.integers(0, 4, 400))
    cluster = np.where(rng.random(400) < 0.34, rng.integers(0, 20, 400), ALONE)
    if numbered:
        cluster = np.where(cluster == ALONE, 1000 + np.arange(400), cluster)
    counts = Counts.from_codes(MODELS, a, b, outcome, weight=np.where(a == 1, 2.0, 1.0), cluster=cluster)
    return rank_counts(counts, cluster="question_id", **wishes)


@pytest.mark.parametrize("details", [False, True])
def test_the_sandwich_is_that_of_clusters_of_one(details: bool) -> None:
    one, other = board(numbered=True, details=details), board(numbered=False, details=details)
    assert one.warnings == other.warnings
    for mine, theirs in zip(one.ratings, other.ratings, strict=True):
        assert (mine.model, mine.rank_low, mine.rank_high) == (
            theirs.model,
            theirs.rank_low,
            theirs.rank_high,
        )
        assert (mine.ci_low, mine.ci_high) == pytest.approx((theirs.ci_low, theirs.ci_high), abs=1e-9)


def test_the_bootstrap_has_the_law_of_clusters_of_one() -> None:
    one, other = (board(numbered=numbered, ci="bootstrap", rounds=4000) for numbered in (True, False))
    for mine, theirs in zip(one.ratings, other.ratings, strict=True):
        assert mine.rating == pytest.approx(theirs.rating, abs=1e-9)
        bounds = np.array([[mine.ci_low, mine.ci_high], [theirs.ci_low, theirs.ci_high]], dtype=float)
        assert np.all(np.abs(bounds[0] - bounds[1]) < 0.06 * np.ptp(bounds[0]))


def test_a_resample_draws_as_many_clusters_as_there_are() -> None:
    cluster, n = np.array([ALONE, 7, 7, ALONE, 8]), np.array([5, 2, 3, 1, 4])
    a, b, outcome = [0, 0, 1, 2, 2], [1, 2, 2, 3, 0], [0, 1, 0, 1, 2]
    counts = Counts.from_codes(MODELS, a, b, outcome, n=n, cluster=cluster)
    assert sorted(sizes(cluster, n).tolist()) == [1] * 6 + [4, 5]
    pairs = Pairs.of(counts)
    resampler = Resampler.of(pairs, seed=0)
    alone = pairs.cell_cluster == ALONE
    drawn = np.array([resampler.draw(number) for number in range(3000)])
    seven, eight = pairs.cell_cluster == 7, pairs.cell_cluster == 8
    clusters = drawn[:, alone].sum(axis=1) + drawn[:, seven].sum(axis=1) / 5 + drawn[:, eight].sum(axis=1) / 4
    assert np.all(clusters == 8)
    assert drawn.mean(axis=0) == pytest.approx(pairs.cell_n, rel=0.1)


STRENGTHS = np.array([-1.0, -0.5, 0.0, 0.5, 1.0, 0.2])
TRUTH = 1000 + POINTS * (STRENGTHS - STRENGTHS.mean())
NEW = 5


def newcomer(seed: int, n_prompts: int) -> tuple[Any, ...]:
    """Five models with 1500 battles of as many prompts, a sixth with 60 of few: A, B, outcome, cluster."""
    rng = np.random.default_rng(seed)
    a = np.r_[rng.integers(0, 5, 1500), np.full(60, NEW)]
    b = np.r_[(a[:1500] + rng.integers(1, 5, 1500)) % 5, rng.integers(0, 5, 60)]
    cluster = np.r_[np.full(1500, ALONE), rng.integers(0, n_prompts, 60)]
    won = rng.random(a.size) < 1 / (1 + np.exp(STRENGTHS[b] - STRENGTHS[a]))
    return a, b, np.where(won, 0, 1), cluster


def rated(seed: int, n_prompts: int, **wishes: Any) -> Leaderboard:
    a, b, outcome, cluster = newcomer(seed, n_prompts)
    counts = Counts.from_codes("abcdef", a, b, outcome, cluster=cluster)
    return rank_counts(counts, cluster="question_id", **wishes)


def bounds(board: Leaderboard) -> tuple[float, float]:
    row = next(row for row in board.ratings if row.model == "f")
    assert row.ci_low is not None
    assert row.ci_high is not None
    return row.ci_low, row.ci_high


@pytest.mark.parametrize("n_prompts", [1, 2, 5])
def test_intervals_hold_the_truth_where_a_model_has_few_prompts(n_prompts: int) -> None:
    """The newcomer's, and those of the others, which are measured from a mean that it is part of."""
    held = np.array([holds(rated(seed, n_prompts)) for seed in range(200)])
    assert 0.91 <= held[:, NEW].mean() <= 0.99
    assert 0.93 <= held[:, :NEW].mean() <= 0.98


def holds(board: Leaderboard) -> list[bool]:
    """Whether each interval holds the truth, by name."""
    rows = sorted(board.ratings, key=lambda row: row.model)
    return [
        row.ci_low is not None and row.ci_high is not None and row.ci_low <= truth <= row.ci_high
        for row, truth in zip(rows, TRUTH.tolist(), strict=True)
    ]


def test_a_newcomer_of_one_prompt_is_told_apart_no_more_often_than_of_many() -> None:
    for seed in range(5):
        a, b, outcome, cluster = newcomer(seed, 1)
        pairs = Pairs.of(Counts.from_codes("abcdef", a, b, outcome, cluster=cluster))
        fitted = fit(pairs)
        found = intervals.covariance(intervals.settled(pairs, fitted), fitted)
        single = intervals.covariance(clusters.independent(pairs), fitted)
        assert found == pytest.approx(single, rel=0.01)
        assert found.sum(axis=0) == pytest.approx(np.zeros(6), abs=1e-9)


@pytest.mark.parametrize("wishes", [{"details": True}, {"ci": "bootstrap", "rounds": 300}])
def test_so_are_other_intervals(wishes: dict[str, Any]) -> None:
    low, high = bounds(rated(0, 1, **wishes))
    least, most = bounds(rated(0, 1))
    assert high - low == pytest.approx(most - least, rel=0.15)


@pytest.mark.parametrize("side", [False, True])
def test_so_are_errors_of_a_fit_with_features(side: bool) -> None:
    """With a feature that says something everywhere, or in the battles of one prompt only."""
    a, b, outcome, cluster = newcomer(0, 1)
    feature = np.random.default_rng(1).normal(size=(a.size, 1))
    if not side:
        feature[:1500] = 0.0
    share = 1.0 - outcome
    by_prompt = fit_with_features(6, a, b, share, feature, clusters=cluster)
    single = fit_with_features(6, a, b, share, feature)
    assert by_prompt.theta_se == pytest.approx(single.theta_se, rel=0.01)
    assert by_prompt.beta_se == pytest.approx(single.beta_se, rel=0.01)


def test_equal_rows_that_stand_alone_are_as_many_in_a_fit_with_features() -> None:
    rng = np.random.default_rng(2)
    a = rng.integers(0, 3, 300)
    b = (a + rng.integers(1, 3, 300)) % 3
    share, times, none = rng.integers(0, 2, 300) * 1.0, rng.integers(1, 5, 300), np.zeros((300, 0))
    alone = np.full(300, -1)
    counted = fit_with_features(3, a, b, share, none, times=times, clusters=alone)
    one, other, won = (np.repeat(column, times) for column in (a, b, share))
    none, alone = np.zeros((won.size, 0)), np.full(won.size, -1)
    listed = fit_with_features(3, one, other, won, none, clusters=alone)
    assert counted.theta_se == pytest.approx(listed.theta_se, rel=0.01)


def test_both_orders_of_ten_prompts_are_clusters_still() -> None:
    """What is won by being first is lost again in the other order: clusters make intervals narrower."""
    rng = np.random.default_rng(6)
    a, b = (
        np.array(column)
        for column in zip(*[(i, j) for i in range(4) for j in range(4) if i != j], strict=True)
    )
    a, b, cluster = np.tile(a, 10), np.tile(b, 10), np.repeat(np.arange(10), 12)
    outcome = np.where(rng.random(a.size) < 0.9, 0, 1)
    counts = Counts.from_codes("abcd", a, b, outcome, cluster=cluster)
    by_prompt, single = rank_counts(counts, cluster="question_id"), rank_counts(replace(counts, cluster=None))
    for mine, theirs in zip(by_prompt.ratings, single.ratings, strict=True):
        assert (mine.ci_high or 0) - (mine.ci_low or 0) < 0.8 * ((theirs.ci_high or 0) - (theirs.ci_low or 0))


def test_models_of_few_prompts_are_named() -> None:
    said = "the battles of f are of few prompts, or mostly of a few"
    assert any(warning.startswith(said) for warning in rated(0, 2).warnings)
    for board in (rated(0, 40), rated(0, 2, ci="none")):
        assert not [warning for warning in board.warnings if "few prompts" in warning]


@pytest.mark.parametrize("dense", [True, False])
def test_many_battles_of_one_prompt_count_as_one(dense: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not dense:
        monkeypatch.setattr(clusters, "_DENSE", 0)
    a, b = [0] * 7 + [2], [1] * 7 + [3]
    cluster = [9, 9, 9, 4, 4, ALONE, ALONE, 9]
    pairs = Pairs.of(Counts.from_codes("abcde", a, b, [0] * 8, cluster=cluster))
    assert effective(pairs) == pytest.approx([49 / (9 + 4 + 1 + 1)] * 2 + [1, 1, 0])
    assert clusters.is_few(effective(pairs)).tolist() == [True] * 4 + [False]
    weighted = Counts.from_codes("abcde", a, b, [0] * 8, weight=[1, 1, 1, 1, 1, 3, 3, 1], cluster=cluster)
    assert effective(Pairs.of(weighted))[0] == pytest.approx(11**2 / (9 + 4 + 9 + 9))
