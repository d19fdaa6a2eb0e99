"""Rows that stand alone count as clusters of one, however they were written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from palestra.ranking.bootstrap.resample import Resampler
from palestra.ranking.clusters import ALONE, sizes
from palestra.ranking.counts import Counts
from palestra.ranking.leaderboard import rank_counts
from palestra.ranking.pairs import Pairs

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
