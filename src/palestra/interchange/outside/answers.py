"""Answers without a battle, as benchmarks keep them, one model's in a file.

* MT-Bench (FastChat `llm_judge`, `data/mt_bench/model_answer/MODEL.jsonl`): `question_id, answer_id,
  model_id, choices: [{index, turns: [text, …]}], tstamp`.
* Arena-Hard (lmarena/arena-hard-auto, `data/…/model_answer/MODEL.jsonl`): v0.1 the same with turns of
  `{content, token_len}`; v2.0 `uid, ans_id, model, messages, tstamp, metadata`, where the assistant's content
  is `{answer}` or a text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from palestra.interchange.outside.base import DamagedError, Format, Rowwise
from palestra.interchange.outside.cells import mapping, moment, required
from palestra.records.failure import Failure, FailureKind
from palestra.records.keys import digest
from palestra.records.prompt import Message
from palestra.records.response import Response

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from palestra.interchange.outside.base import Data, Piece

ERROR = "$ERROR$"
"""What FastChat and Arena-Hard write where a model gave no answer."""


def answer(
    question_id: str,
    model: str,
    turns: Sequence[str | None],
    *,
    repeat: int = 0,
    tokens_out: int | None = None,
    tstamp: float | None = None,
) -> Response:
    """A response: a text, or for several turns the assistant's messages; a failure where a turn is missing,
    empty or an error.
    """
    failure = None
    if not turns or any(turn == ERROR for turn in turns):
        failure = Failure(kind=FailureKind.OTHER, message="the file records an error in place of an answer")
    elif any(turn is None or not turn.strip() for turn in turns):
        failure = Failure(kind=FailureKind.EMPTY, message="the recorded answer holds no text")
    said = [turn or "" for turn in turns]
    text: str | tuple[Message, ...] | None = None
    if failure is None:
        text = said[0] if len(said) == 1 else tuple(Message(role="assistant", content=turn) for turn in said)
    return Response(
        key=digest(["response", "converted", question_id, model, repeat, said]),
        question_id=question_id,
        model=model,
        repeat=repeat,
        text=text,
        failure=failure,
        tokens_out=tokens_out,
        tstamp=tstamp,
    )


def _fits_choices(data: Data) -> bool:
    return data.keys() >= {"question_id", "model_id", "choices"}


def _fits_messages(data: Data) -> bool:
    return data.keys() >= {"uid", "model", "messages"} and "games" not in data


def _convert_choices(data: Data) -> Iterator[Piece]:
    choices = data.get("choices")
    if not isinstance(choices, list) or not choices:
        raise DamagedError("expected a list of choices", key="choices", seen=choices)
    for place, choice in enumerate(choices):
        turns = choice.get("turns") if isinstance(choice, dict) else None
        if not isinstance(turns, list):
            raise DamagedError("expected choices with turns", key="choices", seen=choice)
        index = choice.get("index", place)
        yield answer(
            required(data, "question_id"),
            required(data, "model_id"),
            [_turn(turn) for turn in turns],
            repeat=index if isinstance(index, int) and index >= 0 else place,
            tokens_out=_tokens(turns),
            tstamp=moment(data, "tstamp"),
        )


def _turn(turn: Any) -> str | None:
    said = turn.get("content") if isinstance(turn, dict) else turn
    if said is not None and not isinstance(said, str):
        raise DamagedError("expected turns of text", key="choices", seen=turn)
    return said


def _tokens(turns: list[Any]) -> int | None:
    counts = [turn.get("token_len") for turn in turns if isinstance(turn, dict)]
    whole = [count for count in counts if isinstance(count, int) and count >= 0]
    return sum(whole) if whole and len(whole) == len(turns) else None


def _convert_messages(data: Data) -> Iterator[Piece]:
    messages = data.get("messages")
    if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
        raise DamagedError("expected a list of messages", key="messages", seen=messages)
    turns = [_answered(message) for message in messages if message.get("role") == "assistant"]
    count = mapping(data, "metadata").get("token_len")
    yield answer(
        required(data, "uid"),
        required(data, "model"),
        turns,
        tokens_out=count if isinstance(count, int) and count >= 0 else None,
        tstamp=moment(data, "tstamp"),
    )


def _answered(message: dict[str, Any]) -> str | None:
    content = message.get("content")
    said = content.get("answer") if isinstance(content, dict) else content
    if said is not None and not isinstance(said, str):
        raise DamagedError("expected an answer", key="messages", seen=message)
    return said


FORMATS = (
    Format(
        name="model-answers",
        title="MT-Bench and Arena-Hard v0.1 answers",
        shape="question_id, model_id, choices",
        fits=_fits_choices,
        make=lambda _: Rowwise(_convert_choices),
        gives=frozenset({"responses"}),
    ),
    Format(
        name="arena-hard-answers",
        title="Arena-Hard v2.0 answers",
        shape="uid, model, messages",
        fits=_fits_messages,
        make=lambda _: Rowwise(_convert_messages),
        gives=frozenset({"responses"}),
    ),
)
