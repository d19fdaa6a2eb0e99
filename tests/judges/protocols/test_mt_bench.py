from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.judges.making import matchup, prompt

from palestra.judges.fence import Fence
from palestra.judges.protocols.base import Reading, Unreadable
from palestra.judges.protocols.mt_bench import MTBench
from palestra.records.matchup import Order
from palestra.records.winner import Winner

PROTOCOL = MTBench()


@pytest.mark.parametrize(
    ("raw", "winner"),
    [
        ("A is better. [[A]]", Winner.A),
        ("[[B]]", Winner.B),
        ("Neither. [[C]]", Winner.TIE),
        ("Not [[A]] but [[B]]", Winner.B),
        ("[[a]]", Winner.A),
        ("[[Tie]]", Winner.TIE),
        ("<think>[[A]]</think>[[C]]", Winner.TIE),
        ("**[[ *B* ]]**", Winner.B),
    ],
)
def test_the_last_verdict_counts(raw: str, winner: Winner) -> None:
    reading = PROTOCOL.parse(raw)
    assert isinstance(reading, Reading)
    assert (reading.winner, reading.label, reading.pref) == (winner, None, None)


@pytest.mark.parametrize("raw", ["", "[A]", "A", "[[D]]", "[[A>B]]", "<think>[[A]]", "$ERROR$"])
def test_what_is_none_of_the_three_is_unreadable(raw: str) -> None:
    assert isinstance(PROTOCOL.parse(raw), Unreadable)


@pytest.mark.parametrize(
    ("category", "shown"),
    [("math", True), ("Reasoning", True), ("coding", True), (None, True), ("writing", False)],
)
def test_the_reference_is_shown_where_there_is_a_right_answer(category: str | None, shown: bool) -> None:
    asked = prompt("2 + 2?", reference="Four", category=category)
    system, user = PROTOCOL.render(matchup(asked=asked), Order.AB, Fence("m"))
    assert ("<<REFERENCE m>>\nFour\n" in user.content) is shown
    assert ("known good answer" in system.content) is shown
    assert PROTOCOL.shows_reference(asked) is shown


def test_of_two_turns_both_references_are_shown_and_the_last_counts() -> None:
    asked = prompt("2 + 2?", "And 3?", reference="Six", references=("Four", "Six"), category="math")
    system, user = PROTOCOL.render(matchup(asked=asked), Order.AB, Fence("m"))
    assert "<<REFERENCE TO TURN 1 m>>\nFour\n" in user.content
    assert "<<REFERENCE TO TURN 2 m>>\nSix\n" in user.content
    assert "last one" in system.content


@given(st.text(alphabet=st.sampled_from("[]ABCTIE \n\\*")))
def test_parsing_never_raises(raw: str) -> None:
    assert isinstance(PROTOCOL.parse(raw), Reading | Unreadable)
