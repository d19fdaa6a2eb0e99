"""OpenArena's training data (`training_data.json`, a list, which Palestra writes, too).

`prompt, ranked_models: [{model_name, avg_score, response}]`, best first. Every two models of a prompt make a
battle by their scores.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

from palestra.interchange.outside.base import DamagedError, Format, Left, Rowwise
from palestra.interchange.outside.cells import compact, number, question_of, required, said, unsided
from palestra.interchange.outside.talks import conversation, prompt_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from palestra.interchange.outside.base import BattleRow, Data

ALONE = "a prompt with fewer than two ranked answers"


def _fits(data: Data) -> bool:
    return data.keys() >= {"prompt", "ranked_models"}


def _convert(data: Data) -> Iterator[BattleRow | Left]:
    value = data.get("prompt")
    prompt = prompt_of(conversation(value, "prompt")) if isinstance(value, list) else required(data, "prompt")
    ranked = data.get("ranked_models")
    if not isinstance(ranked, list) or not all(isinstance(one, dict) for one in ranked):
        raise DamagedError("expected a list of models", key="ranked_models", seen=ranked)
    scored = [(required(one, "model_name"), _score(one), _response(one)) for one in ranked]
    if len(scored) < 2:
        yield Left(ALONE)
    for (name_a, a, said_a), (name_b, b, said_b) in combinations(scored, 2):
        total = a + b
        row = {
            "question_id": question_of(prompt) if isinstance(prompt, str) else None,
            "model_a": name_a,
            "model_b": name_b,
            "winner": "tie" if a == b else "model_a" if a > b else "model_b",
            "source": "llm-judge",
            "dataset": "openarena",
            "pref": 0.5 if a == b else a / total if min(a, b) >= 0 else None,
            "score_a": a,
            "score_b": b,
            "prompt": prompt,
            "response_a": said_a,
            "response_b": said_b,
        }
        yield unsided(compact(row))


def _score(one: dict[str, Any]) -> float:
    score = number(one, "avg_score")
    if score is None:
        raise DamagedError("missing or empty", key="avg_score")
    return score


def _response(one: dict[str, Any]) -> Any:
    value = one.get("response")
    return conversation(value, "response") if isinstance(value, list) else said(one, "response")


FORMATS = (
    Format(
        name="openarena",
        title="OpenArena training data",
        shape="prompt, ranked_models",
        fits=_fits,
        make=lambda _: Rowwise(
            _convert,
            "battles were remade from each answer's average score; a pref is A's part of both scores, as in "
            "OpenArena's Elo (`palestra rank --labels soft` uses it)",
            "which answer stood first is not known, so models are in alphabetical order",
        ),
    ),
)
