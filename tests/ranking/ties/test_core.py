from __future__ import annotations

from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from tests.ranking.boards import Row, boards, counted, tallied

from palestra.ranking.ties import davidson, rao_kupper


def rounds(names: list[str]) -> list[tuple[str, ...]]:
    """Every simple round of two or more models, as a walk back to its start."""
    return [(*walk, walk[0]) for size in range(2, len(names) + 1) for walk in permutations(names, size)]


def expected_core(rows: list[Row], names: list[str]) -> bool:
    """Whether all models are a core: everyone in a common round of wins and ties, and ties settled."""
    won = {(row.a, row.b) for row in rows if row.winner == "model_a"}
    won |= {(row.b, row.a) for row in rows if row.winner == "model_b"}
    tied = {pair for row in rows if row.winner == "tie" for pair in ((row.a, row.b), (row.b, row.a))}
    walks = [walk for walk in rounds(names) if all(step in won | tied for step in pairwise(walk))]
    together = {(one, other) for walk in walks for one in walk for other in walk}
    for middle in names:
        for one in names:
            together |= {(one, other) for other in names if {(one, middle), (middle, other)} <= together}
    settled = not tied or any(sum(1 if step in won else -1 for step in pairwise(walk)) > 0 for walk in walks)
    return settled and len(together) == len(names) ** 2


@settings(deadline=None, max_examples=200)
@given(boards(soft=False).filter(lambda rows: len({row.a for row in rows} | {row.b for row in rows}) < 5))
def test_a_core_needs_a_round_of_all_and_one_with_more_wins_than_ties(rows: list[Row]) -> None:
    counts = counted(rows)
    found = davidson(counts)
    assume(not found.component.any())  # parts that never met have a core each
    assert found.core.all() == expected_core(rows, list(counts.models))


@pytest.mark.parametrize("model", [davidson, rao_kupper])
def test_wins_over_the_far_and_ties_with_the_near_settle_nothing(model: object) -> None:
    """The wider the steps the likelier: with gaps of 2 along the wins and 1 along the ties."""
    near = [("A", "B", "tie", 2), ("B", "C", "tie", 2), ("A", "C", "model_a", 2)]
    fit = model(tallied(*near))  # type: ignore[operator]
    assert not fit.core.any()
    assert fit.theta[0] > fit.theta[1] > fit.theta[2]
    crossed = model(tallied(*near, ("C", "B", "model_a", 1), ("B", "C", "model_a", 1)))  # type: ignore[operator]
    assert crossed.core.all()
    assert np.isfinite(crossed.covariance).all()


def test_the_larger_of_two_groups_is_the_core() -> None:
    small = [("X", "Y", "model_a", 50), ("X", "Y", "model_b", 50)]
    large = [("A", "B", "model_a", 2), ("B", "C", "model_a", 2), ("C", "A", "model_a", 1)]
    fit = davidson(tallied(*small, *large, ("X", "A", "model_a", 1)))
    assert fit.core.tolist() == [True, True, True, False, False]


def test_two_equal_groups_have_no_core() -> None:
    groups = [(a, b, winner, 3) for a, b in ("AB", "XY") for winner in ("model_a", "model_b")]
    assert not davidson(tallied(*groups, ("X", "A", "model_a", 1))).core.any()
