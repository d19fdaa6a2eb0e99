"""The colours of pictures: those of the HTML report, so that both can stand on one page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

ThemeName = Literal["light", "dark"]


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours as `#rrggbb`."""

    paper: str
    sunken: str
    """A wash behind every second row."""
    line: str
    ink: str
    soft: str
    """Of what is read second."""
    main: str
    """Of ratings."""
    bar: str
    """Of intervals."""
    faint: str
    """Of the intervals of flagged models."""
    stops: tuple[str, ...]
    """From a sure loss over even odds (the middle one) to a sure win. Orange and teal are told apart
    by people with any common colour blindness, and differ in lightness from the middle."""
    lines: tuple[str, ...]
    """Of curves that cross, told apart by lightness, too."""


LIGHT = Theme(
    paper="#ffffff",
    sunken="#f4f6f8",
    line="#dfe4e9",
    ink="#15191e",
    soft="#57616c",
    main="#0e6577",
    bar="#93bac3",
    faint="#cfdfe3",
    stops=("#8f420c", "#dd9559", "#e6e9eb", "#6fb2c1", "#0b5869"),
    lines=("#0e6577", "#c4651b", "#6a4c93", "#3f8f4f", "#b23a60", "#8a7a1c", "#2f6fc0", "#5c646d"),
)
DARK = Theme(
    paper="#101418",
    sunken="#161b21",
    line="#2a323a",
    ink="#e6eaee",
    soft="#9ca8b3",
    main="#6cc5d8",
    bar="#3a6974",
    faint="#243b43",
    stops=("#f2ab78", "#97592b", "#2a323a", "#2c7485", "#7fd4e6"),
    lines=("#6cc5d8", "#eba06a", "#b79be0", "#85c98f", "#ec8fae", "#d3c25c", "#86b4f0", "#aab3bc"),
)


def theme_of(name: ThemeName) -> Theme:
    """The theme of this name."""
    return {"light": LIGHT, "dark": DARK}[name]


def shade(theme: Theme, share: float) -> str:
    """The colour of a share of the win in [0, 1], rounded to whole per cents."""
    place = round(100 * min(1.0, max(0.0, share))) / 100 * (len(theme.stops) - 1)
    channels = np.array([_rgb(stop) for stop in theme.stops], dtype=np.float64)
    positions = np.arange(len(theme.stops))
    mixed = [np.interp(place, positions, channels[:, channel]) for channel in range(3)]
    return "#" + "".join(f"{round(float(value)):02x}" for value in mixed)


def readable_on(colour: str) -> str:
    """Black or white, whichever stands out more from `colour`; one of them has a contrast above 4.5."""
    return max(("#000000", "#ffffff"), key=lambda text: contrast(text, colour))


def contrast(one: str, other: str) -> float:
    """WCAG 2.2's contrast ratio of two colours, from 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    parts = [value / 255 for value in _rgb(colour)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
