"""How wide a text is: the same on every machine, whatever fonts it has."""

from __future__ import annotations

import unicodedata
from pathlib import Path

FONT = "DejaVu Sans"
"""Comes with matplotlib, so that pictures are laid out alike everywhere."""
ELLIPSIS = "…"


class Ruler:
    """Measures and shortens text in `FONT`; sizes and widths in pixels."""

    def __init__(self) -> None:
        import matplotlib
        from matplotlib.ft2font import FT2Font, LoadFlags

        folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
        names = {False: "DejaVuSans.ttf", True: "DejaVuSans-Bold.ttf"}
        self._fonts = {bold: FT2Font(str(folder / name)) for bold, name in names.items()}
        self._known = {bold: font.get_charmap() for bold, font in self._fonts.items()}
        self._unscaled = LoadFlags.NO_SCALE
        self._advance: dict[tuple[str, bool], float] = {}

    def width(self, text: str, size: float, *, bold: bool = False) -> float:
        """The width of one line; where the font lacks a character, what it usually takes."""
        return size * sum(self._em(char, bold) for char in text)

    def lacks(self, text: str) -> bool:
        """Whether the font has no shape for some character."""
        return any(ord(char) not in self._known[False] for char in text)

    def fitted(self, text: str, size: float, most: float) -> str:
        """`text`, or as much of its beginning and end as fits into `most`."""
        if self.width(text, size) <= most:
            return text
        keep = len(text) - 1
        while keep > 1:
            head = (keep + 1) // 2
            short = text[:head].rstrip() + ELLIPSIS + text[len(text) - (keep - head) :].lstrip()
            if self.width(short, size) <= most:
                return short
            keep -= 1
        return ELLIPSIS

    def lines(self, text: str, size: float, most: float) -> list[str]:
        """`text` broken between words into lines of at most `most`; a longer word stands by itself."""
        found = [""]
        for word in text.split(" "):
            longer = f"{found[-1]} {word}" if found[-1] else word
            if found[-1] and self.width(longer, size) > most:
                found.append(self.fitted(word, size, most))
            else:
                found[-1] = self.fitted(longer, size, most) if longer == word else longer
        return found

    def _em(self, char: str, bold: bool) -> float:
        key = (char, bold)
        if key not in self._advance:
            self._advance[key] = self._measured(char, bold)
        return self._advance[key]

    def _measured(self, char: str, bold: bool) -> float:
        if ord(char) in self._known[bold]:
            font = self._fonts[bold]
            glyph = font.load_char(ord(char), self._unscaled)
            return float(glyph.horiAdvance) / font.units_per_EM
        if unicodedata.category(char) in ("Mn", "Me", "Cf"):
            return 0.0
        wide = unicodedata.east_asian_width(char) in "WF" or ord(char) > 0xFFFF
        return 1.2 if wide else 0.7
