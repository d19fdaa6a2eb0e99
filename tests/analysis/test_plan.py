from __future__ import annotations

import math
from itertools import pairwise

import pytest
from tests.ranking.boards import simulated, tallied

from palestra.analysis import plan as planning
from palestra.analysis.plan import Draw, make_plan
from palestra.errors import UsageError
from palestra.ranking.counts import Counts

BOARD = simulated(4, [0.9, 0.4, 0.0, -0.3, -1.0], 2000, 0.2)


def test_each_model_is_paired_with_the_next() -> None:
    made = make_plan(BOARD)
    order = [row.model for row in made.board.ratings]
    assert [(pair.model_a, pair.model_b) for pair in made.pairs] == list(pairwise(order))
    for pair, (above, below) in zip(made.pairs, pairwise(made.board.ratings), strict=True):
        assert pair.gap == pytest.approx(above.rating - below.rating)
        assert 0.5 <= pair.chance_better <= 1
        assert pair.told_apart == (pair.chance_better > 0.975) == (pair.more_battles == 0)
    assert sum(pair.n_battles for pair in make_plan(BOARD, n_pairs=100).pairs) == 2000


def test_more_pairs_go_on_with_the_next_but_one() -> None:
    made = make_plan(BOARD, n_pairs=6)
    assert [(pair.rank_a, pair.rank_b) for pair in made.pairs] == [
        (1, 2),
        (2, 3),
        (3, 4),
        (4, 5),
        (1, 3),
        (2, 4),
    ]
    assert len(make_plan(BOARD, n_pairs=100).pairs) == 10
    assert make_plan(BOARD, n_pairs=0).pairs == ()


def test_pairs_never_cross_parts() -> None:
    made = make_plan(
        tallied(("A", "B", "model_a", 9), ("B", "A", "model_a", 4), ("C", "D", "model_a", 3)), n_pairs=9
    )
    assert [(pair.model_a, pair.model_b) for pair in made.pairs] == [("A", "B"), ("C", "D")]
    assert any("never met" in warning for warning in made.warnings)


def test_the_draw_names_models_and_can_bring_parts_together() -> None:
    counts = tallied(("A", "B", "model_a", 9), ("B", "A", "model_a", 4), ("C", "D", "model_a", 3))
    made = make_plan(counts, draw=Draw(40, seed=2))
    pairs = {frozenset((pair.model_a, pair.model_b)) for pair in made.next_pairs}
    assert frozenset("AC") in pairs or frozenset("BD") in pairs
    assert all(0 < pair.propensity < 1 for pair in made.next_pairs)
    only = make_plan(counts, draw=Draw(5, weights={"C": 0, "D": 0}))
    assert {pair.propensity for pair in only.next_pairs} == {1.0}
    assert make_plan(counts, draw=Draw(40, seed=2)).next_pairs == made.next_pairs


def test_the_separability_is_that_of_the_boards_intervals() -> None:
    made = make_plan(BOARD)
    rows = made.board.ratings
    bounds = [(row.ci_low or math.nan, row.ci_high or math.nan) for row in rows]
    apart = [low > high for i, (low, _) in enumerate(bounds) for _, high in bounds[i + 1 :]]
    assert made.separability == pytest.approx(sum(apart) / len(apart))
    assert make_plan(BOARD, target=made.separability).battles_to_target == 0
    assert make_plan(BOARD, target=1.0).battles_to_target > 0


@pytest.mark.parametrize("counts", [Counts.empty(), Counts.empty(["A"]), Counts.empty(["A", "B"])])
def test_without_battles_there_is_nothing_to_say(counts: Counts) -> None:
    made = make_plan(counts)
    assert (made.pairs, made.flip, made.next_pairs) == ((), None, ())
    assert math.isnan(made.separability)
    assert made.warnings == ("there are no battles",)


def test_all_ties_are_equal_for_ever() -> None:
    made = make_plan(tallied(("A", "B", "tie", 40)))
    (pair,) = made.pairs
    assert (pair.more_battles, pair.told_apart, pair.gap) == (math.inf, False, 0)
    assert math.isnan(pair.chance_better)
    assert any("no variation" in warning for warning in made.warnings)


def test_few_battles_and_a_prior_are_told() -> None:
    made = make_plan(tallied(("A", "B", "model_a", 5)))
    assert any("weak prior" in warning for warning in made.warnings)
    assert any("fought few battles" in warning for warning in made.warnings)
    assert math.isfinite(made.pairs[0].more_battles)


def test_a_weight_for_an_unknown_model_and_too_many_models(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="names a model 'm00'"):
        make_plan(BOARD, draw=Draw(1, weights={"m00": 2.0}))
    with pytest.raises(UsageError, match="two models"):
        make_plan(Counts.empty(["A"]), draw=Draw(1))
    monkeypatch.setattr(planning, "MOST_MODELS", 4)
    with pytest.raises(UsageError, match="at most 4"):
        make_plan(BOARD)
