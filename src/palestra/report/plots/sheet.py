"""A sheet to draw on, in pixels from the top left corner."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from palestra.report.plots.ruler import FONT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from palestra.report.plots.ruler import Ruler
    from palestra.report.plots.theme import Theme

Align = Literal["left", "center", "right"]
Shape = Literal["o", "^", "v", "D", "s", "x"]
Box = tuple[float, float, float, float]
"""Left, top, width, height."""

CAP = 0.365
"""Half the height of a capital letter of `FONT`, per size."""

PLACES = 2
"""Decimals of a place: the last digits of a rating, which differ between machines, move nothing."""
_NOT_XML = re.compile("[\ufffe\uffff]")


def literal(text: str) -> str:
    """`text` without the two characters that XML cannot hold."""
    return _NOT_XML.sub("\ufffd", text)


class Sheet:
    """What is drawn later lies above what was drawn before."""

    def __init__(self, width: float, height: float, theme: Theme, ruler: Ruler) -> None:
        from matplotlib.figure import Figure
        from matplotlib.transforms import Affine2D

        self.width = width
        self.height = height
        self.theme = theme
        self.exotic: list[Any] = []
        """Pieces of text with characters that `FONT` lacks."""
        self._ruler = ruler
        self.figure = Figure(figsize=(width / 72, height / 72), dpi=72, facecolor=theme.paper, frameon=True)
        to_inches = Affine2D().scale(1 / 72, -1 / 72).translate(0, height / 72)
        self._place = to_inches + self.figure.dpi_scale_trans
        self._level = 0.0
        self._window: Any = None

    def _common(self) -> dict[str, Any]:
        self._level += 1
        return {"transform": self._place, "zorder": self._level}

    @contextmanager
    def within(self, box: Box) -> Iterator[None]:
        """Of the lines and polygons drawn meanwhile only what is inside `box` can be seen."""
        from matplotlib.transforms import Bbox, TransformedBbox

        left, top, width, height = box
        self._window = TransformedBbox(Bbox([[left, top], [left + width, top + height]]), self._place)
        yield
        self._window = None

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float,
        color: str | None = None,
        align: Align = "left",
        bold: bool = False,
    ) -> None:
        """One line of literal text whose capitals are centred on `y`."""
        text = literal(text)
        if not text.strip():
            return
        artist = self.figure.text(
            round(x, PLACES),
            round(y + CAP * size, PLACES),
            text,
            fontfamily=FONT,
            fontsize=size,
            fontweight="bold" if bold else "normal",
            color=color or self.theme.ink,
            horizontalalignment=align,
            verticalalignment="baseline",
            rotation_mode="anchor",
            parse_math=False,
            usetex=False,
            **self._common(),
        )
        if self._ruler.lacks(text):
            self.exotic.append(artist)

    def line(
        self,
        points: Sequence[tuple[float, float]],
        color: str,
        *,
        width: float = 1.0,
        alpha: float = 1.0,
        dashes: tuple[float, float] | None = None,
    ) -> None:
        """A line through `points`, (x, y) each."""
        from matplotlib.lines import Line2D

        line = Line2D(
            [round(x, PLACES) for x, _ in points],
            [round(y, PLACES) for _, y in points],
            color=color,
            linewidth=width,
            alpha=alpha,
            solid_capstyle="butt",
            dash_capstyle="butt",
            solid_joinstyle="round",
            marker="",
            linestyle="-" if dashes is None else (0, dashes),
            clip_box=self._window,
            **self._common(),
        )
        self.figure.add_artist(line)

    def marker(self, x: float, y: float, shape: Shape, size: float, color: str, *, hollow: bool) -> None:
        """A mark `size` wide, filled or with the paper showing through."""
        from matplotlib.lines import Line2D

        mark = Line2D(
            [round(x, PLACES)],
            [round(y, PLACES)],
            linestyle="none",
            marker=shape,
            markersize=size,
            markeredgewidth=1.5,
            markeredgecolor=color,
            markerfacecolor=self.theme.paper if hollow else color,
            **self._common(),
        )
        self.figure.add_artist(mark)

    def polygon(self, points: Sequence[tuple[float, float]], color: str, *, alpha: float = 1.0) -> None:
        """A filled polygon."""
        from matplotlib.patches import Polygon

        patch = Polygon(
            [(round(x, PLACES), round(y, PLACES)) for x, y in points],
            closed=True,
            facecolor=color,
            alpha=alpha,
            linewidth=0,
            clip_box=self._window,
            **self._common(),
        )
        self.figure.add_artist(patch)

    def boxes(self, boxes: Iterable[Box], color: str, *, alpha: float = 1.0) -> None:
        """Filled rectangles with sharp edges, as one path."""
        from matplotlib.patches import PathPatch
        from matplotlib.path import Path

        vertices: list[tuple[float, float]] = []
        codes: list[int] = []
        for x, y, width, height in boxes:
            left, right = round(x, PLACES), round(x + width, PLACES)
            top, bottom = round(y, PLACES), round(y + height, PLACES)
            vertices += [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
            codes += [int(Path.MOVETO), *[int(Path.LINETO)] * 3, int(Path.CLOSEPOLY)]
        if not vertices:
            return
        patch = PathPatch(
            Path(vertices, codes),
            facecolor=color,
            alpha=alpha,
            linewidth=0,
            antialiased=False,
            **self._common(),
        )
        self.figure.add_artist(patch)
