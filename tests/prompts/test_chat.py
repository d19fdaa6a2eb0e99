from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from palestra.prompts.chat import conversation, next_request_messages, rounds
from palestra.records.prompt import Message, Prompt

NAMES = {"s": "system", "u": "user", "a": "assistant"}


def prompt(roles: str) -> Prompt:
    """`su1` style: one message per letter, its content the letter and its place."""
    messages = [{"role": NAMES[role], "content": f"{role}{place}"} for place, role in enumerate(roles)]
    return Prompt.model_validate({"question_id": "q", "messages": messages})


def contents(messages: tuple[Message, ...]) -> str:
    return " ".join(message.content for message in messages)


@pytest.mark.parametrize(
    ("roles", "requests", "whole"),
    [
        ("u", ["u0"], "u0 A"),
        ("su", ["s0 u1"], "s0 u1 A"),
        ("uau", ["u0 a1 u2"], "u0 a1 u2 A"),
        ("uu", ["u0", "u0 A u1"], "u0 A u1 B"),
        ("suuu", ["s0 u1", "s0 u1 A u2", "s0 u1 A u2 B u3"], "s0 u1 A u2 B u3 C"),
        ("uauu", ["u0 a1 u2", "u0 a1 u2 A u3"], "u0 a1 u2 A u3 B"),
    ],
)
def test_each_turn_sees_the_models_earlier_answers(roles: str, requests: list[str], whole: str) -> None:
    asked = prompt(roles)
    assert rounds(asked) == len(requests)
    answers = ["A", "B", "C"][: len(requests)]
    for count, expected in enumerate(requests):
        assert contents(next_request_messages(asked, answers[:count])) == expected
    assert contents(conversation(asked, answers)) == whole


def test_more_or_fewer_answers_than_turns_are_an_error() -> None:
    with pytest.raises(ValueError, match="nothing is left to ask"):
        next_request_messages(prompt("uu"), ["A", "B"])
    with pytest.raises(ValueError, match="1 answers to a prompt of 2 turns"):
        conversation(prompt("uu"), ["A"])


@given(roles=st.text("sua", max_size=8))
def test_a_request_ends_with_a_user_turn_and_no_message_is_lost(roles: str) -> None:
    asked = prompt(roles + "u")
    answers = [f"answer {n}" for n in range(rounds(asked))]
    assert asked.is_multi_turn == ("uu" in roles + "u")
    for count in range(len(answers)):
        request = next_request_messages(asked, answers[:count])
        assert request[-1].role == "user"
        assert not any(a.role == b.role == "user" for a, b in itertools.pairwise(request))
    whole = conversation(asked, answers)
    assert [m for m in whole if m.content not in answers] == list(asked.messages)
