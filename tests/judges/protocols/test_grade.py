from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.judges.making import matchup, prompt

from palestra.errors import ConfigError
from palestra.judges.fence import Fence
from palestra.judges.protocols import make_single
from palestra.judges.protocols.base import Unreadable
from palestra.judges.protocols.grade import Grade, Single, graded_winner
from palestra.records.winner import Winner

if TYPE_CHECKING:
    from pathlib import Path

PROTOCOL = Single()


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("Good. Rating: [[7]]", 7),
        ("Rating: [[7.5]]", 7.5),
        ("[[3]] at first, then [[9]]", 9),
        ("Rating: [[8/10]]", 8),
        ("Rating: [6]", 6),
        ("**Rating:** 5", 5),
        ("rating = 4/10", 4),
        ("Fine [8].", 8),
        ("<think>Rating: [[1]]</think>Rating: [[10]]", 10),
        ("See [1] and [2]. Rating: [[7]]", 7),
        ("Rating: 3. No: Rating: 6.", 6),
    ],
)
def test_spellings(raw: str, value: float) -> None:
    grade = PROTOCOL.grade(raw)
    assert isinstance(grade, Grade)
    assert grade.value == value


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("", "no Rating"),
        ("Rating: [[11]]", "11 is not between"),
        ("Rating: [[0]]", "0 is not between"),
        ("Footnotes [1] and [2]", "several numbers"),
        ("Rating: 7-8", "no Rating"),
        ("Rating: 70%", "no Rating"),
        ("Rating: 4/5", "no Rating"),
        ("Rating: good", "no Rating"),
        ("<think>Rating: [[7]]", "no Rating"),
    ],
)
def test_what_is_no_grade_from_1_to_10_is_unreadable(raw: str, reason: str) -> None:
    found = PROTOCOL.grade(raw)
    assert isinstance(found, Unreadable)
    assert reason in found.reason


def test_the_words_are_kept_without_the_grade() -> None:
    grade = PROTOCOL.grade("Right, but long.\n\nRating: [[7]]")
    assert isinstance(grade, Grade)
    assert grade.explanation == "Right, but long."


def test_one_answer_is_shown_with_its_question() -> None:
    asked = prompt("2 + 2?", reference="Four.", category="math")
    _, user = PROTOCOL.render_one(asked, matchup(asked=asked).response_b, Fence("m"))
    assert "<<ANSWER m>>\nFive.\n<<END ANSWER m>>" in user.content
    assert "<<REFERENCE m>>\nFour.\n" in user.content
    assert "ANSWER B" not in user.content


def test_a_template_of_ones_own_shows_the_answer(tmp_path: Path) -> None:
    (tmp_path / "good.txt").write_text("{question}\n{answer}")
    (tmp_path / "bad.txt").write_text("{question}")
    asked = prompt("2 + 2?")
    _, user = make_single(tmp_path / "good.txt").render_one(asked, matchup().response_a, Fence("m"))
    assert "Four." in user.content
    assert "Rating: [[<a number" in user.content
    with pytest.raises(ConfigError, match="does not show answer"):
        make_single(tmp_path / "bad.txt")


@pytest.mark.parametrize(
    ("a", "b", "winner"), [(7, 7, Winner.TIE), (7, 7.1, Winner.TIE), (7.2, 7, Winner.A), (1, 10, Winner.B)]
)
def test_grades_within_a_tenth_tie(a: float, b: float, winner: Winner) -> None:
    assert graded_winner(a, b) is winner


@given(st.text(alphabet=st.sampled_from("Rating:[]0123456789./ \n*")))
def test_reading_never_raises(raw: str) -> None:
    grade = PROTOCOL.grade(raw)
    assert isinstance(grade, Grade | Unreadable)
    assert isinstance(grade, Unreadable) or 1 <= grade.value <= 10
