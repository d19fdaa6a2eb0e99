"""Leaderboards of categories, shrunk towards the board of all battles."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from palestra.errors import UsageError
from palestra.ranking.bradley_terry import PRIOR, Fit, fit
from palestra.ranking.caution import cautions
from palestra.ranking.clusters import quantile
from palestra.ranking.intervals import covariance, settled
from palestra.ranking.leaderboard import make_board
from palestra.ranking.pairs import Pairs, Records
from palestra.ranking.rated import Rated
from palestra.ranking.scale import MEAN, POINTS
from palestra.ranking.shrink import Shrunk, shrink
from palestra.records.rating import Interval

if TYPE_CHECKING:
    from collections.abc import Mapping

    from palestra.ranking.arrays import Floats, Ints
    from palestra.ranking.counts import Counts
    from palestra.ranking.rated import Wish
    from palestra.records.rating import Leaderboard


def check_shrinkable(wish: Wish) -> None:
    """Make sure that boards of categories can be shrunk as wished.

    Raises:
        UsageError: they cannot.
    """
    if wish.method != "bradley-terry":
        raise UsageError(
            f"ratings by {wish.method} cannot be shrunk",
            hint="leave that out, or use the method bradley-terry",
        )
    asked = {
        "bootstrap intervals": wish.ci == "bootstrap",
        "simultaneous intervals": wish.simultaneous,
        "details": wish.details,
    }
    for what in (what for what, wanted in asked.items() if wanted):
        raise UsageError(f"shrunk ratings have no {what}", hint="leave one of the two out")


@dataclass(frozen=True, slots=True, eq=False)
class Whole:
    """All battles of M models, fitted: what categories are shrunk towards."""

    models: tuple[str, ...]
    fitted: Fit
    spread: Floats
    """The covariance of the log-strengths, (M, M)."""
    shift: Floats
    """What the anchor adds to each rating, (M,)."""
    anchor: Mapping[str, float] | None
    wish: Wish

    @classmethod
    def of(cls, counts: Counts, board: Leaderboard, wish: Wish) -> Whole:
        """From all battles and the board made of them.

        Raises:
            UsageError: a wish that shrunk ratings do not have.
        """
        check_shrinkable(wish)
        pairs = Pairs.of(counts)
        fitted = fit(pairs)
        told = {row.model: row.rating for row in board.ratings}
        rating = np.array([told[name] for name in counts.models], dtype=np.float64)
        shift = rating - (MEAN + POINTS * fitted.theta)
        spread = covariance(settled(pairs, fitted), fitted)
        return cls(counts.models, fitted, spread, shift, board.anchor, wish)

    def board(self, counts: Counts, parameters: Mapping[str, Any] | None = None) -> Leaderboard:
        """The board of some of these battles: Bradley-Terry ratings, shrunk, on the scale of the whole.

        Models of different parts of these battles that met elsewhere can be compared. A model without a
        battle here is left out. `parameters` gets `tau`, how much models differ from the whole, in rating
        points (left out where these battles cannot tell), and `pull`, how far each model was pulled to the
        whole, from 0 to 1; those given are passed on.

        Intervals are the rating ± z (or, with clusters, Student's quantile) of the shrunk standard errors,
        see `shrink.Shrunk`; there is none where those are unknown.
        """
        idle = np.flatnonzero(Records.of(counts).n_battles == 0)
        counts = counts.drop(counts.models[model] for model in idle.tolist())
        position = {name: number for number, name in enumerate(self.models)}
        where = np.array([position[name] for name in counts.models], dtype=np.int64)
        pairs = Pairs.of(counts)
        own = fit(pairs)
        notes = cautions(counts, pairs, own)
        pairs = settled(pairs, own)
        found = shrink(
            self.fitted.theta[where],
            self.spread[np.ix_(where, where)],
            own.theta,
            covariance(pairs, own),
            component=own.component,
        )
        told: dict[str, Any] = {"mean": MEAN, "prior": PRIOR, "shrunk_towards": "all battles"}
        if np.isfinite(found.tau):
            told["tau"] = POINTS * found.tau
        told["pull"] = dict(zip(counts.models, found.pull.tolist(), strict=True))
        if counts.n_battles and not np.isfinite(found.tau):
            notes.append("these battles tell no two models apart: the ratings are those of all battles")
        rated = replace(self._rated(pairs, where, found), warnings=tuple(notes), parameters=told)
        board = make_board(counts, rated, self.wish, parameters=parameters)
        return replace(board, anchor=dict(self.anchor) if self.anchor else None)

    def _rated(self, pairs: Pairs, where: Ints, found: Shrunk) -> Rated:
        rating = MEAN + POINTS * found.theta + self.shift[where]
        reach = POINTS * quantile(pairs, self.wish.level) * found.standard_error
        bounded = self.wish.ci != "none"
        if not bounded:
            reach = np.full(reach.size, np.nan)
        kind = "sandwich" if bounded else "none"
        cluster = self.wish.cluster if bounded else None
        met = np.bincount(self.fitted.component, minlength=1)[self.fitted.component[where]] > 1
        return Rated(
            interval=Interval(kind, self.wish.level, cluster=cluster),
            rating=rating,
            component=_by_size(self.fitted.component[where]),
            low=rating - reach,
            high=rating + reach,
            weak=met & ~self.fitted.core[where],
        )


def _by_size(part: Ints) -> Ints:
    """The same parts, (M,), numbered from 0, the largest first."""
    names, number, sizes = np.unique(part, return_inverse=True, return_counts=True)
    rank = np.empty(names.size, dtype=np.int64)
    rank[np.lexsort((names, -sizes))] = np.arange(names.size)
    return np.asarray(rank[number])
