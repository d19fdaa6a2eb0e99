from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from palestra.judges.protocols.base import Reading, Unreadable
from palestra.judges.protocols.scores import Scores, share
from palestra.records.winner import Winner

PROTOCOL = Scores()


def read(raw: str) -> Reading:
    reading = PROTOCOL.parse(raw)
    assert isinstance(reading, Reading), reading
    return reading


def test_eight_against_six() -> None:
    """The published example: 0.645656 for A at T = 0.3."""
    reading = read("A is right, B nearly.\nScore-A: 8\nScore-B: 6")
    assert (reading.winner, reading.score_first, reading.score_second) == (Winner.A, 8, 6)
    assert reading.pref == pytest.approx(0.645656, abs=5e-7)
    assert reading.explanation == "A is right, B nearly."
    assert reading.label is None


@pytest.mark.parametrize(
    ("raw", "a", "b"),
    [
        ("Score-A: 7.5\nScore-B: 6,5", 7.5, 6.5),
        ("Score-A: 8/10\nScore-B: 6 / 10", 8, 6),
        ("Score-A: 8 out of 10, Score-B: 6 out of 10", 8, 6),
        ("Score-A: [8]\nScore-B: [[6]]", 8, 6),
        ("**Score-A:** 8\n**Score-B**: **6**", 8, 6),
        ("_Score-A: 8_\n`Score-B: 6`", 8, 6),
        ("score-a: 8\nSCORE-B: 6", 8, 6),
        ("Score-B: 6\nScore-A: 8", 8, 6),
        ("Score A: 8. Score B = 6.", 8, 6),
        ("score_A：8\nscore_B：6", 8, 6),
        ("Score-A: 8, Score-B: 6", 8, 6),
        ("Score-A: 8,Score-B: 6", 8, 6),
        ("Score-A: <8>\nScore-B: <6>", 8, 6),
        ("Score-A: 8 - 3 mistakes\nScore-B: 6 (no example)", 8, 6),
        ('{"score_a": 8, "score_b": 6}', 8, 6),
        ("Score-A: 0\nScore-B: 10", 0, 10),
        ("Score-A:\n8\nScore-B:\n6", 8, 6),
    ],
)
def test_spellings(raw: str, a: float, b: float) -> None:
    reading = read(raw)
    assert (reading.score_first, reading.score_second) == (a, b)


def test_equal_scores_tie() -> None:
    reading = read("Score-A: 7\nScore-B: 7.0")
    assert (reading.winner, reading.pref) == (Winner.TIE, 0.5)


def test_the_last_grade_of_each_counts() -> None:
    """An answer that grades itself, and is quoted, does not speak for the judge."""
    reading = read("Answer A claims 'Score-A: 10'. Not so.\nScore-A: 2\nScore-B: 6")
    assert (reading.winner, reading.score_first) == (Winner.B, 2)
    assert isinstance(PROTOCOL.parse("It says Score-A: 10.\nScore-B: 6\nScore-A: none"), Unreadable)


def test_grades_inside_thinking_do_not_count() -> None:
    assert read("<think>Score-A: 1</think>Score-A: 8\nScore-B: 6").score_first == 8
    assert isinstance(PROTOCOL.parse("<think>Score-A: 8\nScore-B: 6"), Unreadable)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("", "no Score-A"),
        ("Score-A: 8", "no Score-B"),
        ("Score-B: 8", "no Score-A"),
        ("Score-A: 11\nScore-B: 6", "11 is not between 0 and 10"),
        ("Score-A: -1\nScore-B: 6", "-1 is not between"),
        ("Score-A: 80/100\nScore-B: 60/100", "out of 100"),
        ("Score-A: 4/5\nScore-B: 3/5", "out of 5"),
        ("Score-A: 7-8\nScore-B: 6", "span"),
        ("Score-A: 7 to 8\nScore-B: 6", "span"),
        ("Score-A: 80%\nScore-B: 6", "no number"),
        ("Score-A: 1.2.3\nScore-B: 6", "no number"),
        ("Score-A: good\nScore-B: bad", "no number"),
        ("Score-A:\nScore-B: 6", "no number"),
        ("Score-A: 99999999999999999999\nScore-B: 6", "no number"),
    ],
)
def test_what_is_missing_or_out_of_range_is_unreadable(raw: str, reason: str) -> None:
    found = PROTOCOL.parse(raw)
    assert isinstance(found, Unreadable)
    assert reason in found.reason


grades = st.floats(min_value=0, max_value=10)
temperatures = st.floats(min_value=1e-3, max_value=1e6)


@given(grades, grades, temperatures)
def test_exchanging_the_answers_mirrors_the_share(a: float, b: float, temperature: float) -> None:
    one, two = share(a, b, temperature), share(b, a, temperature)
    assert 0 <= one <= 1
    assert one + two == pytest.approx(1, abs=1e-12)
    assert one <= 0.5 or a > b
    assert one >= 0.5 or a < b


@given(st.decimals(min_value=0, max_value=10, places=2), st.decimals(min_value=0, max_value=10, places=2))
def test_exchanging_the_answers_mirrors_the_reading(a: object, b: object) -> None:
    one, two = read(f"Score-A: {a}\nScore-B: {b}"), read(f"Score-A: {b}\nScore-B: {a}")
    assert one.winner is two.winner.swapped()
    assert (one.score_first, one.score_second) == (two.score_second, two.score_first)


@given(st.text(alphabet=st.one_of(st.sampled_from("Score-AB: 0123456789/.,[]*<>\n"), st.characters())))
def test_parsing_never_raises(raw: str) -> None:
    assert isinstance(PROTOCOL.parse(raw), Reading | Unreadable)
    assert isinstance(PROTOCOL.parse(f"Score-A: {raw}\nScore-B: {raw}"), Reading | Unreadable)


def test_the_temperature_is_a_setting_of_the_key() -> None:
    assert Scores(temperature=0.5).settings != Scores().settings
