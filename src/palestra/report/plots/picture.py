"""Drawn sheets as SVG and PNG."""

from __future__ import annotations

import io
import re
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from xml.sax.saxutils import escape

from palestra.errors import UsageError
from palestra.report.plots.ruler import FONT
from palestra.report.plots.sheet import literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from palestra.report.plots.sheet import Sheet

Format = Literal["svg", "png"]
DOTS = 2
"""Of a PNG, per pixel of the sheet and direction."""
MOST_DOTS = 32_000
"""Of a PNG in one direction: what programs can open."""

_SVG_FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif"
"""What a browser sets text in, as in the HTML report; `FONT` is the widest, so that the layout holds."""
_MORE_FONTS = (
    "Noto Sans",
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans Arabic",
    "Noto Sans Devanagari",
    "Noto Sans Symbols2",
    "Noto Emoji",
    "Arial Unicode MS",
    "Hiragino Sans",
    "PingFang SC",
    "Microsoft YaHei",
    "Malgun Gothic",
    "Segoe UI Symbol",
    "Segoe UI Emoji",
    "WenQuanYi Micro Hei",
    "Symbola",
)
"""Where a PNG finds characters that `FONT` lacks, if the machine has them."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A sheet, drawn, with the words for those who cannot see it."""

    sheet: Sheet
    title: str
    description: str

    def data(self, kind: Format) -> bytes:
        """The picture as a file; equal pictures are equal bytes.

        Raises:
            UsageError: it is too large for a PNG.
        """
        if kind == "svg":
            return _svg(self.sheet, self.title, self.description)
        return _png(self.sheet, self.title)


def _svg(sheet: Sheet, title: str, description: str) -> bytes:
    """The text stays text; title and description are for screen readers."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    out = io.BytesIO()
    canvas: Any = FigureCanvasSVG(sheet.figure)
    canvas.print_svg(out, metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    text = out.getvalue().decode("utf-8")
    text = re.sub(rf"(<text\b[^>]*?font-family: )'{FONT}'", rf"\g<1>{_SVG_FONTS}", text)
    start = text.index("<svg ")
    end = text.index(">", start) + 1
    size = f'width="{sheet.width:g}" height="{sheet.height:g}"'
    head = re.sub(r'width="[^"]*" height="[^"]*"', size, text[start:end], count=1)
    head = head.replace("<svg ", '<svg role="img" ', 1)
    told = f"\n <title>{escape(literal(title))}</title>\n <desc>{escape(literal(description))}</desc>"
    return (text[:start] + head + told + text[end:]).encode("utf-8")


def _png(sheet: Sheet, title: str) -> bytes:
    if max(sheet.width, sheet.height) * DOTS > MOST_DOTS:
        raise UsageError(
            f"the picture would be {sheet.width * DOTS:,.0f} × {sheet.height * DOTS:,.0f} dots large",
            hint="write an .svg, or draw fewer models with --top",
        )
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    out = io.BytesIO()
    _find_fonts(sheet)
    sheet.figure.set_dpi(72 * DOTS)
    canvas: Any = FigureCanvasAgg(sheet.figure)
    canvas.print_png(out, metadata={"Software": None, "Title": title})
    return out.getvalue()


def _find_fonts(sheet: Sheet) -> None:
    """Let text with characters that `FONT` lacks take them from the machine's other fonts."""
    if not sheet.exotic:
        return
    from matplotlib.font_manager import fontManager

    installed = set(fontManager.get_font_names())
    families = [FONT, *(name for name in _MORE_FONTS if name in installed)]
    for artist in sheet.exotic:
        artist.set_fontfamily(families)


@contextmanager
def isolated() -> Iterator[None]:
    """Sheets are made and rendered inside this: with matplotlib's own defaults whatever the user has set,
    so that the bytes are always the same, and without a word on glyphs that no font has.
    """
    import matplotlib

    ours = {"svg.fonttype": "none", "svg.hashsalt": "palestra", "svg.id": None, "text.hinting": "none"}
    foreign = ("backend", "interactive", "toolbar", "webagg", "tk.", "timezone")
    settings: dict[Any, Any] = {
        name: value for name, value in matplotlib.rcParamsDefault.items() if not name.startswith(foreign)
    }
    with warnings.catch_warnings(), matplotlib.rc_context(settings | ours):
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support")
        warnings.filterwarnings("ignore", message="AutoDateLocator was unable")
        yield
