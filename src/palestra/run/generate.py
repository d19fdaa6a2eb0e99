"""One model's answer to one prompt, turn by turn."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from palestra.models.base import Request
from palestra.prompts.chat import conversation, next_request_messages, rounds
from palestra.records.base import updated
from palestra.records.keys import call_seed, response_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from palestra.models.base import Model
    from palestra.records.prompt import Prompt
    from palestra.records.response import Response
    from palestra.run.ledger import Ledger


def request_for(model: Model, prompt: Prompt, said: Sequence[str], repeat: int, run_seed: int) -> Request:
    """The call after the model `said` so much, with its content key and the seed that follows from it."""
    messages = next_request_messages(prompt, said)
    request = Request(prompt.question_id, messages, repeat)
    key = response_key(model.identity(request), messages, repeat)
    return dataclasses.replace(request, key=key, seed=call_seed(run_seed, key))


async def answer(ledger: Ledger, model: Model, prompt: Prompt, repeat: int, run_seed: int) -> Response | None:
    """The answer to a prompt, or None if a turn of it was not asked for.

    Each turn is stored as a call of its own; together they make one response whose text is the
    conversation.
    """
    n_rounds = rounds(prompt)
    answers: list[Response] = []
    said: list[str] = []
    while True:
        found = await ledger.response(model, request_for(model, prompt, said, repeat, run_seed))
        if found is None:
            return None
        answers.append(found)
        said.append(str(found.text))
        if not found.ok or len(answers) == n_rounds:
            break
    own: dict[str, Any] = {"question_id": prompt.question_id, "model": model.label, "repeat": repeat}
    if n_rounds == 1:
        return updated(answers[0], own)
    text = conversation(prompt, said) if found.ok else None
    return updated(_joined(answers), {**own, "text": text})


def _joined(answers: Sequence[Response]) -> Response:
    """The last turn's response, with the sums over all turns."""
    thoughts = [answer.thinking for answer in answers if answer.thinking]
    sums = {
        name: _total([getattr(answer, name) for answer in answers])
        for name in ("latency_ms", "tokens_in", "tokens_out", "cost_usd")
    }
    return answers[-1].model_copy(
        update={
            **sums,
            "thinking": "\n\n".join(thoughts) or None,
            "first_token_ms": answers[0].first_token_ms,
        }
    )


def _total(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None
