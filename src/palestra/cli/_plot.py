"""What `palestra plot` draws: from its options to ratings, and on to a picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from palestra.errors import UsageError
from palestra.report.plots.theme import theme_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from palestra.ranking.counts import Counts
    from palestra.records.rating import Leaderboard
    from palestra.report.plots.picture import Picture

    Drawing = tuple[Callable[[], Picture], Sequence[str]]
    """What draws the picture, and warnings about its numbers."""


@dataclass(frozen=True, slots=True)
class Battles:
    """What to read, and how to rate it."""

    files: list[str]
    filter: str | None
    labels: Literal["hard", "soft"] | None
    how: dict[str, Any]
    """Method, intervals and their settings, Elo's settings, anchor."""

    @property
    def selection(self) -> dict[str, Any]:
        """`filter` and `labels`, where given."""
        told = {"filter": self.filter, "labels": self.labels}
        return {name: value for name, value in told.items() if value is not None}

    def board(self) -> Leaderboard | None:
        """The leaderboard.json that was given in place of battles."""
        from palestra.report.read import open_board

        alone = len(self.files) == 1 and self.files[0] != "-"
        return open_board(Path(self.files[0])) if alone else None

    def need_battles(self) -> None:
        """Make sure that there are battles.

        Raises:
            UsageError: a leaderboard.json was given.
        """
        if self.board() is not None:
            raise UsageError(
                "a leaderboard does not tell the battles", path=self.files[0], hint="give the battles"
            )


@dataclass(frozen=True, slots=True)
class Look:
    """How it shall look."""

    theme: Literal["light", "dark"]
    width: int | None
    top: int | None

    def options(self) -> dict[str, Any]:
        """As the drawing functions take it."""
        return {"theme": theme_of(self.theme), "width": self.width, "top": self.top}


def intervals(what: Battles, look: Look, given: list[str]) -> Drawing:
    """A board of battles, or of a leaderboard.json; `given` are the options of rating that the user set."""
    from palestra.interchange.rank import rank
    from palestra.report.plots.intervals import draw_intervals

    board = what.board()
    if board is None:
        board = rank(what.files, **what.how, **what.selection)
    elif given:
        raise UsageError(
            "a leaderboard.json is drawn as it is",
            key=f"--{given[0]}",
            hint="give the battles to rate them anew",
        )
    found = board
    return lambda: draw_intervals(found, **look.options()), found.warnings


def matrix(what: Battles, look: Look) -> Drawing:
    """Who beats whom."""
    from palestra.report.plots.matrix import draw_matrix

    what.need_battles()
    board, counts = _rated(what)
    return lambda: draw_matrix(board, counts, **look.options()), board.warnings


def _rated(what: Battles) -> tuple[Leaderboard, Counts]:
    """Board and counts of one reading; no intervals, as a matrix shows none."""
    from palestra.interchange.counts import count_battles, order_battles
    from palestra.ranking.leaderboard import rank_counts, rank_rows, wish_of
    from palestra.ranking.rated import Ordered

    wishes = {name: value for name, value in what.how.items() if name != "anchor"} | {"ci": "none"}
    wish_of(**wishes)
    told = {"parameters": what.selection, "anchor": what.how["anchor"]}
    if what.how["method"] in Ordered:
        ordered = order_battles(what.files, **what.selection)
        board = rank_rows(ordered.battles, n_failed=ordered.n_failed, **told, **wishes)
        return board, ordered.battles.counts()
    counted = count_battles(what.files, **what.selection)
    board = rank_counts(counted.battles, n_failed=counted.n_failed, **told, **wishes)
    return board, counted.battles


def history(what: Battles, look: Look, slices: str | None) -> Drawing:
    """Ratings over time."""
    from palestra.analysis.history import history as rated
    from palestra.interchange.timed import time_battles
    from palestra.report.plots.history import draw_history

    what.need_battles()
    battles = time_battles(what.files, **what.selection)
    cut = int(slices) if slices is not None and slices.isdecimal() else slices
    found = rated(battles.rows, battles.times, slices=cut, parameters=what.selection, **what.how)
    return lambda: draw_history(found, n_untimed=battles.n_untimed, **look.options()), found.board.warnings
