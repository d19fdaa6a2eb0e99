from __future__ import annotations

import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

from palestra.report.plots.ruler import FONT, Ruler

RULER = Ruler()


@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize("text", ["", "model-7b (large), v2.5", "Ærøskøbing – naïve", "$x^2$ & <b>", "WWWW"])
def test_widths_are_those_that_matplotlib_draws(text: str, bold: bool) -> None:
    """But for kerning, which it leaves out."""
    font = FontProperties(family=FONT, size=12, weight="bold" if bold else "normal")
    with warnings.catch_warnings():
        drawn = TextToPath().get_text_width_height_descent(text, font, ismath=False)[0] if text else 0.0
    assert RULER.width(text, 12, bold=bold) == pytest.approx(drawn, rel=0.03, abs=0.5)


def test_characters_that_the_font_lacks_take_what_they_usually_take() -> None:
    assert RULER.lacks("中")
    assert not RULER.lacks("model α–1")
    assert RULER.width("中文", 10) == 24
    assert RULER.width("\u200d", 10) == 0 or not RULER.lacks("\u200d")


@given(st.text(max_size=40), st.floats(20, 300))
def test_what_is_fitted_fits_and_keeps_its_ends(text: str, most: float) -> None:
    short = RULER.fitted(text, 12, most)
    assert RULER.width(short, 12) <= most
    if RULER.width(text, 12) <= most:
        assert short == text
    else:
        head, dots, tail = short.rpartition("…")
        assert dots
        assert text.startswith(head)
        assert text.endswith(tail)


@given(st.lists(st.text("abc WÄ", max_size=12), max_size=12), st.floats(60, 300))
def test_lines_hold_all_words_and_are_not_too_long(words: list[str], most: float) -> None:
    text = " ".join(words)
    lines = RULER.lines(text, 10, most)
    assert all(RULER.width(line, 10) <= most for line in lines)
    if all(RULER.width(word, 10) <= most for word in text.split(" ")):
        assert " ".join(lines).split() == text.split()
