from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.judges.making import matchup, prompt, verdict

from palestra.config.judge import JudgeConfig
from palestra.config.schema import Swap
from palestra.judges.battles import to_battles
from palestra.records.battle import Source
from palestra.records.failure import Failure, FailureKind
from palestra.records.matchup import Order
from palestra.records.prompt import Message
from palestra.records.winner import Winner

if TYPE_CHECKING:
    from palestra.records.verdict import Verdict

ASKED = prompt("Why?", dataset="d", subset="s", category="c", language="en")
PAIR = matchup("x", "y", ASKED)
UNREADABLE = Failure(kind=FailureKind.UNREADABLE, message="?")


def judge(label: str = "J", **fields: object) -> JudgeConfig:
    return JudgeConfig.model_validate({"label": label, "endpoint_type": "openai", "model": "m", **fields})


def both(label_ab: str = "A>B", label_ba: str = "A>>B", **fields: object) -> list[Verdict]:
    return [
        verdict(Winner.A, Order.AB, label=label_ab, tstamp=10.0, **fields),
        verdict(Winner.A, Order.BA, label=label_ba, tstamp=12.0, **fields),
    ]


def test_both_orders_combined_are_one_battle_with_everything_known() -> None:
    [battle] = to_battles(PAIR, both(), [judge()], swap=Swap.BOTH_COMBINE, run_id="run")
    assert battle.battle_id is not None
    told = battle.model_dump(exclude_defaults=True, exclude={"battle_id"})
    assert told == {
        "question_id": "q1",
        "model_a": "X",
        "model_b": "Y",
        "winner": "model_a",
        "source": "llm-judge",
        "judge_model": "J",
        "dataset": "d",
        "subset": "s",
        "category": "c",
        "language": "en",
        "tstamp": 12.0,
        "run_id": "run",
        "order": "both",
        "repeat": 0,
        "pref": 0.875,
        "prompt": "Why?",
        "response_a": "x",
        "response_b": "y",
    }


def test_kept_orders_are_a_battle_each() -> None:
    battles = to_battles(PAIR, reversed(both()), [judge()], swap=Swap.BOTH_KEEP)
    assert [(b.order, b.pref, b.tstamp) for b in battles] == [("ab", 0.75, 10.0), ("ba", 1.0, 12.0)]


def test_a_strong_verdict_weighs_more_only_where_orders_are_kept() -> None:
    weights = {
        swap: [b.weight for b in to_battles(PAIR, both("A>B", "A>>B"), [judge(strong_weight=3)], swap=swap)]
        for swap in Swap
    }
    assert weights == {Swap.BOTH_COMBINE: [1], Swap.BOTH_KEEP: [1, 3], Swap.ONCE: [1, 3]}


def test_soft_comes_from_the_judge() -> None:
    judges = [judge("J", soft=True), judge("K")]
    verdicts = [*both(), *both(judge_model="K")]
    found = to_battles(PAIR, verdicts, judges, swap=Swap.BOTH_COMBINE)
    assert [(b.judge_model, b.soft, b.share()) for b in found] == [("J", True, 0.875), ("K", False, 1.0)]


def test_a_failed_verdict_makes_no_battle() -> None:
    """Neither a tie nor a loss; and with one order gone, none at all of the combined ones."""
    good, _ = both()
    bad = verdict(None, Order.BA, failure=UNREADABLE)
    assert to_battles(PAIR, [good, bad], [judge()], swap=Swap.BOTH_COMBINE) == []
    assert to_battles(PAIR, [good], [judge()], swap=Swap.BOTH_COMBINE) == []
    assert [b.order for b in to_battles(PAIR, [good, bad], [judge()], swap=Swap.BOTH_KEEP)] == ["ab"]
    assert to_battles(PAIR, [bad], [judge()], swap=Swap.ONCE) == []
    assert to_battles(PAIR, [], [judge()], swap=Swap.ONCE) == []


def test_each_repeat_and_each_judge_is_its_own_battle() -> None:
    verdicts = [v for r in (1, 0) for name in ("K", "J") for v in both(repeat=r, judge_model=name)]
    found = to_battles(PAIR, verdicts, [judge("J"), judge("K")], swap=Swap.BOTH_COMBINE)
    assert [(b.judge_model, b.repeat) for b in found] == [("J", 0), ("J", 1), ("K", 0), ("K", 1)]
    assert len({b.battle_id for b in found}) == 4


