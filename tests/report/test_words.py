from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.report.sample import board, rating

from palestra.records.rating import Interval
from palestra.report.words import (
    count,
    counts_line,
    interval_line,
    method_line,
    number,
    percent,
    ranks,
    span,
    visible,
)


@given(st.text())
def test_a_visible_text_is_one_line_that_no_terminal_acts_on(text: str) -> None:
    shown = visible(text)
    assert len(shown.splitlines()) <= 1
    assert not any(ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 for char in shown)
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@pytest.mark.parametrize("text", ["GPT-4o", "日本語", "👨‍👩‍👧", "नमस्ते", "a|b <c>", ""])
def test_a_harmless_name_stays_as_it_is(text: str) -> None:
    assert visible(text) == text


def test_control_characters_are_spelt_out() -> None:
    assert visible("a\x1b[31m\nb\u202e\x7f\U000e0041") == "a\\u001b[31m\\nb\\u202e\\u007f\\U000e0041"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1207.978, "1208.0"),
        (-3.01, "−3.0"),
        (-0.01, "0.0"),
        (None, "–"),
        (math.nan, "–"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
    ],
)
def test_numbers_have_a_true_minus_and_a_sign_for_what_is_missing(value: float | None, shown: str) -> None:
    assert number(value) == shown


def test_counts_are_whole_unless_battles_were_shared() -> None:
    assert [count(10.0), count(2.75), count(0)] == ["10", "2.8", "0"]


def test_an_interval_needs_both_ends() -> None:
    assert span(990.04, 1010.06) == "990.0 to 1010.1"
    assert span(None, 1.0) == span(1.0, math.nan) == "–"


def test_percent_takes_a_share() -> None:
    assert percent(0.58333) == "58.3 %"
    assert percent(None) == "–"


def test_a_rank_shows_its_range_only_where_there_is_one() -> None:
    assert ranks(rating("a", 2)) == "2"
    assert ranks(rating("a", 2, rank_low=1, rank_high=4)) == "2 (1–4)"


def test_the_method_is_told_with_its_parameters() -> None:
    rows = [rating("a", 1)]
    assert method_line(board(rows)) == "bradley-terry, scale 400, base 10, mean 1000"
    anchored = board(rows, anchor={"a": 1200.0}, parameters={"mean": 1000.0, "prior": 0.5})
    assert method_line(anchored) == "bradley-terry, scale 400, base 10, a anchored at 1200, prior 0.5"
    assert method_line(board(rows, method="win-rate", parameters={})) == "win rate in per cent"


def test_the_intervals_are_told_with_theirs() -> None:
    made = Interval("bootstrap", 0.95, rounds=1000, seed=0)
    assert interval_line(board([], interval=made)) == "95 % intervals by bootstrap, 1000 rounds, seed 0"
    assert interval_line(board([], interval=Interval("none", 0.95))) == "no intervals"


@pytest.mark.parametrize(
    ("n_battles", "n_failed", "line"),
    [
        (1240, 3, "1,240 battles, 3 failed verdicts left out"),
        (1, 1, "1 battle, 1 failed verdict left out"),
        (2, 0, "2 battles, no failed verdict"),
        (2, None, "2 battles, failed verdicts not known"),
    ],
)
def test_failed_verdicts_are_counted_beside_the_battles(
    n_battles: int, n_failed: int | None, line: str
) -> None:
    assert counts_line(board([], n_battles, n_failed=n_failed)) == line
