from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from palestra.judges.combine import Outcome
from palestra.judges.panel import Rule, combine_panel
from palestra.records.winner import Winner

A, B = Outcome(Winner.A, 1.0), Outcome(Winner.B, 0.0)
TIE, BAD = Outcome(Winner.TIE, 0.5), Outcome(Winner.BOTH_BAD, 0.5)
SLIGHTLY_A = Outcome(Winner.A, 0.6)


@pytest.mark.parametrize(
    ("votes", "winner"),
    [
        ([A, A, B], Winner.A),
        ([B, B, A], Winner.B),
        ([SLIGHTLY_A, SLIGHTLY_A, B], Winner.A),
        ([A, TIE, TIE], Winner.TIE),
        ([A, B], Winner.TIE),
        ([A, B, TIE], Winner.TIE),
        ([A, A, TIE, TIE], Winner.TIE),
        ([A, A, B, B, TIE], Winner.TIE),
        ([BAD, BAD, A], Winner.BOTH_BAD),
        ([BAD, TIE, TIE], Winner.TIE),
        ([A], Winner.A),
    ],
)
def test_majority_goes_by_votes(votes: list[Outcome], winner: Winner) -> None:
    found = combine_panel(votes, "majority")
    assert found is not None
    assert (found.winner, found.share, found.flags) == (winner, winner.share, ())


@pytest.mark.parametrize(
    ("votes", "winner", "share"),
    [
        ([SLIGHTLY_A, SLIGHTLY_A, B], Winner.B, 0.4),
        ([A, TIE, TIE], Winner.A, 2 / 3),
        ([A, B], Winner.TIE, 0.5),
        ([BAD, BAD], Winner.BOTH_BAD, 0.5),
        ([Outcome(Winner.A, 0.7), Outcome(Winner.B, 0.3)], Winner.TIE, 0.5),
    ],
)
def test_mean_goes_by_shares(votes: list[Outcome], winner: Winner, share: float) -> None:
    found = combine_panel(votes, "mean")
    assert found is not None
    assert found.winner is winner
    assert found.share == pytest.approx(share)


@pytest.mark.parametrize("rule", ["majority", "mean"])
def test_judges_that_failed_are_left_out_and_flagged(rule: Rule) -> None:
    found = combine_panel([None, A, None], rule)
    assert found == Outcome(Winner.A, 1.0, flags=("panel_incomplete",))
    assert combine_panel([None, None], rule) is None
    assert combine_panel([], rule) is None


def test_flags_of_the_judges_are_kept() -> None:
    unsure = Outcome(Winner.A, 0.6, flags=("order_disagreement",))
    found = combine_panel([unsure, unsure, None], "mean")
    assert found is not None
    assert found.flags == ("order_disagreement", "panel_incomplete")


outcomes = st.lists(
    st.one_of(
        st.none(),
        st.sampled_from([A, B, TIE, BAD]),
        st.floats(0.51, 1).map(lambda s: Outcome(Winner.A, s)),
        st.floats(0, 0.49).map(lambda s: Outcome(Winner.B, s)),
    )
)


@given(outcomes, st.sampled_from(["majority", "mean"]), st.randoms())
def test_exchanging_the_models_or_shuffling_the_judges(
    votes: list[Outcome | None], rule: Rule, random: object
) -> None:
    turned = [one and Outcome(one.winner.swapped(), 1 - one.share) for one in votes]
    shuffled = sorted(turned, key=lambda _: random.random())  # type: ignore[attr-defined]
    one, two = combine_panel(votes, rule), combine_panel(shuffled, rule)
    assert (one is None) == (two is None)
    if one is not None and two is not None:
        assert two.winner is one.winner.swapped()
        assert two.share == pytest.approx(1 - one.share, abs=1e-9)
        assert two.flags == one.flags


def test_weights_decide_a_majority() -> None:
    """Two judges of weight 1 lose to one of weight 3, and tie with one of weight 2."""
    for weight, winner in ((3.0, Winner.B), (2.0, Winner.TIE), (1.0, Winner.A)):
        found = combine_panel([A, A, B], "majority", [1.0, 1.0, weight])
        assert found is not None
        assert found.winner is winner


def test_weights_count_in_a_mean() -> None:
    found = combine_panel([A, B], "mean", [1.0, 3.0])
    assert found is not None
    assert (found.winner, found.share) == (Winner.B, 0.25)


def test_a_failed_judges_weight_does_not_count() -> None:
    found = combine_panel([A, None, B], "majority", [1.0, 5.0, 2.0])
    assert found is not None
    assert (found.winner, found.flags) == (Winner.B, ("panel_incomplete",))


@given(outcomes, st.sampled_from(["majority", "mean"]), st.floats(0.01, 100))
def test_equal_weights_are_no_weights(votes: list[Outcome | None], rule: Rule, weight: float) -> None:
    one, two = combine_panel(votes, rule), combine_panel(votes, rule, [weight] * len(votes))
    assert (one is None) == (two is None)
    if one is not None and two is not None:
        assert two.winner is one.winner
        assert two.share == pytest.approx(one.share, abs=1e-12)
