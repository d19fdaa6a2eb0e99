"""A plan, shown."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from palestra.ranking.scale import POINTS
from palestra.records.plain import json_text
from palestra.records.tables import aligned
from palestra.report.words import NONE, counts_line, interval_line, number, percent, visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from palestra.analysis.flip import Flip
    from palestra.analysis.plan import NextPair, PairPlan, Plan


def plan_json(plan: Plan) -> str:
    """Everything but the board's rows, as JSON. Infinite and unknown numbers are null, `why` tells which."""
    flip = None if plan.flip is None else asdict(plan.flip)
    if flip is not None:
        flip["gap"] *= POINTS
    return json_text(
        {
            "n_battles": plan.board.n_battles,
            "n_failed": plan.board.n_failed,
            "n_models": len(plan.board.ratings),
            "level": plan.level,
            "cluster": plan.board.interval.cluster,
            "chance": plan.chance,
            "scatter": plan.scatter,
            "separability": plan.separability,
            "target": plan.target,
            "battles_to_target": plan.battles_to_target,
            "flip": flip,
            "pairs": [{**asdict(pair), "why": _why(pair)} for pair in plan.pairs],
            "next": [asdict(pair) for pair in plan.next_pairs],
            "warnings": list(plan.warnings),
        }
    )


def _why(pair: PairPlan) -> str | None:
    if math.isinf(pair.more_battles):
        return "equal ratings"
    return "no error known" if math.isnan(pair.more_battles) else None


def pairs_jsonl(pairs: Iterable[NextPair]) -> str:
    """One line for each pair to battle next."""
    return "".join(json.dumps(asdict(pair), ensure_ascii=False) + "\n" for pair in pairs)


def plan_text(plan: Plan) -> str:
    """The plan as plain text."""
    models = len(plan.board.ratings)
    lines = [
        "=== PLAN ===",
        f"{counts_line(plan.board)}, {models} model{'' if models == 1 else 's'}",
        f"{interval_line(plan.board)}; more battles tell two apart with a chance of {100 * plan.chance:g} %",
        "",
        *_flip_lines(plan.flip),
        *_separability_lines(plan),
    ]
    if plan.pairs:
        lines += ["", *aligned([_HEAD, *map(_row, plan.pairs)], left=frozenset({1, 3}))]
    if plan.next_pairs:
        rows = [[visible(p.model_a), visible(p.model_b), f"{p.propensity:.6f}"] for p in plan.next_pairs]
        lines += ["", "Next battles", *aligned([["Model A", "Model B", "Propensity"], *rows], left=_NAMES)]
    told = [f"Warning: {visible(warning)}" for warning in plan.warnings]
    return "\n".join([*lines, *(["", *told] if told else [])]) + "\n"


_NAMES = frozenset({0, 1})
_HEAD = [
    "Rank",
    "Model A",
    "Rank",
    "Model B",
    "Battles",
    "Points",
    "P(A better)",
    "Told apart",
    "More battles",
]


def _row(pair: PairPlan) -> list[str]:
    return [
        str(pair.rank_a),
        visible(pair.model_a),
        str(pair.rank_b),
        visible(pair.model_b),
        str(pair.n_battles),
        number(pair.gap, 1),
        percent(pair.chance_better),
        "yes" if pair.told_apart else "no",
        number(rounded(pair.more_battles), 0, thousands=True),
    ]


def rounded(battles: float) -> float:
    """An estimated number of battles as it deserves to be read: to two significant digits, upwards."""
    if not math.isfinite(battles) or battles < 100:
        return battles
    unit: int = 10 ** (math.floor(math.log10(battles)) - 1)
    return math.ceil(battles / unit) * unit


def _flip_lines(flip: Flip | None) -> list[str]:
    if flip is None:
        return ["No two models to tell apart"]
    leader, second = visible(flip.leader), visible(flip.runner_up)
    if flip.losses == 0:
        return [f"{leader} and {second} share the first place"]
    reversals: Any = NONE if flip.reversals is None else flip.reversals
    bound = "" if flip.exact or flip.reversals is None else "at most "
    return [
        f"{leader} leads {second} by {number(POINTS * flip.gap, 1)} points. The first place changes with",
        f"  {flip.losses if flip.losses is not None else NONE} more battles lost against it, or",
        f"  {bound}{reversals} of the votes there are going the other way",
    ]


def _separability_lines(plan: Plan) -> list[str]:
    if math.isnan(plan.separability):
        return []
    goal = f"{100 * plan.target:g} %"
    if plan.battles_to_target == 0:
        more = f"{goal} is reached"
    elif math.isinf(plan.battles_to_target):
        more = f"{goal} cannot be reached, too many ratings are equal"
    else:
        count = number(rounded(plan.battles_to_target), 0, thousands=True)
        more = f"about {count} more battles, spread as these are, for {goal}"
    return [f"Separability {percent(plan.separability)}; {more}"]
