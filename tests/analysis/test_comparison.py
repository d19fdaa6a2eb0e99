from __future__ import annotations

import math

import numpy as np
import pytest

from palestra.analysis.comparison import Board, Comparison, compare
from palestra.analysis.quality import Estimates
from palestra.errors import UsageError


def board(scores: dict[str, float], half: float = 10.0, parts: dict[str, int] | None = None) -> Board:
    score = np.array(list(scores.values()), dtype=np.float64)
    part = np.array([(parts or {}).get(name, 0) for name in scores], dtype=np.int64)
    return Board(tuple(scores), Estimates.of_bounds(score, score - half, score + half), part)


TRUTH = {"a": 1300.0, "b": 1200.0, "c": 1100.0, "d": 1000.0, "e": 900.0}


def warned(found: Comparison, words: str) -> bool:
    return any(words in warning for warning in found.warnings)


def test_a_board_agrees_with_itself() -> None:
    found = compare(board(TRUTH), board(TRUTH))
    assert (found.n_compared, found.n_separated) == (5, 10)
    assert (found.agreement, found.strict_agreement, found.spearman, found.kendall) == (1, 1, 1, 1)
    assert (found.mean_difference, found.mean_rank_change) == (0, 0)
    assert (found.only_board, found.only_reference, found.not_compared, found.warnings) == ((), (), (), ())
    assert found.brier == pytest.approx(0, abs=1e-6)


def test_the_models_that_moved_most_come_first() -> None:
    moved = compare(board(TRUTH | {"e": 1250.0}), board(TRUTH)).moves
    assert [(move.model, move.rank, move.reference_rank, move.climb) for move in moved] == [
        ("e", 2, 5, 3),
        ("b", 3, 2, -1),
        ("c", 4, 3, -1),
        ("d", 5, 4, -1),
        ("a", 1, 1, 0),
    ]


def test_models_on_one_board_only_are_named_and_take_no_part() -> None:
    ours = board({**TRUTH, "x": 5000.0})
    found = compare(ours, board({**TRUTH, "y": -5000.0, "z": 0.0}))
    assert (found.only_board, found.only_reference) == (("x",), ("y", "z"))
    assert (found.n_compared, found.spearman) == (5, 1)


def test_separability_of_the_shared_models_and_of_all() -> None:
    found = compare(board({**TRUTH, "x": 1001.0}), board(TRUTH))
    assert found.separability == 1
    assert found.separability_all == pytest.approx(14 / 15)


def test_models_of_another_part_are_left_out() -> None:
    parts = {"d": 1, "e": 1}
    found = compare(board(TRUTH, parts=parts), board(TRUTH))
    assert (found.n_compared, found.not_compared) == (3, ("d", "e"))
    assert found.separability_all == 1
    assert warned(found, "d, e fell into other parts")
    assert warned(found, "only 3 models")


def test_different_scales_give_no_difference_of_ratings() -> None:
    marks = {name: score / 100 for name, score in TRUTH.items()}
    found = compare(board(marks, half=0.1), board(TRUTH))
    assert math.isnan(found.mean_difference)
    assert warned(found, "not on the same scale")
    assert found.spearman == 1


def test_missing_and_pointlike_intervals_are_told() -> None:
    assert warned(compare(board(TRUTH, half=math.nan), board(TRUTH)), "the board has no intervals")
    point = board(TRUTH, half=0.0)
    assert warned(compare(board(TRUTH), point), "a, b, c, d, e with an interval of no width on the reference")


def test_names_that_may_be_the_same_are_pointed_out() -> None:
    found = compare(board({**TRUTH, "GPT-4 Turbo": 1.0}), board({**TRUTH, "gpt_4-turbo": 1.0}))
    assert warned(found, "'GPT-4 Turbo' and 'gpt_4-turbo'")


@pytest.mark.parametrize("scores", [{}, {"z": 1000.0}])
def test_nothing_shared_is_no_number_and_a_warning(scores: dict[str, float]) -> None:
    found = compare(board(TRUTH), board(scores))
    assert found.n_compared == 0
    assert math.isnan(found.spearman)
    assert math.isnan(found.agreement)
    assert warned(found, "no model can be compared")


def test_the_order_of_the_models_changes_nothing() -> None:
    ours = {"c": 3.0, "a": 1.0, "b": 2.0, "d": 2.0, "e": 9.0}
    turned = dict(reversed(ours.items()))
    other = dict(reversed(TRUTH.items()))
    one, two = compare(board(ours, 1.0), board(TRUTH)), compare(board(turned, 1.0), board(other))
    assert (one.agreement, one.strict_agreement, one.moves) == (
        two.agreement,
        two.strict_agreement,
        two.moves,
    )
    assert (one.spearman, one.kendall, one.brier) == pytest.approx((two.spearman, two.kendall, two.brier))


def test_a_name_twice_or_missing_is_refused() -> None:
    two = Estimates.of_bounds(np.ones(2), np.ones(2), np.ones(2))
    with pytest.raises(UsageError, match="twice"):
        Board(("a", "a"), two, np.zeros(2, dtype=np.int64))
    with pytest.raises(UsageError, match="one length"):
        Board(("a",), two, np.zeros(2, dtype=np.int64))
