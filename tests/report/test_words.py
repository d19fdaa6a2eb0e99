from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.report.sample import rating

from palestra.report.words import count, number, percent, ranks, span, visible


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
