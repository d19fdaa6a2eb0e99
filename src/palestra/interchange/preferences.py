"""Battles to training rows: preference pairs and ranked lists."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from palestra.records.preference import Preference, RankedModel, RankedPrompt

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from palestra.records.battle import Battle, Text
    from palestra.records.verdict import Verdict


def preferences(battles: Iterable[Battle]) -> list[Preference]:
    """One row per two answers to one prompt, in the order of their first battle.

    Several battles over the same two texts (orders, judges, repeats, models that answered alike) are
    averaged by weight; a mean of ½ gives no row. Conversations are left out: the two models answered
    different second turns.
    """
    met: dict[tuple[Text, str, str], list[tuple[float, float]]] = defaultdict(list)
    first: dict[tuple[Text, str, str], Battle] = {}
    for battle in battles:
        a, b = battle.response_a, battle.response_b
        if battle.prompt is None or not (isinstance(a, str) and isinstance(b, str)):
            continue
        one, two = sorted((a, b))
        place = (battle.prompt, one, two)
        told = first.setdefault(place, battle)
        share = battle.share() if told.response_a == a else 1.0 - battle.share()
        met[place].append((share, battle.weight))
    return [row for place, games in met.items() if (row := _preference(first[place], games)) is not None]


def _preference(battle: Battle, games: Sequence[tuple[float, float]]) -> Preference | None:
    weight = sum(weight for _, weight in games)
    if weight <= 0:
        return None
    share = sum(share * weight for share, weight in games) / weight
    if share == 0.5 or battle.response_a == battle.response_b:
        return None
    a_won = share > 0.5
    return Preference(
        prompt=battle.prompt or "",
        chosen=str(battle.response_a if a_won else battle.response_b),
        rejected=str(battle.response_b if a_won else battle.response_a),
        winner=battle.model_a if a_won else battle.model_b,
        loser=battle.model_b if a_won else battle.model_a,
        question_id=battle.question_id,
        pref=share if a_won else 1.0 - share,
    )


def ranked_prompt(
    prompt: str, answers: dict[str, str], battles: Sequence[Battle], verdicts: Sequence[Verdict]
) -> RankedPrompt | None:
    """One prompt's models, best first; None if no battle was fought on it with answers of one turn.

    `answers` maps a model to its text. A model's score is the mean of the judges' scores where every
    battle has scores, else its mean share of the wins (0 to 1).
    """
    scored = all(battle.score_a is not None and battle.score_b is not None for battle in battles)
    points: dict[str, list[float]] = defaultdict(list)
    for battle in battles:
        share = battle.share()
        points[battle.model_a].append(battle.score_a if scored and battle.score_a is not None else share)
        points[battle.model_b].append(battle.score_b if scored and battle.score_b is not None else 1 - share)
    if not points:
        return None
    ranked = [
        RankedModel(
            model_name=model,
            avg_score=sum(scores) / len(scores),
            response=answers[model],
            explanations=tuple(
                verdict.explanation
                for verdict in verdicts
                if verdict.explanation and model in (verdict.model_a, verdict.model_b)
            ),
        )
        for model, scores in points.items()
        if model in answers
    ]
    if not ranked:
        return None
    ranked.sort(key=lambda row: (-row.avg_score, row.model_name))
    return RankedPrompt(prompt=prompt, ranked_models=tuple(ranked))
