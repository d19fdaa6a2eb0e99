"""Battles as lists and pages show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from palestra.ranking.style import FEATURES, style_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from palestra.records.battle import Battle, Text
    from palestra.records.verdict import Verdict
    from palestra.store.arena_battle_pages import Found, Listed

_EXCERPT = 200
"""Characters."""


def battle_row(found: Listed) -> dict[str, Any]:
    """One line of a list."""
    return {
        "battle_id": found.battle_id,
        "model_a": found.model_a,
        "model_b": found.model_b,
        "winner": found.winner,
        "source": found.source,
        "judge_model": found.judge_model,
        "category": found.category,
        "dataset": found.dataset,
        "language": found.language,
        "tstamp": found.tstamp,
        "score": found.score,
        "flags": list(found.flags),
        "prompt_excerpt": excerpt(found.prompt),
    }


def battle_page(found: Found, row: Mapping[str, Any], verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """A battle whole: texts, style, verdicts; `row` is its line in a list."""
    battle = found.battle
    return {
        **row,
        "question_id": battle.question_id,
        "order": None if battle.order is None else battle.order.value,
        "repeat": battle.repeat,
        "anonymous": battle.anonymous,
        "score_a": battle.score_a,
        "score_b": battle.score_b,
        "prompt": _text(battle.prompt),
        "response_a": _text(battle.response_a),
        "response_b": _text(battle.response_b),
        "style": {"a": style(battle, "a"), "b": style(battle, "b")},
        "verdicts": [_verdict(verdict) for verdict in verdicts],
        "share": None if found.share_id is None else f"/shared/{found.share_id}",
    }


def style(battle: Battle, side: str) -> dict[str, float] | None:
    """What is counted in one side's answer, by the battle's own record where it has one; None without any."""
    text: Text | None = getattr(battle, f"response_{side}")
    told = {name: battle.style.get(f"{name}_{side}") for name in FEATURES} if battle.style else {}
    own = _own_words(battle.prompt, text)
    counted: dict[str, float] = {} if own is None else {**style_of(own), "characters": len(own)}
    found = {**counted, **{name: value for name, value in told.items() if value is not None}}
    return found or None


def excerpt(text: str | None) -> str | None:
    """The beginning of a text, on one line."""
    if text is None:
        return None
    line = " ".join(text.split())
    return line if len(line) <= _EXCERPT else f"{line[:_EXCERPT].rstrip()}…"


def _own_words(prompt: Text | None, text: Text | None) -> str | None:
    """What the model itself wrote: in a conversation, what follows or goes between the prompt's turns."""
    if text is None or isinstance(text, str):
        return text
    given = [] if prompt is None or isinstance(prompt, str) else [m for m in prompt if m.role == "assistant"]
    own = []
    for message in text:
        if message.role != "assistant":
            continue
        if message in given:
            given.remove(message)
        else:
            own.append(message.content)
    return "\n\n".join(own)


def _text(text: Text | None) -> str | list[dict[str, Any]] | None:
    if text is None or isinstance(text, str):
        return text
    return [message.model_dump() for message in text]


def _verdict(verdict: Verdict) -> dict[str, Any]:
    failure = verdict.failure
    return {
        "judge_model": verdict.judge_model,
        "order": verdict.order.value,
        "label": verdict.label,
        "winner": None if verdict.winner is None else verdict.winner.value,
        "score_a": verdict.score_a,
        "score_b": verdict.score_b,
        "explanation": verdict.explanation,
        "raw": verdict.raw,
        "failure": None if failure is None else {"kind": failure.kind.value, "message": failure.message},
    }
