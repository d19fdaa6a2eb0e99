from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.report.sample import rating

from palestra.report.axis import axis_for

NUMBERS = st.floats(-1e9, 1e9, allow_nan=False)


@given(st.lists(st.tuples(NUMBERS, st.floats(0, 1e6)), min_size=1, max_size=20))
def test_everything_drawn_lies_on_the_axis(rows: list[tuple[float, float]]) -> None:
    ratings = [rating("m", 1, value, ci_low=value - half, ci_high=value + half) for value, half in rows]
    axis = axis_for(ratings)
    assert axis is not None
    for row in ratings:
        assert row.ci_low is not None
        assert row.ci_high is not None
        assert 0 <= axis.x(row.ci_low) <= axis.x(row.rating) <= axis.x(row.ci_high) <= 100
    assert list(axis.ticks) == sorted(axis.ticks)
    assert len(axis.ticks) <= 12


def test_ticks_are_round() -> None:
    axis = axis_for([rating("m", 1, 1000.0, ci_low=823.0, ci_high=1208.0)])
    assert axis is not None
    assert axis.ticks == (900.0, 1000.0, 1100.0, 1200.0)


def test_one_rating_without_an_interval_stands_in_the_middle() -> None:
    axis = axis_for([rating("m", 1, 0.0, ci_low=None, ci_high=None)])
    assert axis is not None
    assert axis.x(0.0) == pytest.approx(50.0)


def test_what_is_not_finite_is_not_drawn() -> None:
    assert axis_for([]) is None
    assert axis_for([rating("m", 1, math.nan, ci_low=None, ci_high=math.inf)]) is None
