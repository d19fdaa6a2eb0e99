"""Battles of one question to training rows in TRL's shapes: preference pairs (DPO), labelled answers (KTO)
and ranked answers.

A question of one turn that was answered with a text gives texts; whatever has a system prompt or several
turns gives messages (TRL's conversational format). There the prompt is what both conversations begin with, up
to where a model speaks differently, and the answers are what follows, later turns of the user among them.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from palestra.interchange.exports.turns import opening, parting, whole
from palestra.records.winner import Winner

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from palestra.records.battle import Battle, Text

Row = dict[str, Any]


@dataclass(slots=True)
class _Mean:
    """A weighted mean while it is added up."""

    model: str
    """Whoever said it first."""
    total: float = 0.0
    weight: float = 0.0

    def add(self, value: float, weight: float) -> None:
        self.total += value * weight
        self.weight += weight

    @property
    def value(self) -> float | None:
        return self.total / self.weight if self.weight > 0 else None


@dataclass(slots=True)
class _Met:
    """All battles over the same two texts."""

    first: Battle
    share: _Mean = field(default_factory=lambda: _Mean(""))
    """The share of the win of the first battle's A."""


def dpo_rows(battles: Iterable[Battle], *, labels: bool = True) -> Iterator[Row]:
    """`{prompt, chosen, rejected}` for each two answers to one prompt that are not as good as each other.

    Several battles over the same two texts are averaged by weight; a mean of ½ gives no row. `labels` adds
    who wrote them, `winner` and `loser`.
    """
    met: dict[tuple[Text, Text, Text], _Met] = {}
    for battle in battles:
        texts = _pair(battle)
        if texts is None:
            continue
        prompt, a, b = texts
        turned = (prompt, b, a) in met
        held = met.setdefault((prompt, b, a) if turned else (prompt, a, b), _Met(battle))
        held.share.add(1.0 - battle.share() if turned else battle.share(), battle.weight)
    for (prompt, a, b), held in met.items():
        share = held.share.value
        if share is None or share == 0.5 or a == b:
            continue
        ours = share > 0.5
        better, worse = (a, b) if ours else (b, a)
        row = {"prompt": _told(prompt), "chosen": _told(better), "rejected": _told(worse)}
        names = (held.first.model_a, held.first.model_b)
        yield row | ({"winner": names[not ours], "loser": names[ours]} if labels else {})


def kto_rows(battles: Iterable[Battle], *, labels: bool = True) -> Iterator[Row]:
    """`{prompt, completion, label}` for each answer: whether it is wanted.

    A winner is, a loser is not; of a tie both are, of both bad neither. Several battles over the same text
    are averaged by weight; a mean of ½ gives no row. `labels` adds who wrote it, `model`.
    """
    said: dict[tuple[Text, Text], _Mean] = {}
    for battle in battles:
        for prompt, answer, model, wanted, _ in _answers(battle):
            said.setdefault((prompt, answer), _Mean(model)).add(wanted, battle.weight)
    for (prompt, answer), held in said.items():
        value = held.value
        if value is None or value == 0.5:
            continue
        row = {"prompt": _told(prompt), "completion": _told(answer), "label": value > 0.5}
        yield row | ({"model": held.model} if labels else {})


def ranked_rows(battles: Iterable[Battle], *, labels: bool = True) -> Iterator[Row]:
    """`{prompt, ranked_models: [{model_name, avg_score, response}]}` for each prompt, best first.

    An answer's score is its mean share of the win, by weight. A prompt with fewer than two answers gives no
    row. Without `labels` there is no `model_name`.
    """
    prompts: defaultdict[Text, dict[tuple[str, Text], _Mean]] = defaultdict(dict)
    for battle in battles:
        for prompt, answer, model, _, won in _answers(battle):
            prompts[prompt].setdefault((model, answer), _Mean(model)).add(won, battle.weight)
    for prompt, answers in prompts.items():
        scored = [(held.value, model, answer) for (model, answer), held in answers.items() if held.weight > 0]
        if len(scored) < 2:
            continue
        scored.sort(key=lambda one: (-(one[0] or 0.0), one[1]))
        ranked: list[Row] = []
        for score, model, answer in scored:
            named = {"model_name": model} if labels else {}
            ranked.append({**named, "avg_score": score, "response": _told(answer)})
        yield {"prompt": _told(prompt), "ranked_models": ranked}


def _pair(battle: Battle) -> tuple[Text, Text, Text] | None:
    """The prompt and both answers; None where they are not known, or do not begin alike."""
    if battle.prompt is None or battle.response_a is None or battle.response_b is None:
        return None
    texts = (battle.prompt, battle.response_a, battle.response_b)
    if all(isinstance(text, str) for text in texts):
        return texts
    a, b = (whole(battle.prompt, answer) for answer in texts[1:])
    shared = parting(a, b)
    return (a[:shared], a[shared:], b[shared:]) if shared else None


def _answers(battle: Battle) -> Iterator[tuple[Text, Text, str, float, float]]:
    """(prompt, answer, model, 1 if it is wanted and 0 if not, share of the win) of A, then of B; without
    those in which no model speaks.
    """
    if battle.prompt is None or battle.response_a is None or battle.response_b is None:
        return
    share = battle.share()
    even = 0.0 if battle.winner is Winner.BOTH_BAD else 1.0
    sides = (
        (battle.response_a, battle.model_a, share),
        (battle.response_b, battle.model_b, 1.0 - share),
    )
    for answer, model, won in sides:
        wanted = even if won == 0.5 else float(won > 0.5)
        if isinstance(battle.prompt, str) and isinstance(answer, str):
            yield battle.prompt, answer, model, wanted, won
            continue
        talk = whole(battle.prompt, answer)
        place = opening(talk)
        if place:
            yield talk[:place], talk[place:], model, wanted, won


def _told(text: Text) -> str | list[dict[str, str]]:
    return text if isinstance(text, str) else [{"role": m.role, "content": m.content} for m in text]
