"""The one place that turns verdicts into battles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from palestra.config.schema import Swap
from palestra.judges.combine import Outcome, combine_orders, outcome
from palestra.judges.panel import combine_panel
from palestra.judges.protocols.labels import STRONG
from palestra.records.battle import Battle, Source
from palestra.records.keys import digest
from palestra.records.matchup import Order

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from palestra.config.judge import JudgeConfig
    from palestra.judges.panel import Rule
    from palestra.records.battle import Text
    from palestra.records.matchup import Matchup
    from palestra.records.prompt import Prompt
    from palestra.records.verdict import Verdict

METRIC = "metric:"
"""How the `protocol` of a metric judge's verdict begins."""

Slot = tuple[int, Order | None]
"""One battle of one judge: the repeat and the order (`both` where two are combined; None where a panel's
judges each saw one order, which need not be the same)."""


def to_battles(
    matchup: Matchup,
    verdicts: Iterable[Verdict],
    judges: Sequence[JudgeConfig],
    *,
    swap: Swap,
    panel: Rule | None = None,
    run_id: str | None = None,
) -> list[Battle]:
    """The battles that come of all verdicts on one matchup, told of its model_a and model_b.

    With `both-combine`, two orders make one battle, and none if one of them is missing or failed;
    otherwise each verdict makes one. Without a panel each judge's battles stand on their own, in the
    order of `judges`, then by repeat, then ab before ba. With a panel, the judges' battles of the same
    repeat and order are combined into one of the judge `panel:majority` or `panel:mean`; a judge
    counts as failed only where it was asked.

    `weight` is a judge's `strong_weight` for a strong label in a single order without a panel, else 1.
    In a panel each judge counts by its `panel_weight`. `soft` is the judge's, and a panel's if all its judges
    are soft. `pref` is always set.
    """
    given = list(verdicts)
    fixed = {Swap.BOTH_COMBINE: Order.BOTH, Swap.ONCE: None} if panel else {Swap.BOTH_COMBINE: Order.BOTH}
    seats = [_slots([v for v in given if v.judge_model == judge.label], swap, fixed) for judge in judges]
    if panel is not None:
        return _panel_battles(matchup, seats, judges, panel, run_id)
    battles = []
    for judge, slots in zip(judges, seats, strict=True):
        for slot, held in slots.items():
            result = _result(slot, held)
            if result is None:
                continue
            strong = slot[1] is not Order.BOTH and held[0].label in STRONG
            battle = _battle(matchup, held, result, slot, judge.label, run_id)
            weight = judge.strong_weight if strong else 1.0
            battles.append(battle.model_copy(update={"soft": judge.soft, "weight": weight}))
    return battles


def _panel_battles(
    matchup: Matchup,
    seats: Sequence[dict[Slot, list[Verdict]]],
    judges: Sequence[JudgeConfig],
    panel: Rule,
    run_id: str | None,
) -> list[Battle]:
    battles = []
    soft = all(judge.soft for judge in judges)
    for slot in sorted({slot for slots in seats for slot in slots}, key=_place):
        sitting = [number for number, slots in enumerate(seats) if slot in slots]
        asked = [seats[number][slot] for number in sitting]
        weights = [judges[number].panel_weight for number in sitting]
        result = combine_panel([_result(slot, held) for held in asked], panel, weights)
        if result is None:
            continue
        held = [verdict for one in asked for verdict in one if _result(slot, one) is not None]
        battle = _battle(matchup, held, result, slot, f"panel:{panel}", run_id)
        battles.append(battle.model_copy(update={"soft": soft}))
    return battles


def _slots(
    verdicts: list[Verdict], swap: Swap, fixed: Mapping[Swap, Order | None]
) -> dict[Slot, list[Verdict]]:
    """One judge's verdicts by the battle that they belong to, in the order of the battles."""
    slots: dict[Slot, list[Verdict]] = {}
    for verdict in sorted(verdicts, key=lambda v: _place((v.repeat, v.order))):
        slots.setdefault((verdict.repeat, fixed.get(swap, verdict.order)), []).append(verdict)
    return slots


def _place(slot: Slot) -> tuple[int, str]:
    return slot[0], slot[1].value if slot[1] else ""


def _result(slot: Slot, held: list[Verdict]) -> Outcome | None:
    if slot[1] is not Order.BOTH:
        return outcome(held[0])
    by_order = {verdict.order: verdict for verdict in held}
    if Order.AB not in by_order or Order.BA not in by_order:
        return None
    return combine_orders(by_order[Order.AB], by_order[Order.BA])


def _battle(
    matchup: Matchup,
    held: Sequence[Verdict],
    result: Outcome,
    slot: Slot,
    judge: str,
    run_id: str | None,
) -> Battle:
    prompt, a, b = matchup.prompt, matchup.response_a, matchup.response_b
    repeat, order = slot
    if order is None:
        orders = {verdict.order for verdict in held}
        order = orders.pop() if len(orders) == 1 else None
    keys = [verdict.key for verdict in held]
    pair = [[a.model, a.repeat], [b.model, b.repeat]]
    battle_id = digest(["battle", 1, prompt.question_id, pair, judge, order, repeat, keys])
    return Battle(
        battle_id=battle_id,
        question_id=prompt.question_id,
        model_a=a.model,
        model_b=b.model,
        winner=result.winner,
        source=_source(held),
        judge_model=judge,
        dataset=prompt.dataset,
        subset=prompt.subset,
        category=prompt.category,
        language=prompt.language,
        tstamp=max((v.tstamp for v in held if v.tstamp is not None), default=None),
        run_id=run_id,
        order=order,
        repeat=repeat,
        pref=result.share,
        score_a=result.score_a,
        score_b=result.score_b,
        flags=result.flags,
        prompt=_text(prompt),
        response_a=a.text,
        response_b=b.text,
    )


def _source(held: Sequence[Verdict]) -> Source:
    metric = all((verdict.protocol or "").startswith(METRIC) for verdict in held)
    return Source.METRIC if metric else Source.JUDGE


def _text(prompt: Prompt) -> Text:
    """A single user turn as a text, anything longer as messages."""
    return prompt.messages[0].content if len(prompt.messages) == 1 else prompt.messages