def test_the_id_derives_from_content() -> None:
    """The same again with another time and run; another with other names, texts or verdicts."""
    first = to_battles(PAIR, both(), [judge()], swap=Swap.BOTH_COMBINE, run_id="1")[0].battle_id
    later = [v.model_copy(update={"tstamp": 99.0}) for v in both()]
    assert to_battles(PAIR, later, [judge()], swap=Swap.BOTH_COMBINE, run_id="2")[0].battle_id == first
    renamed = to_battles(matchup("x", "y", ASKED, ("X", "Z")), both(), [judge()], swap=Swap.BOTH_COMBINE)
    other = to_battles(PAIR, both(key="other"), [judge()], swap=Swap.BOTH_COMBINE)
    assert len({first, renamed[0].battle_id, other[0].battle_id}) == 3


def panel_verdicts(*winners: Winner | None, order: Order = Order.AB) -> list[Verdict]:
    return [
        verdict(winner, order, judge_model=name, failure=None if winner else UNREADABLE, key=name)
        for name, winner in zip("JKL", winners, strict=False)
    ]


PANEL = [judge(name) for name in "JKL"]


def test_a_panel_is_one_judge() -> None:
    verdicts = panel_verdicts(Winner.A, Winner.A, Winner.B)
    [battle] = to_battles(PAIR, verdicts, PANEL, swap=Swap.ONCE, panel="majority")
    assert (battle.judge_model, battle.winner, battle.order) == ("panel:majority", Winner.A, Order.AB)
    [battle] = to_battles(PAIR, verdicts, PANEL, swap=Swap.ONCE, panel="mean")
    assert battle.judge_model == "panel:mean"
    assert battle.pref == pytest.approx(2 / 3)


def test_a_panel_leaves_out_who_failed() -> None:
    [battle] = to_battles(
        PAIR, panel_verdicts(Winner.B, None, Winner.B), PANEL, swap=Swap.ONCE, panel="majority"
    )
    assert (battle.winner, battle.flags) == (Winner.B, ("panel_incomplete",))
    assert to_battles(PAIR, panel_verdicts(None, None, None), PANEL, swap=Swap.ONCE, panel="mean") == []


def test_a_panel_of_combined_orders() -> None:
    """Each judge's orders are combined first. One that failed in one order is left out."""
    verdicts = [
        *panel_verdicts(Winner.A, Winner.A, Winner.B),
        *panel_verdicts(Winner.A, None, Winner.A, order=Order.BA),
    ]
    [battle] = to_battles(PAIR, verdicts, PANEL, swap=Swap.BOTH_COMBINE, panel="mean")
    assert (battle.order, battle.winner, battle.pref) == (Order.BOTH, Winner.A, 0.75)
    assert battle.flags == ("order_disagreement", "panel_incomplete")


def test_a_panel_of_kept_orders_is_a_battle_per_order() -> None:
    verdicts = [
        *panel_verdicts(Winner.A, Winner.A, Winner.A),
        *panel_verdicts(Winner.B, Winner.B, Winner.B, order=Order.BA),
    ]
    found = to_battles(PAIR, verdicts, PANEL, swap=Swap.BOTH_KEEP, panel="majority")
    assert [(b.order, b.winner) for b in found] == [(Order.AB, Winner.A), (Order.BA, Winner.B)]


def test_a_panel_of_one_order_whose_judges_saw_different_ones_names_none() -> None:
    """Replayed judges may know different orders."""
    verdicts = [
        panel_verdicts(Winner.A)[0],
        verdict(Winner.A, Order.BA, judge_model="K", key="K"),
    ]
    [battle] = to_battles(PAIR, verdicts, PANEL[:2], swap=Swap.ONCE, panel="majority")
    assert (battle.order, battle.winner) == (None, Winner.A)


def test_a_judge_of_fewer_repeats_did_not_fail_in_the_others() -> None:
    verdicts = [*panel_verdicts(Winner.A, Winner.A), verdict(Winner.B, judge_model="J", repeat=1, key="J1")]
    found = to_battles(PAIR, verdicts, PANEL[:2], swap=Swap.ONCE, panel="majority")
    assert [(b.repeat, b.winner, b.flags) for b in found] == [(0, Winner.A, ()), (1, Winner.B, ())]


def test_metric_verdicts_are_of_the_source_metric() -> None:
    scored = [v.model_copy(update={"protocol": "metric:chrf"}) for v in both()]
    assert to_battles(PAIR, scored, [judge()], swap=Swap.BOTH_COMBINE)[0].source is Source.METRIC


def test_a_conversation_stays_a_list_of_messages() -> None:
    asked = prompt("One?", "Two?")
    answer = (*asked.messages, Message(role="assistant", content="both"))
    [battle] = to_battles(matchup(answer, "y", asked), both(), [judge()], swap=Swap.BOTH_COMBINE)
    assert battle.prompt == asked.messages
    assert battle.response_a == answer
