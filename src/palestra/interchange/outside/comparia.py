"""Compar:IA's votes, as the French Ministry of Culture publishes them (`ministere-culture/comparia-votes` on
the Hugging Face hub; Parquet, JSONL and TSV): `id, timestamp, model_a_name, model_b_name, model_pair_name,
chosen_model_name, opening_msg, both_equal, conversation_a, conversation_b, conv_turns, selected_category,
is_unedited_prompt, conversation_pair_id, session_hash, visitor_id, conv_comments_a, conv_useful_a, …`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from palestra.interchange.outside.base import DamagedError, Format, Left, Rowwise
from palestra.interchange.outside.cells import compact, moment, required, text, truth
from palestra.interchange.outside.comparia_columns import NO_VOTE, columns
from palestra.interchange.outside.talks import NO_ANSWER, texts, unanswered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from palestra.interchange.outside.base import BattleRow, Data

_KEYS = {"model_a_name", "model_b_name", "chosen_model_name", "both_equal"}


def _fits(data: Data) -> bool:
    return data.keys() >= _KEYS


def _convert(data: Data) -> Iterator[BattleRow | Left]:
    models = required(data, "model_a_name"), required(data, "model_b_name")
    chosen = text(data, "chosen_model_name")
    if truth(data, "both_equal"):
        won = "tie"
    elif chosen is None:
        yield Left(NO_VOTE)
        return
    elif chosen not in models:
        raise DamagedError("expected one of the two models", key="chosen_model_name", seen=chosen)
    else:
        won = "model_a" if chosen == models[0] else "model_b"
    said = texts(data)
    if unanswered(data):
        yield Left(NO_ANSWER)
        return
    yield compact(
        {
            "battle_id": text(data, "id"),
            "question_id": text(data, "conversation_pair_id") or text(data, "id"),
            "model_a": models[0],
            "model_b": models[1],
            "winner": won,
            "source": "human",
            "dataset": "comparia",
            "category": text(data, "selected_category"),
            "tstamp": moment(data, "timestamp"),
            "order": "ab",
            "voter": text(data, "visitor_id"),
            "anonymous": True,
            **said,
        }
    )


FORMATS = (
    Format(
        name="comparia",
        title="Compar:IA votes",
        shape="model_a_name, model_b_name, chosen_model_name, both_equal",
        fits=_fits,
        make=lambda _: Rowwise(_convert),
        columnar=columns,
    ),
)
