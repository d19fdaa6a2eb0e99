from __future__ import annotations

import numpy as np
import pytest

from palestra.analysis.meetings import observed, predicted, predicts
from palestra.ranking.counts import Counts
from palestra.ranking.leaderboard import rank_counts

ROWS = [
    ("A", "B", "model_a", 1.0),
    ("B", "A", "model_b", 1.0),
    ("A", "B", "model_b", 2.0),
    ("B", "A", "tie", 1.0),
    ("B", "C", "tie (bothbad)", 1.0),
    ("X", "Y", "model_a", 1.0),
    ("X", "Y", "model_b", 1.0),
]
COUNTS = Counts.from_rows(*zip(*(row[:3] for row in ROWS), strict=True), weight=[row[3] for row in ROWS])


def test_shares_are_told_from_the_row_and_weighted() -> None:
    share, n = observed(COUNTS, ["B", "A", "C"])
    assert share[1, 0] == pytest.approx((1 + 1 + 0.5) / 5)
    assert share[0, 2] == 0.5
    assert np.isnan(share[1, 2])
    assert np.isnan(share.diagonal()).all()
    assert n.tolist() == [[0, 4, 1], [4, 0, 0], [1, 0, 0]]


def test_both_sides_of_a_pair_share_one_win() -> None:
    share, n = observed(COUNTS, COUNTS.models)
    met = n > 0
    assert (share + share.T)[met] == pytest.approx(1.0)
    assert np.isnan(share[~met]).all()


def test_no_models_and_no_battles_are_empty_tables() -> None:
    assert observed(COUNTS, [])[0].shape == (0, 0)
    share, n = observed(Counts.empty(["A", "B"]), ["A", "B"])
    assert np.isnan(share).all()
    assert not n.any()


def test_four_hundred_points_are_odds_of_ten_to_one() -> None:
    counts = Counts.from_rows(["A"] * 11, ["B"] * 11, ["model_a"] * 10 + ["model_b"])
    chance = predicted(rank_counts(counts))
    assert chance[0, 1] == pytest.approx(10 / 11)
    assert chance[1, 0] == pytest.approx(1 / 11)
    assert np.isnan(chance.diagonal()).all()


def test_parts_that_never_met_are_not_compared() -> None:
    board = rank_counts(COUNTS)
    chance = predicted(board)
    part = np.array([row.component for row in board.ratings])
    apart = part[:, None] != part[None, :]
    assert apart.any()
    assert (np.isnan(chance) == (apart | np.eye(len(part), dtype=bool))).all()


def test_win_rates_predict_nothing() -> None:
    assert predicts(rank_counts(COUNTS))
    assert not predicts(rank_counts(COUNTS, method="win-rate"))
