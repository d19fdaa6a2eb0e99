"""LMArena's (Chatbot Arena's, LMSYS's) human votes, as published on the Hugging Face hub.

* `lmarena-ai/arena-human-preference-140k`: Parquet; `id, model_a, model_b, winner, evaluation_session_id,
  evaluation_order, conversation_a, conversation_b, full_conversation, conv_metadata, category_tag, language,
  is_code, timestamp`; the content of a message is a list of parts.
* `lmarena-ai/arena-human-preference-100k`: Parquet; `question_id, model_a, model_b, winner, conversation_a,
  conversation_b, turn, anony, language, tstamp, conv_metadata, is_code, is_refusal, dedup_tag, category_tag,
  judge_hash`.
* `clean_battle_….json`, which FastChat's `clean_battle_data.py` writes: a JSON list of `model_a, model_b,
  winner, judge, turn, anony, language, tstamp`, with conversations also `question_id, conversation_a,
  conversation_b` (also `lmsys/chatbot_arena_conversations`); later ones have columns of the 100k, too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from palestra.interchange.outside.base import DamagedError, Format, Left, Rowwise
from palestra.interchange.outside.cells import (
    compact,
    mapping,
    moment,
    number,
    required,
    text,
    truth,
    winner,
)
from palestra.interchange.outside.lmarena_columns import CRITERIA, HARD, columns_100k, columns_140k
from palestra.interchange.outside.talks import NO_ANSWER, texts, unanswered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from palestra.interchange.outside.base import BattleRow, Data, Options

_COUNTED = {
    "tokens": "sum_assistant_{}_tokens",
    "headers": "header_count_{}",
    "lists": "list_count_{}",
    "bold": "bold_count_{}",
}
_VOTE = frozenset({"model_a", "model_b", "winner"})
_ADDRESS = re.compile(r"\d{1,3}(\.\d{1,3}){3}|[0-9a-fA-F]*:[0-9a-fA-F:]+")


def _fits_140k(data: Data) -> bool:
    return data.keys() >= _VOTE and "id" in data and "evaluation_order" in data and "conversation_a" in data


def _fits_100k(data: Data) -> bool:
    later = "judge_hash" in data or "conv_metadata" in data
    return data.keys() >= _VOTE and later and "question_id" in data and "conversation_a" in data


def _fits_clean(data: Data) -> bool:
    voter = "judge" in data or "judge_hash" in data
    plain = data.keys() >= _VOTE and voter and {"turn", "anony", "tstamp"} <= data.keys()
    return plain and not _fits_100k(data) and not _fits_140k(data)


def _convert_140k(data: Data) -> Iterator[BattleRow]:
    own = required(data, "id")
    yield compact(
        _vote(data)
        | {
            "battle_id": own,
            "question_id": own,
            "dataset": "lmarena-140k",
            "tstamp": moment(data, "timestamp"),
            "voter": text(data, "evaluation_session_id"),
        }
    )


def _convert_100k(data: Data) -> Iterator[BattleRow]:
    own = required(data, "question_id")
    known = {
        "battle_id": own,
        "question_id": own,
        "dataset": "lmarena-100k",
        "tstamp": number(data, "tstamp"),
        "voter": text(data, "judge_hash"),
        "anonymous": truth(data, "anony"),
    }
    yield compact(_vote(data) | known)


def _convert_clean(data: Data) -> Iterator[BattleRow]:
    judge = text(data, "judge") or text(data, "judge_hash")
    known = {
        "question_id": text(data, "question_id"),
        "dataset": "clean-battle",
        "tstamp": number(data, "tstamp"),
        "voter": None if judge and _ADDRESS.search(judge) else judge,
        "anonymous": truth(data, "anony"),
    }
    yield compact(_vote(data) | known)


def _vote(data: Data) -> BattleRow:
    """What all of them have in common."""
    return {
        "model_a": required(data, "model_a"),
        "model_b": required(data, "model_b"),
        "winner": winner(data),
        "source": "human",
        "order": "ab",
        "category": category(data),
        "language": text(data, "language"),
        "style": style(data),
        **texts(data),
    }


def category(data: Data) -> str | None:
    """The first that holds of `code`, `math`, `creative_writing`, `if` (instruction following) and `hard`.

    Raises:
        DamagedError: the tags are no objects.
    """
    if truth(data, "is_code"):
        return "code"
    tags = mapping(data, "category_tag")
    for name in ("math", "creative_writing", "if"):
        tag = tags.get(f"{name}_v0.1")
        if isinstance(tag, dict) and tag.get(name) is True:
            return name
    criteria = tags.get("criteria_v0.1")
    if isinstance(criteria, dict) and sum(criteria.get(name) is True for name in CRITERIA) >= HARD:
        return "hard"
    return None


def style(data: Data) -> dict[str, int] | None:
    """Tokens, headers, list items and bold passages of both sides, summed over kinds; None where one is null.

    Raises:
        DamagedError: a count is no number.
    """
    facts = mapping(data, "conv_metadata")
    if not facts:
        return None
    found: dict[str, int] = {}
    for side in "ab":
        for name, key in _COUNTED.items():
            key = key.format(side)
            if key in facts:
                if facts[key] is None:
                    return None
                found[f"{name}_{side}"] = _total(facts[key])
    return found or None


def _total(value: Any) -> int:
    counts = [count for count in value.values() if count is not None] if isinstance(value, dict) else [value]
    if not all(isinstance(count, int | float) and not isinstance(count, bool) for count in counts):
        raise DamagedError("expected counts", key="conv_metadata", seen=value)
    return int(sum(counts))


def _make(read: Callable[[Data], Iterator[BattleRow]]) -> Callable[[Options], Rowwise]:
    def convert(data: Data) -> Iterator[BattleRow | Left]:
        for row in read(data):
            yield Left(NO_ANSWER) if unanswered(data) else row

    def make(_: Options) -> Rowwise:
        return Rowwise(convert)

    return make


FORMATS = (
    Format(
        name="lmarena-140k",
        title="LMArena human preference 140k",
        shape="id, model_a, model_b, winner, evaluation_order, conversation_a",
        fits=_fits_140k,
        make=_make(_convert_140k),
        columnar=columns_140k,
    ),
    Format(
        name="lmarena-100k",
        title="LMArena human preference 100k",
        shape="question_id, model_a, model_b, winner, conversation_a, judge_hash or conv_metadata",
        fits=_fits_100k,
        make=_make(_convert_100k),
        columnar=columns_100k,
    ),
    Format(
        name="clean-battle",
        title="Chatbot Arena clean_battle",
        shape="model_a, model_b, winner, judge or judge_hash, turn, anony, tstamp",
        fits=_fits_clean,
        make=_make(_convert_clean),
    ),
)
