from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.judges.making import matchup

from palestra.config.judge import Criterion
from palestra.judges.fence import Fence
from palestra.judges.protocols import make_protocol
from palestra.judges.protocols.base import Reading, Unreadable
from palestra.judges.protocols.rubric import Rubric
from palestra.records.matchup import Order
from palestra.records.winner import Winner

CRITERIA = (
    Criterion(name="accuracy", description="It is {{ right }}.", weight=3),
    Criterion(name="tone of voice"),
)
PROTOCOL = Rubric(criteria=CRITERIA)


def test_the_weighted_means_decide() -> None:
    reading = PROTOCOL.parse("A errs.\n\naccuracy: A=4 B=8\ntone of voice: A=10 B=2")
    assert isinstance(reading, Reading)
    assert (reading.score_first, reading.score_second) == (5.5, 6.5)
    assert reading.winner is Winner.B
    assert reading.pref == pytest.approx(1 / (1 + 2.718281828459045**0.3))


def test_every_grade_is_kept_in_the_explanation() -> None:
    reading = PROTOCOL.parse("accuracy: A=4 B=8\nA errs.\ntone of voice: A=10 B=2.5")
    assert isinstance(reading, Reading)
    assert reading.explanation == "A errs.\n\naccuracy: A=4 B=8\ntone of voice: A=10 B=2.5"


@pytest.mark.parametrize(
    "raw",
    [
        "**Accuracy**: A=7/10, B=5/10\n- tone of voice: A: 7, B: 5",
        "accuracy: A = 7   B = 5\nTone of Voice: **A=7** **B=5**",
        "accuracy: A=1 B=1\naccuracy: A=7 B=5\ntone of voice: A=7,0 B=5,0",
        "<think>accuracy: A=1 B=1</think>accuracy: A=7 B=5\ntone of voice: A=7 B=5",
    ],
)
def test_spellings(raw: str) -> None:
    reading = PROTOCOL.parse(raw)
    assert isinstance(reading, Reading), reading
    assert (reading.score_first, reading.score_second) == (7, 5)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("accuracy: A=7 B=5", "no line tone of voice"),
        ("accuracy: A=11 B=5\ntone of voice: A=1 B=1", "accuracy: 11 is not between 1 and 10"),
        ("accuracy: A=4/5 B=5/5\ntone of voice: A=1 B=1", "graded out of 5"),
        ("accuracy: B=5 A=7\ntone of voice: A=1 B=1", "no line accuracy"),
        ("inaccuracy: A=7 B=5\ntone of voice: A=1 B=1", "no line accuracy"),
    ],
)
def test_a_criterion_without_two_grades_is_unreadable(raw: str, reason: str) -> None:
    found = PROTOCOL.parse(raw)
    assert isinstance(found, Unreadable)
    assert reason in found.reason


def test_the_judge_is_told_names_descriptions_and_scale() -> None:
    made = make_protocol("rubric", criteria=CRITERIA, scale=(0, 5))
    text = made.render(matchup(), Order.AB, Fence("m"))[-1].content
    assert "- accuracy: It is { { right }}." in text
    assert "from 0 (worst) to 5 (best)" in text
    assert "accuracy: A=<number> B=<number>\ntone of voice: A=<number> B=<number>" in text


def test_weights_and_scale_are_in_the_key() -> None:
    other = Rubric(criteria=(CRITERIA[0].model_copy(update={"weight": 1.0}), CRITERIA[1]))
    assert len({str(one.settings) for one in (PROTOCOL, other, Rubric(criteria=CRITERIA, highest=5))}) == 3


grades = st.integers(min_value=1, max_value=10)


@given(grades, grades, grades, grades)
def test_exchanging_the_answers_mirrors_the_reading(a: int, b: int, c: int, d: int) -> None:
    one = PROTOCOL.parse(f"accuracy: A={a} B={b}\ntone of voice: A={c} B={d}")
    two = PROTOCOL.parse(f"accuracy: A={b} B={a}\ntone of voice: A={d} B={c}")
    assert isinstance(one, Reading)
    assert isinstance(two, Reading)
    assert one.winner is two.winner.swapped()
    assert one.pref == pytest.approx(1 - (two.pref or 0))
