"""Pictures for tests: boards of any size, and what can be read in an SVG."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from palestra.ranking.counts import Counts
from palestra.report.plots.picture import isolated
from palestra.report.plots.ruler import Ruler

if TYPE_CHECKING:
    from collections.abc import Callable

    from palestra.report.plots.picture import Format, Picture

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = [
    "$x^2$ \\frac{1}{2}",
    "<b>bold</b> & </text><script>",
    "emoji 😀👩‍🚀 中文 مرحبا",
    "comma, \"double\" 'single'",
    "l" + "o" * 58 + "g",
    "null",
    "NaN",
    "UPPER",
    "upper",
    "new\nline \x1b[31m\u202e",
    "\uffff\ufffe",
    " spaces ",
]


def counts(models: int, battles: int, seed: int = 0, names: list[str] | None = None) -> Counts:
    """Battles of models that differ."""
    rng = np.random.default_rng(seed)
    known = names or [f"model-{'x' * (number % 23)}-{number}" for number in range(models)]
    strength = rng.normal(0, 1, models)
    a = rng.integers(0, models, battles)
    b = (a + rng.integers(1, models, battles)) % models
    wins = rng.random(battles) < 1 / (1 + np.exp(strength[b] - strength[a]))
    return Counts.from_codes(known, a, b, np.where(rng.random(battles) < 0.2, 2, np.where(wins, 0, 1)))


def rendered(draw: Callable[[], Picture], kind: Format = "svg") -> bytes:
    """The picture's file."""
    with isolated():
        return draw().data(kind)


@dataclass(frozen=True)
class Text:
    """A piece of text in an SVG and the box around its letters."""

    text: str
    left: float
    right: float
    top: float
    bottom: float

    def overlaps(self, other: Text) -> bool:
        """Whether the letters of one stand on those of the other."""
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        return across > 0.5 and down > 0.5


def texts(svg: bytes) -> list[Text]:
    """All text, from capitals' tops to the baseline, as wide as the font that all was measured in."""
    ruler = Ruler()
    found = []
    for element in ET.fromstring(svg).iter(f"{SVG}text"):
        style = element.attrib["style"]
        size = float(re.findall(r"font-size: ([\d.]+)px", style)[0])
        text = element.text or ""
        width = ruler.width(text, size, bold="font-weight: 700" in style)
        x, y = float(element.attrib["x"]), float(element.attrib["y"])
        shift = {"start": 0.0, "middle": width / 2, "end": width}[re.findall(r"text-anchor: (\w+)", style)[0]]
        found.append(Text(text, x - shift, x - shift + width, y - 0.73 * size, y))
    return found


def size(svg: bytes) -> tuple[float, float]:
    """Width and height."""
    root = ET.fromstring(svg)
    return float(root.attrib["width"]), float(root.attrib["height"])


def assert_tidy(svg: bytes) -> None:
    """No text on another, none outside the picture."""
    found = sorted(texts(svg), key=lambda text: text.top)
    width, height = size(svg)
    for number, text in enumerate(found):
        assert text.left >= 0, text
        assert text.right <= width, text
        assert text.top >= 0, text
        assert text.bottom <= height, text
        for other in found[number + 1 :]:
            if other.top >= text.bottom:
                break
            assert not text.overlaps(other), (text, other)
