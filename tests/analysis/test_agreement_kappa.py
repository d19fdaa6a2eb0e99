from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest

from palestra.analysis.agreement import cohen_kappa, fleiss_kappa
from palestra.analysis.agreement.kappa import beyond_chance, by_chance

PSYCHIATRISTS = [
    [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
]  # fmt: skip
"""The worked example of Wikipedia's article on Fleiss' kappa: ten items, 14 raters, κ = 0.210."""


def fleiss_by_hand(counts: list[list[int]]) -> float:
    """By listing every pair of ratings of every item."""
    agreeing, shares = [], []
    for item in counts:
        ratings = [category for category, count in enumerate(item) for _ in range(count)]
        if not ratings:
            continue
        shares.append([ratings.count(category) / len(ratings) for category in range(len(item))])
        pairs = list(combinations(ratings, 2))
        if pairs:
            agreeing.append(sum(a == b for a, b in pairs) / len(pairs))
    expected = sum((sum(column) / len(shares)) ** 2 for column in zip(*shares, strict=True))
    observed = sum(agreeing) / len(agreeing)
    return float((observed - expected) / (1 - expected))


def cohen_by_hand(pairs: list[tuple[int, int]]) -> float:
    n = len(pairs)
    observed = sum(a == b for a, b in pairs) / n
    expected = sum(
        sum(a == c for a, _ in pairs) / n * sum(b == c for _, b in pairs) / n for c in {0, 1, 2, 3}
    )
    return (observed - expected) / (1 - expected)


def test_cohens_kappa_of_the_textbook() -> None:
    """Wikipedia's grant proposals: 20 and 15 agreed on, 5 and 10 not."""
    assert cohen_kappa([[20, 5], [10, 15]]) == pytest.approx(0.4)


def test_fleiss_kappa_of_the_textbook() -> None:
    assert fleiss_kappa(PSYCHIATRISTS) == pytest.approx(0.210, abs=5e-4)


@pytest.mark.parametrize("seed", range(5))
def test_both_agree_with_counting_by_hand(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pairs = [(int(a), int(b)) for a, b in rng.integers(0, 3, (60, 2))]
    table = np.zeros((3, 3))
    for a, b in pairs:
        table[a, b] += 1
    assert cohen_kappa(table) == pytest.approx(cohen_by_hand(pairs))
    unequal = rng.integers(0, 4, (25, 3)) * (rng.random((25, 1)) < 0.8)
    assert fleiss_kappa(unequal) == pytest.approx(fleiss_by_hand(unequal.tolist()))


@pytest.mark.parametrize("seed", range(5))
def test_the_form_for_two_sides_is_the_textbooks_on_a_table_told_both_ways(seed: int) -> None:
    """Categories: x, tie, y. The mirrored table exchanges x and y for both raters."""
    table = np.random.default_rng(seed).integers(0, 20, (3, 3)).astype(float)
    doubled = table + table[::-1, ::-1]
    n = table.sum()
    chance = by_chance(np.asarray(table[1].sum() / n), np.asarray(table[:, 1].sum() / n))
    assert float(beyond_chance(np.asarray(table.trace() / n), chance)) == pytest.approx(cohen_kappa(doubled))


def test_nothing_to_tell_is_nan() -> None:
    assert math.isnan(cohen_kappa(np.zeros((3, 3))))
    assert math.isnan(cohen_kappa([[7, 0], [0, 0]]))
    assert math.isnan(fleiss_kappa([[1, 0], [0, 1], [0, 0]]))
