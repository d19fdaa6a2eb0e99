"""What a judge is shown of a game: the prompt, both answers and the reference, each inside its fence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from palestra.records.matchup import Order

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from palestra.judges.fence import Fence
    from palestra.records.battle import Text
    from palestra.records.matchup import Matchup
    from palestra.records.prompt import Message, Prompt
    from palestra.records.response import Response

VARIABLES = ("prompt", "answer_a", "answer_b", "reference", "mark")
"""What a template may use."""
ALIASES = {
    "conversation": "prompt",
    "question": "prompt",
    "answer_1": "answer_a",
    "answer_2": "answer_b",
}
"""Other names for them, as other tools' templates have them."""


def shown(matchup: Matchup, order: Order) -> tuple[Response, Response]:
    """The two responses, the one shown first in front."""
    pair = (matchup.response_a, matchup.response_b)
    return pair if order is Order.AB else (pair[1], pair[0])


def judged_texts(matchup: Matchup) -> Iterator[str]:
    """Every text that goes inside a fence."""
    yield from (message.content for message in matchup.prompt.messages)
    yield matchup.prompt.reference or ""
    yield from matchup.prompt.references
    for response in (matchup.response_a, matchup.response_b):
        yield from _contents(response.text)


def values(matchup: Matchup, order: Order, fence: Fence) -> Mapping[str, str | None]:
    """The template's variables: `VARIABLES` and their `ALIASES`.

    Texts are fenced. `reference` is None where the prompt has none. `answer_a` is the answer shown
    first.
    """
    first, second = shown(matchup, order)
    prompt = matchup.prompt
    plain: dict[str, str | None] = {
        "prompt": _prompt(prompt, fence),
        "answer_a": _answer(prompt, first.text, "ANSWER A", fence),
        "answer_b": _answer(prompt, second.text, "ANSWER B", fence),
        "reference": reference(prompt, fence),
        "mark": fence.mark,
    }
    return plain | {alias: plain[name] for alias, name in ALIASES.items()}


def answer_values(prompt: Prompt, response: Response, fence: Fence) -> Mapping[str, str | None]:
    """The variables of a template that shows one answer."""
    asked = _prompt(prompt, fence)
    return {
        "prompt": asked,
        "conversation": asked,
        "question": asked,
        "answer": _answer(prompt, response.text, "ANSWER", fence),
        "reference": reference(prompt, fence),
        "mark": fence.mark,
    }


def reference(prompt: Prompt, fence: Fence) -> str | None:
    """The reference answer in its fence, of several turns each in its own; None if there is none."""
    if len(prompt.references) > 1:
        turns = enumerate(prompt.references, start=1)
        return "\n\n".join(fence.wrap(f"REFERENCE TO TURN {turn}", text) for turn, text in turns)
    return fence.wrap("REFERENCE", prompt.reference) if prompt.reference else None


def reference_data(prompt: Prompt) -> str | list[str] | None:
    """The reference as data for a key."""
    return list(prompt.references) if len(prompt.references) > 1 else prompt.reference


def user_turns(prompt: Prompt) -> int:
    """How many user turns the prompt has."""
    return sum(message.role == "user" for message in prompt.messages)


def until_turn(matchup: Matchup, turn: int) -> Matchup | None:
    """The matchup as it stood after so many user turns; None if the prompt has fewer."""
    prompt = matchup.prompt
    places = [place for place, message in enumerate(prompt.messages) if message.role == "user"]
    if len(places) < turn:
        return None
    if len(places) == turn:
        return matchup
    asked = prompt.messages[: places[turn - 1] + 1]
    references = prompt.references[:turn]
    cut = prompt.model_copy(
        update={
            "messages": asked,
            "references": references if turn > 1 else (),
            "reference": references[-1] if references else None,
        }
    )
    a, b = (_until(prompt, response, turn) for response in (matchup.response_a, matchup.response_b))
    return matchup.model_copy(update={"prompt": cut, "response_a": a, "response_b": b})


def _until(prompt: Prompt, response: Response, turn: int) -> Response:
    if response.text is None or isinstance(response.text, str):
        return response
    own = [text for at, text in _own_turns(prompt.messages, response.text) if at <= turn]
    if turn == 1:
        return response.model_copy(update={"text": "\n\n".join(own)})
    end, met = 0, 0
    for place, message in enumerate(response.text):
        met += message.role == "user"
        if met > turn:
            break
        end = place + 1
    return response.model_copy(update={"text": response.text[:end]})


def _contents(text: Text | None) -> list[str]:
    if text is None:
        return []
    return [text] if isinstance(text, str) else [message.content for message in text]


def _prompt(prompt: Prompt, fence: Fence) -> str:
    if len(prompt.messages) == 1:
        return fence.wrap("QUESTION", prompt.messages[0].content)
    blocks, turn = [], 0
    for message in prompt.messages:
        turn += message.role == "user"
        where = "" if message.role == "system" else f" TURN {turn}"
        blocks.append(fence.wrap(f"{message.role.upper()}{where}", message.content))
    return "\n\n".join(blocks)


def _answer(prompt: Prompt, text: Text | None, name: str, fence: Fence) -> str:
    if text is None or isinstance(text, str):
        return fence.wrap(name, text or "")
    turns = _own_turns(prompt.messages, text)
    return "\n\n".join(fence.wrap(f"{name} TO TURN {turn}", content) for turn, content in turns)


def _own_turns(asked: tuple[Message, ...], conversation: tuple[Message, ...]) -> list[tuple[int, str]]:
    """What the model itself said, each with the number of the user turn that it answers."""
    expected = [message for message in asked if message.role != "system"]
    own: list[tuple[int, str]] = []
    met = turn = 0
    for message in conversation:
        if met < len(expected) and message == expected[met]:
            met += 1
            turn += message.role == "user"
        elif message.role == "assistant":
            own.append((max(turn, len(own) + 1), message.content))
    return own
