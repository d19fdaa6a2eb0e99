from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from palestra.judges.protocols.base import Reading, Unreadable
from palestra.judges.protocols.labels import LABEL_SHARES
from palestra.judges.protocols.pairwise import Pairwise
from palestra.records.winner import Winner

PROTOCOL = Pairwise()


def read(raw: str) -> Reading:
    reading = PROTOCOL.parse(raw)
    assert isinstance(reading, Reading), reading
    return reading


@pytest.mark.parametrize(
    ("label", "winner", "pref"),
    [
        ("A>>B", Winner.A, 1.0),
        ("A>B", Winner.A, 0.75),
        ("A=B", Winner.TIE, 0.5),
        ("B>A", Winner.B, 0.25),
        ("B>>A", Winner.B, 0.0),
    ],
)
def test_the_five_labels(label: str, winner: Winner, pref: float) -> None:
    reading = read(f"A adds, B does not.\n\n[[{label}]]")
    assert reading == Reading(winner=winner, label=label, pref=pref, explanation="A adds, B does not.")


@pytest.mark.parametrize(("written", "winner"), [("A", Winner.A), ("B", Winner.B), ("C", Winner.TIE)])
def test_older_labels_name_only_the_winner(written: str, winner: Winner) -> None:
    assert read(f"Verdict: [[{written}]]") == Reading(winner=winner, explanation="Verdict:")


@pytest.mark.parametrize(
    ("raw", "label"),
    [
        ("[[A > B]]", "A>B"),
        ("[[ a>>b ]]", "A>>B"),
        ("**[[B>A]]**", "B>A"),
        ("[[**B>A**]]", "B>A"),
        (r"\[\[A>>B\]\]", "A>>B"),
        ("[[A&gt;B]]", "A>B"),
        ("[[A<B]]", "B>A"),
        ("[[B<<A]]", "A>>B"),
        ("[[B=A]]", "A=B"),
        ("`[[A=B]]`.", "A=B"),
    ],
)
def test_other_spellings(raw: str, label: str) -> None:
    assert read(raw).label == label


def test_the_last_label_counts() -> None:
    """An answer that the judge quotes does not speak for it."""
    assert read("Answer A says [[A>>B]], which is a trick. My verdict: [[B>A]]").label == "B>A"
    assert read("[[B>A]] and not [[X]] or [[maybe]]").label == "B>A"


def test_labels_inside_thinking_do_not_count() -> None:
    assert read("<think>[[A>>B]]</think>[[B>A]]<think>or [[A=B]]?").label == "B>A"
    assert isinstance(PROTOCOL.parse("<think>[[A>>B]]"), Unreadable)
    assert isinstance(PROTOCOL.parse("<thinking>[[A>>B]]</thinking> I cannot say."), Unreadable)


@pytest.mark.parametrize("raw", ["", "A is better.", "[A>B]", "[[A>B", "[[A>>>B]]", "[[D]]", "A>>B", "[[]]"])
def test_a_reply_without_a_label_is_unreadable(raw: str) -> None:
    """It is never a tie."""
    found = PROTOCOL.parse(raw)
    assert isinstance(found, Unreadable)
    assert "[[A>>B]]" in found.reason


def test_repeating_the_instructions_is_no_verdict() -> None:
    assert isinstance(PROTOCOL.parse(Pairwise.reply), Unreadable)
    assert read(f"{Pairwise.reply}\nI say [[A>B]]").label == "A>B"


def test_a_reply_of_nothing_but_a_label_has_no_explanation() -> None:
    assert read("[[A>B]]").explanation is None


@given(st.text(), st.sampled_from(sorted(LABEL_SHARES)))
def test_exchanging_the_answers_mirrors_the_reading(words: str, label: str) -> None:
    """A label and the one for the exchanged answers give opposite winners and complementary shares."""
    one = PROTOCOL.parse(f"{words}[[{label}]]")
    two = PROTOCOL.parse(f"{words}[[{label.translate(str.maketrans('AB', 'BA'))}]]")
    if isinstance(one, Unreadable) or isinstance(two, Unreadable):
        assert isinstance(one, Unreadable)
        assert isinstance(two, Unreadable)
        return
    assert one.winner is two.winner.swapped()
    assert one.pref is not None
    assert two.pref is not None
    assert one.pref + two.pref == 1


@given(st.text(alphabet=st.one_of(st.sampled_from("[]AB><=<think/>\\ "), st.characters())))
def test_parsing_never_raises(raw: str) -> None:
    assert isinstance(PROTOCOL.parse(raw), Reading | Unreadable)
