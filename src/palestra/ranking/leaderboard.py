"""Counts or rows in, leaderboard out: every method, with intervals, rank ranges, flags and warnings."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from palestra.errors import UsageError, nearest
from palestra.ranking import methods
from palestra.ranking.pairs import Records
from palestra.ranking.rated import Ci, Method, Ordered, Rated, Wish
from palestra.ranking.table import Column, few, rank_within, rows_of
from palestra.ranking.win_rate import z_exact
from palestra.records.rating import Leaderboard

if TYPE_CHECKING:
    from collections.abc import Mapping

    from palestra.ranking.arrays import Floats, Ints
    from palestra.ranking.counts import Counts, Rows


def rank_counts(
    counts: Counts,
    *,
    anchor: Mapping[str, float] | None = None,
    n_failed: int | None = None,
    parameters: Mapping[str, Any] | None = None,
    **wishes: Any,
) -> Leaderboard:
    """The leaderboard of these battles by a method that needs no order.

    `anchor` gives one model's rating; without it the mean of each connected part is 1000. `wishes` are the
    fields of `rated.Wish`. With `win-rate` a rating is the win rate in percent and its interval Wilson's,
    unless `ci` is `none`. `n_failed` and `parameters` are passed on.

    Raises:
        UsageError: an unknown method, interval or anchor; a level, number of rounds or seed out of range.
    """
    wish = wish_of(**wishes)
    if wish.method in Ordered:
        raise UsageError(f"{wish.method} needs the battles one by one; use rank_rows")
    return make_board(counts, methods.of_counts(counts, wish), wish, anchor, n_failed, parameters)


def rank_rows(
    rows: Rows,
    *,
    anchor: Mapping[str, float] | None = None,
    n_failed: int | None = None,
    parameters: Mapping[str, Any] | None = None,
    **wishes: Any,
) -> Leaderboard:
    """The leaderboard of these battles by a kind of Elo, in the order they are in; without intervals.

    Raises:
        UsageError: `k` is not above 0, `start` is no number, or the anchor is unknown.
    """
    wish = wish_of(**{"method": "elo", **wishes})
    counts = rows.counts()
    return make_board(counts, methods.of_rows(rows, counts, wish), wish, anchor, n_failed, parameters)


def wish_of(**wishes: Any) -> Wish:
    """How to rate, checked.

    Raises:
        UsageError: a wish that is not known, or makes no sense.
    """
    known = [field.name for field in fields(Wish)]
    for name in wishes:
        if name not in known:
            raise UsageError(f"unknown option {name!r}", hint=nearest(name, known))
    wish = Wish(**wishes)
    for what, value, choices in (("method", wish.method, Method), ("ci", wish.ci, Ci)):
        if value not in get_args(choices):
            raise UsageError(f"unknown {what} {value!r}", hint=nearest(str(value), get_args(choices)))
    z_exact(wish.level)
    if wish.seed < 0:
        raise UsageError(f"a seed is 0 or more, not {wish.seed}")
    return wish


def make_board(
    counts: Counts,
    rated: Rated,
    wish: Wish,
    anchor: Mapping[str, float] | None = None,
    n_failed: int | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> Leaderboard:
    """Ratings as a leaderboard: ordered, ranked, flagged.

    Raises:
        UsageError: the anchor is unknown, or the method has none.
    """
    if anchor and not rated.has_anchor:
        raise UsageError(f"{wish.method} has no anchor", hint="leave it out, or use bradley-terry")
    shift = _anchor_shift(counts.models, rated, anchor)
    column = Column(
        rating=rated.rating + shift,
        low=rated.low + shift,
        high=rated.high + shift,
        component=rated.component,
        weak=rated.weak,
    )
    ranks = rank_within(
        column.component, column.rating, column.low, column.high, bounded=rated.interval.kind != "none"
    )
    names = np.array(counts.models, dtype=object)
    groups = range(int(rated.component.max(initial=-1)) + 1)
    parts = [names[rated.component == number].tolist() for number in groups]
    weak = [counts.models[model] for model in ranks.order.tolist() if rated.weak[model]]
    return Leaderboard(
        method=wish.method,
        scale=rated.scale,
        base=rated.base,
        anchor=dict(anchor) if anchor else None,
        interval=rated.interval,
        n_battles=counts.n_battles,
        n_failed=n_failed,
        components=parts,
        warnings=[*_warnings(counts, parts, weak, anchor), *rated.warnings],
        ratings=rows_of(counts.models, Records.of(counts), column, ranks),
        parameters={**rated.parameters, **(parameters or {})},
        better=_listed(rated.better, ranks.order, both=True),
        rank_probabilities=_listed(rated.rank_chance, ranks.order, both=False),
    )


def _listed(table: Floats | None, order: Ints, *, both: bool) -> list[list[float | None]] | None:
    if table is None:
        return None
    ordered = table[order][:, order] if both else table[order]
    return [[None if np.isnan(x) else x for x in row] for row in ordered.tolist()]


def _anchor_shift(models: tuple[str, ...], rated: Rated, anchor: Mapping[str, float] | None) -> Floats:
    """What to add to each rating so that the anchor has its own, (M,); nothing in other parts."""
    shift = np.zeros(len(models))
    if not anchor:
        return shift
    if len(anchor) != 1:
        raise UsageError("give exactly one model as the anchor, with its rating")
    ((name, value),) = anchor.items()
    if name not in models:
        raise UsageError(f"the anchor {name!r} is in no battle", hint=nearest(name, models))
    if not np.isfinite(value):
        raise UsageError(f"the anchor's rating must be a number, not {value!r}")
    index = models.index(name)
    shift[rated.component == rated.component[index]] = value - rated.rating[index]
    return shift


def _warnings(
    counts: Counts, parts: list[list[str]], weak: list[str], anchor: Mapping[str, float] | None
) -> list[str]:
    found = []
    if counts.n_battles == 0:
        found.append("there are no battles")
    elif len(parts) > 1:
        listed = "; ".join(few(part) for part in parts[:5]) + ("; …" if len(parts) > 5 else "")
        scale = " Only the anchor's part is on its scale." if anchor else ""
        found.append(
            f"the models fall into {len(parts)} parts that never met each other ({listed}): each is ranked "
            f"by itself, and ratings of different parts cannot be compared.{scale}"
        )
    if weak:
        found.append(
            f"no finite rating fits the battles of {few(weak)} (they only won, or only lost, against the "
            "rest); theirs rests on a weak prior"
        )
    if counts.n_self:
        found.append(f"{counts.n_self} battles of a model against itself were left out")
    if counts.n_weightless:
        found.append(f"{counts.n_weightless} battles of weight 0 were left out")
    return found
