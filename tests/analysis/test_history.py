"""Ratings over time, checked against leaderboards of the battles until then."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palestra.analysis.history import History, history
from palestra.errors import DataError, UsageError
from palestra.ranking.counts import Rows
from palestra.ranking.leaderboard import rank_counts, rank_rows

if TYPE_CHECKING:
    from palestra.ranking.arrays import Floats

DAY = 86_400.0


def seconds(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def drawn(battles: int = 400, seed: int = 0) -> tuple[Rows, Floats]:
    """Five models over 60 days, of which `late` comes after half of them."""
    rng = np.random.default_rng(seed)
    times = np.sort(rng.uniform(0, 60 * DAY, battles)) + seconds("2026-01-01")
    names = ["a", "b", "c", "d", "late"]
    a = rng.integers(0, 5, battles)
    b = (a + rng.integers(1, 5, battles)) % 5
    early = times < times[0] + 30 * DAY
    a, b = np.where(early & (a == 4), (b + 1) % 4, a), np.where(early & (b == 4), (a + 1) % 4, b)
    return Rows.from_codes(names, a, b, rng.integers(0, 3, battles)), times


def of(found: History, name: str) -> Floats:
    return found.rating[:, found.models.index(name)]


def until(rows: Rows, times: Floats, end: float) -> Rows:
    return rows.take(times <= end)


def test_the_last_slice_is_the_leaderboard() -> None:
    rows, times = drawn()
    found = history(rows, times, slices="week")
    for row in rank_counts(rows.counts()).ratings:
        column = found.models.index(row.model)
        assert row.ci_low is not None
        assert found.rating[-1, column] == pytest.approx(row.rating, abs=1e-9)
        assert found.low[-1, column] == pytest.approx(row.ci_low, abs=1e-9)
        assert found.n_battles[-1, column] == row.n_battles
    assert found.board.n_battles == rows.n.sum()


def test_differences_at_each_end_are_those_of_the_battles_until_then() -> None:
    rows, times = drawn()
    found = history(rows, times, slices="week")
    for step, end in enumerate(found.ends):
        board = {row.model: row.rating for row in rank_counts(until(rows, times, end).counts()).ratings}
        gaps = [of(found, name)[step] - rating for name, rating in board.items()]
        assert gaps == pytest.approx([gaps[0]] * len(gaps), abs=1e-9)


def test_without_an_anchor_a_newcomer_moves_nobody_by_the_mean() -> None:
    """Weighted by battles so far, the models of a slice have the mean of the end."""
    rows, times = drawn()
    found = history(rows, times, slices="week")
    known = np.isfinite(found.rating)
    assert not known.all()
    for step in range(len(found.ends)):
        weight = np.where(known[step], found.n_battles[step], 0)
        now, end = np.nan_to_num(found.rating[step]), found.rating[-1]
        assert weight @ now == pytest.approx(weight @ end)


def test_an_anchor_stays_where_it_is_and_nothing_is_known_before_it_comes() -> None:
    rows, times = drawn()
    found = history(rows, times, slices="week", anchor={"late": 1200})
    first = int(np.flatnonzero(found.n_battles[:, found.models.index("late")])[0])
    assert first > 0
    assert np.isnan(found.rating[:first]).all()
    assert of(found, "late")[first:] == pytest.approx(1200)


def test_elo_goes_on_from_slice_to_slice_in_order_of_time() -> None:
    rows, times = drawn()
    shuffled = np.random.default_rng(1).permutation(times.size)
    mixed = replace(rows, a=rows.a[shuffled], b=rows.b[shuffled], outcome=rows.outcome[shuffled],
                    share=rows.share[shuffled], weight=rows.weight[shuffled], n=rows.n[shuffled])  # fmt: skip
    found = history(mixed, times[shuffled], slices=7, method="elo", k=20.0, start=1500.0)
    assert len(found.ends) == 7
    for step, end in enumerate(found.ends):
        board = rank_rows(until(rows, times, end), k=20.0, start=1500.0)
        for row in board.ratings:
            assert of(found, row.model)[step] == pytest.approx(row.rating, abs=1e-9)
    assert np.isnan(found.low).all()
    anchored = history(rows, times, slices=7, method="elo", anchor={"a": 1000})
    assert of(anchored, "a") == pytest.approx(1000)


def test_win_rates_have_a_history_too() -> None:
    rows, times = drawn()
    found = history(rows, times, slices=3, method="win-rate")
    assert np.nanmin(found.low) >= 0
    assert np.nanmax(found.high) <= 100


@pytest.mark.parametrize(
    ("unit", "moments", "number"),
    [
        ("hour", ["2026-03-01T00:59:59", "2026-03-01T01:00:00"], [0, 1]),
        ("day", ["2026-03-01T00:00:00", "2026-03-01T23:59:59", "2026-03-02T00:00:00"], [0, 0, 1]),
        ("week", ["2026-11-22T23:59:59", "2026-11-23T00:00:00", "2026-11-29T23:00:00"], [0, 1, 1]),
        ("month", ["2024-02-29T23:00:00", "2024-03-01T00:00:00", "2025-03-01T00:00:00"], [0, 1, 2]),
        ("quarter", ["2026-03-31T23:00:00", "2026-04-01T00:00:00", "2026-06-30T00:00:00"], [0, 1, 1]),
        ("year", ["1969-12-31T23:59:59", "1970-01-01T00:00:00", "1970-12-31T00:00:00"], [0, 1, 1]),
    ],
)
def test_calendar_slices_end_with_their_last_battle(unit: str, moments: list[str], number: list[int]) -> None:
    """22 November 2026 is a Sunday."""
    times = np.array([seconds(moment) for moment in moments])
    rows = Rows.from_names(["a"] * len(times), ["b"] * len(times), ["tie"] * len(times))
    found = history(rows, times, slices=unit)
    ends = [times[np.array(number) == step].max() for step in sorted(set(number))]
    assert found.ends.tolist() == ends
    assert found.slices == unit


@pytest.mark.parametrize(
    ("days", "unit"), [(0.5, "24"), (10, "day"), (100, "week"), (900, "month"), (2000, "quarter")]
)
def test_the_finest_unit_with_few_enough_slices_is_taken(days: float, unit: str) -> None:
    times = np.linspace(0, days * DAY, 2000) + seconds("2020-01-01")
    rows = Rows.from_codes(["a", "b"], [0] * 2000, [1] * 2000, [2] * 2000)
    found = history(rows, times, ci="none")
    assert found.slices == unit
    assert 6 <= len(found.ends) <= 40


@given(st.lists(st.integers(0, 30), min_size=1, max_size=60), st.integers(1, 12))
def test_equal_slices_keep_equal_times_together(moments: list[int], slices: int) -> None:
    times = np.array(moments, dtype=np.float64)
    rows = Rows.from_codes(["a", "b"], [0] * len(moments), [1] * len(moments), [i % 2 for i in moments])
    found = history(rows, times, slices=slices, ci="none")
    assert 1 <= len(found.ends) <= slices
    assert (np.diff(found.ends) > 0).all()
    assert found.ends[-1] == max(moments)
    counted = [int((times <= end).sum()) for end in found.ends]
    assert found.n_battles[:, 0].tolist() == counted
    if len(set(moments)) == len(moments) and slices <= len(moments):
        assert len(found.ends) == slices
        assert max(np.diff([0, *counted])) - min(np.diff([0, *counted])) <= 1


def test_ratings_that_rest_on_a_prior_or_on_another_part_are_not_known() -> None:
    names = [("a", "b", "model_a"), ("a", "b", "model_b"), ("x", "y", "tie"), ("star", "a", "model_a")]
    rows = Rows.from_names(*zip(*names, ("star", "b", "model_b"), strict=True))
    found = history(rows, np.arange(5.0), slices=5)
    assert np.isnan(of(found, "a")).tolist() == [True, False, False, False, False]
    assert np.isnan(of(found, "star")).tolist() == [True, True, True, True, False]
    assert np.isnan(of(found, "x")).all()


@pytest.mark.parametrize(
    ("times", "slices", "error"),
    [
        ([], None, DataError),
        ([1.7e12], None, DataError),
        ([float("nan")], None, DataError),
        ([0.0], "fortnight", UsageError),
        ([0.0], 0, UsageError),
    ],
)
def test_what_makes_no_sense_is_an_error(
    times: list[float], slices: str | int | None, error: type[Exception]
) -> None:
    rows = Rows.from_names(["a"] * len(times), ["b"] * len(times), ["tie"] * len(times))
    with pytest.raises(error):
        history(rows, np.array(times), slices=slices)


def test_averaged_elo_has_no_history() -> None:
    with pytest.raises(UsageError, match="no history"):
        history(Rows.from_names(["a"], ["b"], ["tie"]), np.zeros(1), method="elo-average")
