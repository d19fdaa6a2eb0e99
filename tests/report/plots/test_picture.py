"""Files: the same bytes every time, text that stays text, and nothing that leaks in or out."""

from __future__ import annotations

import struct
import warnings
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import matplotlib
import pytest
from tests.report.plots.drawn import SVG, rendered

from palestra.errors import UsageError
from palestra.report.plots.picture import DOTS, MOST_DOTS, Picture, isolated
from palestra.report.plots.ruler import Ruler
from palestra.report.plots.sheet import Sheet
from palestra.report.plots.theme import DARK, LIGHT

if TYPE_CHECKING:
    from collections.abc import Callable

TITLE = "a < b & c"
SAID = "said \uffff </desc>"


def everything(text: str = "$x$", width: float = 200.0) -> Callable[[], Picture]:
    """One of everything that a sheet can draw."""

    def draw() -> Picture:
        sheet = Sheet(width, 100.0, LIGHT, Ruler())
        sheet.text(10, 10, text, size=12)
        sheet.text(190, 30, "end", size=10, align="right", bold=True, color=DARK.soft)
        with sheet.within((20, 20, 50, 50)):
            sheet.line([(0, 0), (100, 100), (150, 1 / 3)], LIGHT.main, dashes=(2, 1), alpha=0.5)
            sheet.polygon([(0, 0), (30, 0), (30, 30)], LIGHT.main, alpha=0.1)
        sheet.marker(50, 50, "^", 8, LIGHT.main, hollow=True)
        sheet.boxes([(1, 2, 3, 4), (10, 20, 3, 4)], LIGHT.bar)
        sheet.boxes([], LIGHT.bar)
        return Picture(sheet, TITLE, SAID)

    return draw


def root(svg: bytes) -> ET.Element:
    return ET.fromstring(svg)


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_the_same_picture_is_the_same_bytes(kind: str) -> None:
    assert rendered(everything(), kind) == rendered(everything(), kind)  # type: ignore[arg-type]
    assert rendered(everything("other"), kind) != rendered(everything(), kind)  # type: ignore[arg-type]


def test_what_the_user_set_for_matplotlib_changes_nothing() -> None:
    usual = rendered(everything())
    with matplotlib.rc_context(
        {"lines.linewidth": 9, "svg.fonttype": "path", "path.sketch": (1, 100, 2), "font.size": 30,
         "axes.facecolor": "red", "text.usetex": True, "lines.antialiased": False}
    ):  # fmt: skip
        assert rendered(everything()) == usual
        assert matplotlib.rcParams["lines.linewidth"] == 9


def test_differences_too_small_to_see_change_nothing() -> None:
    """The last digits of a rating differ between machines."""

    def line(y: float) -> Callable[[], Picture]:
        def draw() -> Picture:
            sheet = Sheet(100, 100, LIGHT, Ruler())
            sheet.line([(0, y), (50, y)], LIGHT.main)
            sheet.text(3, y, "x", size=10)
            return Picture(sheet, "", "")

        return draw

    assert rendered(line(17.123)) == rendered(line(17.123 + 1e-9))
    assert rendered(line(17.123)) != rendered(line(17.2))


def test_screen_readers_get_a_title_and_a_description() -> None:
    svg = root(rendered(everything()))
    assert svg.attrib["role"] == "img"
    assert [child.tag for child in svg][:2] == [f"{SVG}title", f"{SVG}desc"]
    assert svg[0].text == TITLE
    assert svg[1].text == "said \ufffd </desc>"
    assert (svg.attrib["width"], svg.attrib["height"]) == ("200", "100")


@pytest.mark.parametrize(
    "text",
    [
        "$x^2$", "$$", "\\frac{1}{2}", "<b>bold</b>", "a & b", "]]>", "&amp;", "%d {0}", "'quotes' \"too\"",
        "font-family: 'DejaVu Sans'", "<text style=\"font-family: 'DejaVu Sans'\">",
    ],
)  # fmt: skip
def test_text_is_literal(text: str) -> None:
    svg = rendered(everything(text))
    found = [element.text for element in root(svg).iter(f"{SVG}text")]
    assert found == [text, "end"]


def test_text_is_set_in_the_readers_own_font() -> None:
    styles = [element.attrib["style"] for element in root(rendered(everything())).iter(f"{SVG}text")]
    assert all("font-family: system-ui," in style for style in styles)


def test_what_is_outside_the_window_is_clipped_in_svg() -> None:
    (clip,) = root(rendered(everything())).iter(f"{SVG}clipPath")
    box = {name: float(clip[0].attrib[name]) for name in ("x", "y", "width", "height")}
    assert box == {"x": 20, "y": 20, "width": 50, "height": 50}


@pytest.mark.parametrize("text", ["中文 😀👩‍🚀", "مرحبا", "\U0001f9ff\U000e0001", "\ue000", "\u0378"])
@pytest.mark.parametrize("kind", ["svg", "png"])
def test_glyphs_that_are_missing_are_not_complained_about(text: str, kind: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert rendered(everything(text), kind)  # type: ignore[arg-type]


def test_other_warnings_get_out() -> None:
    with pytest.warns(UserWarning, match="other"), isolated():
        warnings.warn("other", stacklevel=1)


def test_a_png_has_two_dots_for_each_pixel() -> None:
    png = rendered(everything(), "png")
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", png[16:24]) == (200 * DOTS, 100 * DOTS)


def test_a_png_that_nothing_could_open_is_refused() -> None:
    wide = everything(width=MOST_DOTS / DOTS + 1)
    with pytest.raises(UsageError, match="dots large"):
        rendered(wide, "png")
    assert rendered(wide, "svg")
