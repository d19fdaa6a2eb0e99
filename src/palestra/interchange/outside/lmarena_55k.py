"""LMSYS's 55k human preferences of the Kaggle competition "LMSYS - Chatbot Arena Human Preference
Predictions", also `lmsys/lmsys-arena-human-preference-55k` and `lmarena-ai/arena-human-preference-55k` on the
Hugging Face hub: CSV with `id, model_a, model_b, prompt, response_a, response_b, winner_model_a,
winner_model_b, winner_tie`.

Prompt and responses are JSON lists with a text, or null, for each turn. A null answer is none: such a vote is
left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from palestra.interchange.outside.base import DamagedError, Format, Left, Rowwise
from palestra.interchange.outside.cells import compact, listed, required, truth
from palestra.interchange.outside.talks import NO_ANSWER, dialogue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from palestra.interchange.outside.base import BattleRow, Data

_WINNERS = {"winner_model_a": "model_a", "winner_model_b": "model_b", "winner_tie": "tie"}


def _fits(data: Data) -> bool:
    return data.keys() >= {"model_a", "model_b", *_WINNERS}


def _convert(data: Data) -> Iterator[BattleRow | Left]:
    won = [word for key, word in _WINNERS.items() if truth(data, key)]
    if len(won) != 1:
        raise DamagedError(
            f"expected one winner, found {len(won)}", key="winner_model_a, winner_model_b, winner_tie"
        )
    if None in (*listed(data, "response_a"), *listed(data, "response_b")):
        yield Left(NO_ANSWER)
        return
    own = required(data, "id")
    a, b = _side(data, "response_a"), _side(data, "response_b")
    yield compact(
        {
            "battle_id": own,
            "question_id": own,
            "model_a": required(data, "model_a"),
            "model_b": required(data, "model_b"),
            "winner": won[0],
            "source": "human",
            "dataset": "lmarena-55k",
            "order": "ab",
            "prompt": a["prompt"],
            "response_a": a["response"],
            "response_b": b["response"],
        }
    )


def _side(data: Data, key: str) -> dict[str, Any]:
    return dialogue(listed(data, "prompt"), listed(data, key), key)


FORMATS = (
    Format(
        name="lmarena-55k",
        title="LMSYS human preference 55k (Kaggle)",
        shape="model_a, model_b, winner_model_a, winner_model_b, winner_tie",
        fits=_fits,
        make=lambda _: Rowwise(
            _convert, "winner_tie also stands for both being bad, which this data set does not tell apart"
        ),
    ),
)
