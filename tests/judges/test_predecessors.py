"""What predecessors' judges do, row by row; the quotations are those of the list of what is taken over."""

from __future__ import annotations

import pytest
from tests.judges.making import matchup, verdict

from palestra.config.judge import JudgeConfig
from palestra.config.schema import Swap
from palestra.judges.battles import to_battles
from palestra.judges.combine import combine_orders
from palestra.judges.protocols import make_protocol
from palestra.judges.protocols.base import Reading, Unreadable
from palestra.judges.protocols.labels import LABEL_SHARES
from palestra.records.matchup import Order
from palestra.records.winner import Winner


@pytest.mark.parametrize("protocol", ["pairwise", "arena-hard"])
@pytest.mark.parametrize("label", LABEL_SHARES)
def test_section_4_the_last_verdict_outside_a_thinking_block_counts(protocol: str, label: str) -> None:
    """ "Verdicts [[A>>B]] … [[B>>A]]; the last one outside a thinking block counts"."""
    made = make_protocol(protocol)
    reading = made.parse(f"[[A=B]]?\n<think>[[B>>A]]</think>No: [[{label}]]\n<think>[[A=B]]</think>")
    assert isinstance(reading, Reading)
    assert (reading.label, reading.pref) == (label, LABEL_SHARES[label])
    assert isinstance(made.parse(f"<think>[[{label}]]"), Unreadable)


def test_section_4_the_score_of_a_sample_is_the_mean_of_its_games() -> None:
    """ "The mean of the two games with 1, .75, .5, .25, 0"."""
    assert list(LABEL_SHARES.values()) == [1, 0.75, 0.5, 0.25, 0]
    for one, first in LABEL_SHARES.items():
        for two, second in LABEL_SHARES.items():
            orders = [
                verdict(winner_of(share), order, label=label)
                for label, share, order in ((one, first, Order.AB), (two, second, Order.BA))
            ]
            found = combine_orders(*orders)
            assert found is not None
            assert found.share == pytest.approx((first + second) / 2)


def test_section_4_strong_verdicts_weigh_3_which_is_a_setting() -> None:
    """ "Strong verdicts weigh 3 in the rating (a setting)"."""
    told = [verdict(Winner.A, Order.AB, label="A>>B"), verdict(Winner.A, Order.BA, label="A>B")]
    for weight in (3.0, 5.0):
        judge = JudgeConfig.model_validate({"path": "v.jsonl", "label": "J", "strong_weight": weight})
        battles = to_battles(matchup(), told, [judge], swap=Swap.BOTH_KEEP)
        assert [battle.weight for battle in battles] == [weight, 1]


@pytest.mark.parametrize("order", [Order.AB, Order.BA])
def test_section_5_each_order_may_be_kept_as_a_row(order: Order) -> None:
    """ "Swap: once, or both orders, each kept as a row"."""
    judge = JudgeConfig.model_validate({"path": "v.jsonl", "label": "J"})
    told = [verdict(Winner.A, each) for each in (Order.AB, Order.BA)]
    battles = to_battles(matchup(), told, [judge], swap=Swap.BOTH_KEEP)
    assert [battle.order for battle in battles] == [Order.AB, Order.BA]
    [battle] = to_battles(matchup(), [verdict(Winner.A, order)], [judge], swap=Swap.ONCE)
    assert battle.order is order


def winner_of(share: float) -> Winner:
    return Winner.TIE if share == 0.5 else Winner.A if share > 0.5 else Winner.B
