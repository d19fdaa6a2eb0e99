from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from palestra.report.plots.spread import spread

WANTED = st.lists(st.floats(0, 100), max_size=8).map(sorted)


@given(WANTED)
def test_places_are_apart_and_inside(wanted: list[float]) -> None:
    places = spread(wanted, 10, 0, 100)
    assert len(places) == len(wanted)
    assert all(later - earlier >= 10 - 1e-9 for earlier, later in itertools.pairwise(places))
    assert all(-1e-9 <= place <= 100 + 1e-9 for place in places)


@given(WANTED, st.lists(st.floats(-20, 20), min_size=8, max_size=8))
def test_no_other_places_are_nearer(wanted: list[float], moves: list[float]) -> None:
    """Least squares over all places that are apart and inside; others are tried at random."""
    places = spread(wanted, 10, 0, 100)
    other = [place + move for place, move in zip(places, moves, strict=False)]
    apart = all(later - earlier >= 10 for earlier, later in itertools.pairwise(other))
    if apart and all(0 <= place <= 100 for place in other):
        cost = sum((place - want) ** 2 for place, want in zip(places, wanted, strict=True))
        assert cost <= sum((place - want) ** 2 for place, want in zip(other, wanted, strict=True)) + 1e-6


def test_labels_at_one_place_stand_around_it() -> None:
    assert spread([50, 50, 50], 10, 0, 100) == pytest.approx([40, 50, 60])
    assert spread([2, 3, 80], 10, 0, 100) == pytest.approx([0, 10, 80])
    assert spread([99, 100], 10, 0, 100) == pytest.approx([90, 100])
    assert spread([], 10, 0, 100) == []
