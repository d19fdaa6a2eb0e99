from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from palestra.models.thinking import ThinkingSplitter, split_thinking


@pytest.mark.parametrize(
    ("text", "thinking", "answer"),
    [
        ("plain", "", "plain"),
        ("  plain\n", "", "  plain\n"),
        ("<think>a</think>b", "a", "b"),
        ("\n<think>\n a \n</think>\n\n b\n", "a", "b\n"),
        ("<think></think>b", "", "b"),
        ("<think>never closed", "never closed", ""),
        ("b <think>a</think>", "", "b <think>a</think>"),
        ("<think>a</think>b</think>c", "a", "b</think>c"),
        ("<thinking>b", "", "<thinking>b"),
        ("", "", ""),
    ],
)
def test_only_a_block_at_the_head_is_thinking(text: str, thinking: str, answer: str) -> None:
    assert split_thinking(text) == (thinking, answer)


def streamed(pieces: list[str]) -> tuple[str, str]:
    splitter = ThinkingSplitter()
    deltas = [splitter.feed(piece) for piece in pieces] + [splitter.flush()]
    return "".join(d.thinking for d in deltas), "".join(d.text for d in deltas)


PIECES = st.lists(st.sampled_from(["<", "think", ">", "</", "think>", " ", "\n", "a", "<think>", "</think>"]))


@given(PIECES)
@example(["<think>a", "</thi", "nk>", " ", "b"])
@example(["<", "thi", "x"])
def test_a_stream_is_split_as_the_whole_text_is(pieces: list[str]) -> None:
    thinking, answer = streamed(pieces)
    assert (thinking.strip(), answer) == split_thinking("".join(pieces))


def test_text_is_passed_on_at_once() -> None:
    splitter = ThinkingSplitter()
    assert splitter.feed("a").text == "a"
    assert splitter.feed(" <think>").text == " <think>"


def test_thinking_is_passed_on_at_once() -> None:
    splitter = ThinkingSplitter()
    assert splitter.feed("<think>so").thinking == "so"
    assert splitter.feed(" what").thinking == " what"
