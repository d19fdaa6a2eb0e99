from __future__ import annotations

import numpy as np
import pytest
from tests.ranking.boards import Row, counted, tallied

from palestra.errors import UsageError
from palestra.ranking.leaderboard import rank_counts
from palestra.ranking.win_rate import wilson, z_exact


def test_seven_of_ten_has_the_published_bounds() -> None:
    low, high = wilson(np.array([0.7]), np.array([10.0]))
    assert (low[0], high[0]) == (pytest.approx(0.396773, abs=5e-7), pytest.approx(0.892211, abs=5e-7))


def test_bounds_stay_within_0_and_1_and_nothing_gives_none() -> None:
    low, high = wilson(np.array([0.0, 1.0, np.nan]), np.array([4.0, 4.0, 0.0]))
    assert (low[0], high[1]) == (0.0, 1.0)
    assert np.isnan([low[2], high[2]]).all()


def test_a_rating_is_the_win_rate_in_percent() -> None:
    counts = tallied(("A", "B", "model_a", 7), ("A", "B", "model_b", 2), ("A", "B", "tie", 2))
    board = rank_counts(counts, method="win-rate")
    first = board.ratings[0]
    assert (first.model, board.interval.kind) == ("A", "wilson")
    assert first.rating == pytest.approx(100 * 8 / 11)
    assert first.win_rate is not None
    assert first.win_rate_low is not None
    assert first.rating == pytest.approx(100 * first.win_rate)
    assert first.ci_low == pytest.approx(100 * first.win_rate_low)


def test_soft_rows_give_the_mean_share() -> None:
    rows = [Row("A", "B", "model_a", pref=0.8), Row("B", "A", "tie", pref=0.4), Row("A", "B", "model_b")]
    first = rank_counts(counted(rows), method="win-rate").ratings[0]
    assert first.model == "B"
    assert first.rating == pytest.approx(100 * (0.2 + 0.4 + 1) / 3)


def test_uneven_weights_widen_the_interval() -> None:
    even = rank_counts(tallied(("A", "B", "model_a", 6), ("A", "B", "model_b", 6)), method="win-rate")
    rows = [Row("A", "B", "model_a", weight=9.0), Row("A", "B", "model_b", weight=9.0)]
    rows += [Row("A", "B", winner) for winner in ("model_a", "model_b") for _ in range(5)]
    uneven = rank_counts(counted(rows), method="win-rate")

    def width(board: object) -> float:
        row = board.ratings[0]  # type: ignore[attr-defined]
        return float(row.ci_high - row.ci_low)

    assert width(uneven) > 1.3 * width(even)


@pytest.mark.parametrize("level", [0, 1, -0.5, 95])
def test_a_senseless_level_is_refused(level: float) -> None:
    with pytest.raises(UsageError):
        z_exact(level)


def test_a_win_rate_takes_no_anchor() -> None:
    with pytest.raises(UsageError, match="anchor"):
        rank_counts(tallied(("A", "B", "tie", 5)), method="win-rate", anchor={"A": 50})
