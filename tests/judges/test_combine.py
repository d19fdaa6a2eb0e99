from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.judges.making import verdict

if TYPE_CHECKING:
    from palestra.records.verdict import Verdict

from palestra.judges.combine import combine_orders, game, outcome
from palestra.judges.protocols.labels import LABEL_SHARES
from palestra.judges.protocols.scores import share
from palestra.records.failure import Failure, FailureKind
from palestra.records.matchup import Order
from palestra.records.winner import Winner


def labelled(label: str, order: Order = Order.AB) -> Verdict:
    winner = {True: Winner.A, False: Winner.B}.get(LABEL_SHARES[label] > 0.5, Winner.TIE)
    return verdict(Winner.TIE if label == "A=B" else winner, order, label=label, pref=LABEL_SHARES[label])


def scored(a: float, b: float, order: Order = Order.AB) -> Verdict:
    winner = Winner.TIE if a == b else Winner.A if a > b else Winner.B
    return verdict(winner, order, score_a=a, score_b=b, pref=share(a, b, 0.3))


failed = verdict(None, failure=Failure(kind=FailureKind.UNREADABLE, message="?"))


def test_a_game_is_the_share_of_its_label() -> None:
    shares = {label: game(labelled(label)) for label in LABEL_SHARES}
    assert shares == {"A>>B": 1.0, "A>B": 0.75, "A=B": 0.5, "B>A": 0.25, "B>>A": 0.0}


def test_without_a_label_it_is_the_share_of_the_scores_or_of_the_winner() -> None:
    assert game(scored(8, 6)) == pytest.approx(0.645656, abs=5e-7)
    assert [game(verdict(w)) for w in Winner] == [1.0, 0.0, 0.5, 0.5]
    assert game(failed) is None


@pytest.mark.parametrize(
    ("ab", "ba", "winner", "mean", "flags"),
    [
        ("A>>B", "A>B", Winner.A, 0.875, ()),
        ("A>B", "A=B", Winner.A, 0.625, ("order_disagreement",)),
        ("A>B", "B>A", Winner.TIE, 0.5, ("order_disagreement",)),
        ("A>>B", "B>A", Winner.A, 0.625, ("order_disagreement",)),
        ("A=B", "A=B", Winner.TIE, 0.5, ()),
        ("B>>A", "B>A", Winner.B, 0.125, ()),
    ],
)
def test_two_orders_are_the_mean_of_their_games(
    ab: str, ba: str, winner: Winner, mean: float, flags: tuple[str, ...]
) -> None:
    both = combine_orders(labelled(ab), labelled(ba, Order.BA))
    assert both is not None
    assert (both.winner, both.share, both.flags) == (winner, mean, flags)


def test_if_one_order_failed_there_is_no_outcome() -> None:
    """A failure is neither a tie nor half of anything."""
    assert combine_orders(failed, labelled("A>>B")) is None
    assert combine_orders(labelled("A>>B"), failed) is None
    assert outcome(failed) is None


def test_scores_that_mirror_each_other_tie_exactly() -> None:
    """Rounding of two shares that add up to 1 does not decide."""
    for a, b in product((x / 10 for x in range(0, 101, 7)), repeat=2):
        both = combine_orders(scored(a, b), scored(b, a, Order.BA))
        assert both is not None
        assert (both.winner, both.share) == (Winner.TIE, 0.5)


def test_scores_are_averaged() -> None:
    both = combine_orders(scored(8, 6), scored(7, 3, Order.BA))
    assert both is not None
    assert (both.score_a, both.score_b, both.winner) == (7.5, 4.5, Winner.A)
    assert both.share == pytest.approx((share(8, 6, 0.3) + share(7, 3, 0.3)) / 2)


def test_only_two_both_bad_are_both_bad() -> None:
    bad, tie = verdict(Winner.BOTH_BAD), verdict(Winner.TIE)
    pairs = [(bad, bad), (bad, tie), (tie, bad), (verdict(Winner.A), verdict(Winner.B))]
    found = [combine_orders(*pair) for pair in pairs]
    assert [one.winner for one in found if one] == [Winner.BOTH_BAD, Winner.TIE, Winner.TIE, Winner.TIE]
    assert [bool(one.flags) for one in found if one] == [False, False, False, True]


verdicts = st.one_of(
    st.sampled_from(sorted(LABEL_SHARES)).map(labelled),
    st.tuples(st.floats(0, 10), st.floats(0, 10)).map(lambda scores: scored(*scores)),
    st.sampled_from(Winner).map(verdict),
    st.just(failed),
)


@given(verdicts, verdicts)
def test_exchanging_the_models_mirrors_the_outcome(ab: Verdict, ba: Verdict) -> None:
    one, two = combine_orders(ab, ba), combine_orders(ab.swapped(), ba.swapped())
    assert (one is None) == (two is None)
    if one is not None and two is not None:
        assert two.winner is one.winner.swapped()
        assert two.share == pytest.approx(1 - one.share, abs=1e-12)
        assert (two.score_a, two.score_b, two.flags) == (one.score_b, one.score_a, one.flags)


@given(verdicts, verdicts)
def test_which_order_comes_first_does_not_matter(ab: Verdict, ba: Verdict) -> None:
    assert combine_orders(ab, ba) == combine_orders(ba, ab)
