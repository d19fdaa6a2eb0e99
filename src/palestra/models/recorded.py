"""Answers that were given before, read from a file."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from palestra.models.answers import Answer, Answers, read_answers, text_mark
from palestra.models.base import Delta, Request
from palestra.records.failure import Failure, FailureKind
from palestra.records.response import Response

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping
    from pathlib import Path

    from palestra.config.endpoint import Endpoint
    from palestra.records.prompt import Prompt


def recorded_model(config: Endpoint, base_dir: Path) -> RecordedModel:
    """The model whose answers the config's `path` holds.

    Raises:
        DataError: the file cannot be used, or does not hold the model.
    """
    if config.path is None:
        raise ValueError("a recorded endpoint has a path; the config's schema sees to it")
    named = getattr(config, "name_in_file", None)
    answers = read_answers(
        base_dir / config.path, named or config.model or config.label, strict=named is not None
    )
    return RecordedModel(config.label, answers)


class RecordedModel:
    """A `Model` that answers from a file. Nothing is drawn, so any seed repeats it."""

    takes_seed = True
    is_free = True

    def __init__(self, label: str, answers: Answers) -> None:
        self.label = label
        self._answers = answers

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.label!r}>"

    def identity(self, request: Request) -> Mapping[str, Any]:
        """The recorded text itself, wherever it stood."""
        text, failure, _ = self._look_up(request)
        if failure is not None:
            return {"endpoint_type": "recorded", "failure": failure.model_dump(mode="json")}
        return {"endpoint_type": "recorded", "text": text}

    async def generate(self, request: Request) -> Response:
        """The recorded answer, or a failure of the kind `missing`."""
        text, failure, answer = self._look_up(request)
        facts = {} if answer is None else _facts(answer)
        return Response(
            key=request.key,
            question_id=request.question_id,
            model=self.label,
            repeat=request.repeat,
            text=text,
            failure=failure,
            tstamp=time.time(),
            **facts,
        )

    async def stream(self, request: Request) -> AsyncIterator[Delta | Response]:
        """The recorded answer in one piece."""
        response = await self.generate(request)
        if response.text is not None or response.thinking is not None:
            yield Delta(text=str(response.text or ""), thinking=response.thinking or "")
        yield response

    async def aclose(self) -> None:
        """Nothing is open."""

    def answers_any(self, prompts: Iterable[Prompt]) -> bool:
        """Whether an answer, or a recorded failure, is there for one of them."""
        asked = (Request(prompt.question_id, prompt.messages) for prompt in prompts)
        return any(self._look_up(request)[2] is not None for request in asked)

    def _look_up(self, request: Request) -> tuple[str | None, Failure | None, Answer | None]:
        asked = [message.content for message in request.messages if message.role == "user"]
        marks = [text_mark(text) for text in dict.fromkeys((*asked[-1:], *asked[:1]))]
        answer = self._answers.find(request.question_id, marks, request.repeat)
        if answer is None:
            which = f" (repeat {request.repeat})" if request.repeat else ""
            message = f"no recorded answer to question {request.question_id!r}{which}"
            return None, Failure(kind=FailureKind.MISSING, message=message), None
        if answer.failure is not None:
            return None, answer.failure, answer
        turn = _turns_said(answer.turns, [m.content for m in request.messages if m.role == "assistant"])
        if turn == len(answer.turns):
            message = f"no recorded answer to turn {turn + 1} of question {request.question_id!r}"
            return None, Failure(kind=FailureKind.MISSING, message=message), None
        return answer.turns[turn], None, answer


def _turns_said(turns: tuple[str, ...], said: list[str]) -> int:
    """How many of the recorded turns a conversation that goes on already holds, at its end."""
    return max(n for n in range(min(len(turns), len(said)) + 1) if said[len(said) - n :] == list(turns[:n]))


def _facts(answer: Answer) -> dict[str, Any]:
    """What the file says of how the answer came; what it cost then is not paid again."""
    return {
        "thinking": answer.thinking,
        "finish_reason": answer.finish_reason,
        "latency_ms": answer.latency_ms,
        "tokens_in": answer.tokens_in,
        "tokens_out": answer.tokens_out,
    }
