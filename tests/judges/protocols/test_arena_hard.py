from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.judges.making import matchup, prompt

from palestra.judges.fence import Fence
from palestra.judges.protocols.arena_hard import ArenaHard
from palestra.judges.protocols.base import Reading, Unreadable
from palestra.judges.protocols.pairwise import CHOICES
from palestra.records.matchup import Order
from palestra.records.winner import Winner

PROTOCOL = ArenaHard()


def read(raw: str) -> Reading:
    reading = PROTOCOL.parse(raw)
    assert isinstance(reading, Reading), reading
    return reading


@pytest.mark.parametrize(
    ("raw", "label", "share"),
    [
        ("My final verdict is tie: [[A=B]]", "A=B", 0.5),
        ("[[A>B]] at first sight, but no: [[B>>A]].", "B>>A", 0.0),
        ("<think>[[B>A]]</think>My own answer: 4.\n\n[[A>>B]]", "A>>B", 1.0),
        ("[[B<A]]", "A>B", 0.75),
        ("[[A<<B]]", "B>>A", 0.0),
        ("[[a>b]]", "A>B", 0.75),
        ("Verdict: [A>B]", "A>B", 0.75),
        ("[B>A] is what [[A=B]] is not", "A=B", 0.5),
        ("**[[ A > B ]]**", "A>B", 0.75),
    ],
)
def test_the_last_label_counts(raw: str, label: str, share: float) -> None:
    reading = read(raw)
    assert (reading.label, reading.pref) == (label, share)


@pytest.mark.parametrize(
    "raw", ["", "[[A]]", "A>B", "<think>[[A>B]]", "[[A>>>B]]", "[1] and [2]", "[[A>B", CHOICES]
)
def test_what_is_none_of_the_five_is_unreadable(raw: str) -> None:
    assert isinstance(PROTOCOL.parse(raw), Unreadable)


def system(category: str | None) -> str:
    pair = matchup(asked=prompt("Write.", category=category))
    return PROTOCOL.render(pair, Order.AB, Fence("m"))[0].content


def test_the_judge_answers_first_but_for_creative_writing() -> None:
    assert "write down your own answer" in system("hard_prompt")
    assert "write down your own answer" in system(None)
    assert "do not write one of your own" in system("creative_writing")
    assert PROTOCOL.template_for(prompt(category="creative_writing")) != PROTOCOL.template_for(prompt())
    assert all(part in PROTOCOL.template for part in ("write down your own", "do not write one of your own"))


def test_the_words_are_kept_without_the_label() -> None:
    assert read("A is right.\n\n[[A>B]]").explanation == "A is right."
    assert read("A is right.\n\n[[A>B]]").winner is Winner.A


@given(st.text(alphabet=st.sampled_from("[]AB<>= \n\\*")))
def test_parsing_never_raises(raw: str) -> None:
    assert isinstance(PROTOCOL.parse(raw), Reading | Unreadable)
