from __future__ import annotations

from itertools import combinations_with_replacement
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ranking.boards import Row, counted, tallied

from palestra.analysis.flip import votes_to_flip
from palestra.ranking.bradley_terry import fit
from palestra.ranking.counts import Counts
from palestra.ranking.pairs import Pairs

if TYPE_CHECKING:
    from collections.abc import Sequence

NAMES = ("A", "B", "C", "D")


def leads(counts: Counts, one: str, other: str) -> bool:
    theta = dict(zip(counts.models, fit(Pairs.of(counts)).theta.tolist(), strict=True))
    return bool(theta[one] > theta[other] + 1e-9)


def with_losses(counts: Counts, leader: str, second: str, n: int) -> Counts:
    return Counts.merge([counts, tallied((second, leader, "model_a", n))]) if n else counts


@st.composite
def connected_boards(draw: st.DrawFn) -> list[tuple[str, str, int]]:
    """(winner, loser, how often) among three or four models; everyone beat everyone at least four times, so
    that no few reversals leave a model without a win or a loss.
    """
    names = NAMES[: draw(st.integers(3, 4))]
    return [(a, b, draw(st.integers(4, 9))) for a in names for b in names if a != b]


def board_of(won: Sequence[tuple[str, str, int]]) -> Counts:
    return tallied(*[(a, b, "model_a", n) for a, b, n in won])


def test_two_models() -> None:
    """7 to 3 with two ties: five more losses, or three of the seven wins."""
    flip = votes_to_flip(tallied(("A", "B", "model_a", 7), ("A", "B", "model_b", 3), ("B", "A", "tie", 2)))
    assert flip is not None
    assert (flip.leader, flip.runner_up, flip.losses, flip.reversals, flip.exact) == ("A", "B", 5, 3, True)


def test_an_undefeated_leader() -> None:
    flip = votes_to_flip(tallied(("A", "B", "model_a", 10)))
    assert flip is not None
    assert (flip.losses, flip.reversals) == (11, 6)


def test_sides_and_files_do_not_matter() -> None:
    rows = [Row("A", "B", "model_a")] * 5 + [Row("B", "C", "model_a")] * 3 + [Row("C", "A", "model_a")] * 2
    swapped = [row.swapped() for row in rows]
    assert votes_to_flip(counted(rows)) == votes_to_flip(counted(swapped[::-1]))


@pytest.mark.parametrize("counts", [Counts.empty(), Counts.empty(["A"]), Counts.empty(["A", "B"])])
def test_without_two_models_that_met_there_is_nothing_to_flip(counts: Counts) -> None:
    assert votes_to_flip(counts) is None


def test_equal_models_share_the_first_place() -> None:
    flip = votes_to_flip(tallied(("A", "B", "tie", 6), ("C", "D", "model_a", 1)))
    assert flip is not None
    assert (flip.gap, flip.losses, flip.reversals, flip.exact) == (0, 0, 0, True)


def test_only_the_largest_part_is_looked_at() -> None:
    apart = tallied(("Z", "Y", "model_a", 50), ("A", "B", "model_a", 2), ("B", "C", "model_a", 2))
    flip = votes_to_flip(apart)
    assert flip is not None
    assert flip.leader == "A"


def test_a_runner_up_never_met_needs_votes_of_others() -> None:
    """A and B met C alone; there is no vote between the two to reverse."""
    counts = tallied(
        ("A", "C", "model_a", 8), ("C", "A", "model_a", 2), ("B", "C", "model_a", 6), ("C", "B", "model_a", 3)
    )
    flip = votes_to_flip(counts)
    assert flip is not None
    assert (flip.leader, flip.runner_up) == ("A", "B")
    assert flip.reversals is not None
    assert not flip.exact
    assert flip.losses is not None
    assert not leads(with_losses(counts, "A", "B", flip.losses), "A", "B")


@settings(max_examples=40, deadline=None)
@given(connected_boards())
def test_further_losses_flip_and_one_less_does_not(won: list[tuple[str, str, int]]) -> None:
    counts = board_of(won)
    flip = votes_to_flip(counts)
    assert flip is not None
    assert flip.losses is not None
    if flip.losses:
        assert leads(
            with_losses(counts, flip.leader, flip.runner_up, flip.losses), flip.runner_up, flip.leader
        )
        assert not leads(
            with_losses(counts, flip.leader, flip.runner_up, flip.losses - 1), flip.runner_up, flip.leader
        )


@settings(max_examples=25, deadline=None)
@given(connected_boards())
def test_no_smaller_set_of_reversals_flips(won: list[tuple[str, str, int]]) -> None:
    """Every choice of fewer votes, whoever cast them, is tried."""
    flip = votes_to_flip(board_of(won))
    assert flip is not None
    if not flip.exact or flip.reversals is None or not 2 <= flip.reversals <= 3:
        return
    for chosen in combinations_with_replacement(range(len(won)), flip.reversals - 1):
        often = np.bincount(chosen, minlength=len(won))
        kept = [(a, b, n - int(often[k])) for k, (a, b, n) in enumerate(won)]
        turned = [(b, a, int(often[k])) for k, (a, b, _) in enumerate(won) if often[k]]
        assert not leads(board_of([*kept, *turned]), flip.runner_up, flip.leader)


def test_weights_count() -> None:
    """Ten wins of weight 3 take 31 losses of weight 1, or six reversals."""
    rows = [Row("A", "B", "model_a", weight=3.0)] * 10 + [Row("A", "B", "tie", weight=3.0)]
    flip = votes_to_flip(counted(rows))
    assert flip is not None
    assert (flip.losses, flip.reversals, flip.exact) == (31, 6, True)


def test_soft_votes_are_swapped_too_without_a_claim_to_be_least() -> None:
    rows = [Row("A", "B", "model_a", pref=0.8)] * 10
    flip = votes_to_flip(counted(rows))
    assert flip is not None
    assert (flip.reversals, flip.exact) == (6, False)
