"""Ratings over time: battles cut into slices, and what is known after each of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from palestra.errors import DataError, UsageError, nearest
from palestra.ranking.counts import Counts
from palestra.ranking.elo import play
from palestra.ranking.leaderboard import rank_counts, rank_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from palestra.ranking.arrays import Floats, Ints
    from palestra.ranking.counts import Rows
    from palestra.ranking.rated import Ci, Method
    from palestra.records.rating import Leaderboard, Rating

Unit = Literal["hour", "day", "week", "month", "quarter", "year"]
_SECONDS: dict[str, int] = {"hour": 3600, "day": 86_400, "week": 604_800}
_MONTHS: dict[str, int] = {"month": 1, "quarter": 3, "year": 12}
_MONDAY = 4 * 86_400
"""Seconds from the epoch, a Thursday, to the first Monday."""
_EARLIEST, _LATEST = -62_135_596_800.0, 253_402_300_799.0
"""The years 1 to 9999, the ones that dates are written in."""
_RELATIVE = ("bradley-terry", "davidson", "rao-kupper")
"""Methods that know differences of ratings only."""
_UNTIMED = ("elo-average", "size-elo")
"""Methods that have no history."""
_WEAK = {"undefeated", "winless", "one_way"}
"""Flags of models whose Bradley-Terry rating rests on a prior."""
FEWEST, MOST = 6, 40
"""How many slices are aimed for where nobody says what they should be."""
EQUAL = 24
"""Slices with equally many battles, where no calendar unit gives that number."""


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """What was known of M models after each of S slices."""

    models: tuple[str, ...]
    """Sorted, (M,)."""
    ends: Floats
    """The last battle of each slice, epoch seconds, ascending, (S,)."""
    slices: str
    """A calendar unit, or how many equal slices were asked for."""
    rating: Floats
    """(S, M); NaN while the battles do not determine it."""
    low: Floats
    """Lower bound, (S, M); NaN where there is none."""
    high: Floats
    n_battles: Ints
    """Battles so far, (S, M)."""
    board: Leaderboard
    """Of all battles; its ratings are those of the last slice."""


def history(
    rows: Rows,
    times: Floats,
    *,
    slices: str | int | None = None,
    method: Method = "bradley-terry",
    anchor: Mapping[str, float] | None = None,
    k: float = 4.0,
    start: float = 1000.0,
    ci: Ci = "sandwich",
    rounds: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    cluster: str | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> History:
    """Rate all battles up to the end of each slice.

    `times`: epoch seconds of each row, (rows,). `slices`: a calendar unit (UTC, weeks from Monday), a
    number of slices with equally many battles, or None for the finest unit that makes 6 to 40 slices,
    else 24 equal ones. `cluster` says what the rows' clusters are; without, intervals take rows as
    independent. Elo takes the battles in order of time, equal times in the order of the rows.

    A model has a rating from the slice on in which it is connected to the anchor's part, or else to the
    largest part, by more than a weak prior. Bradley-Terry and its kin know differences only: with an
    anchor its rating is fixed at all times, and slices before its first battle have none; without, each
    slice is shifted so that its models, weighted by their battles so far, have the mean that they have in
    the end. So a model does not sink because a better one comes, and the last slice is the leaderboard.

    Raises:
        DataError: no rows, or a time that is no date of the calendar.
        UsageError: `slices` or a parameter of the rating makes no sense.
    """
    if not len(times):
        raise DataError("there is no battle with a time, so no history")
    if not np.all((times >= _EARLIEST) & (times <= _LATEST)):
        raise DataError("a time is no date", key="tstamp", hint="seconds since 1970, not milliseconds")
    if method in _UNTIMED:
        raise UsageError(f"{method} has no history", hint="use bradley-terry or elo")
    order = np.argsort(times, kind="stable")
    number, unit = _cut(times[order], slices)
    rows = _ordered(rows, order)
    told = {"parameters": {**(parameters or {}), "slices": unit}}
    if method == "elo":
        found, board = _played(rows, number, k, start, anchor, told)
    else:
        if cluster and rows.cluster is None:
            raise UsageError(f"the battles say nothing of a cluster {cluster!r}")
        rows = rows if cluster else replace(rows, cluster=None)
        how = {"ci": ci, "rounds": rounds, "level": level, "seed": seed, "cluster": cluster, "anchor": anchor}
        found, board = _fitted(rows, number, method, how, told)
    ends = times[order][np.append(np.flatnonzero(np.diff(number)), number.size - 1)]
    whole = _collected(rows.models, ends, unit, found, board)
    return _on_last_scale(whole) if method in _RELATIVE and not anchor else whole


def _cut(times: Floats, slices: str | int | None) -> tuple[Ints, str]:
    """The slice of each time, 0 and up, and what the slices are; the times ascend, none are empty."""
    if slices is None:
        for unit in get_args(Unit):
            number = _calendar(times, unit)
            if FEWEST <= number[-1] + 1 <= MOST and unit != "hour":
                return number, unit
        slices = EQUAL
    if isinstance(slices, str):
        if slices not in get_args(Unit):
            raise UsageError(f"unknown slices {slices!r}", hint=nearest(slices, get_args(Unit)))
        return _calendar(times, slices), slices
    if slices < 1:
        raise UsageError(f"battles are cut into at least 1 slice, not {slices}")
    first = np.searchsorted(times, times, side="left")
    return _numbered(first * slices // times.size), str(slices)


def _calendar(times: Floats, unit: str) -> Ints:
    if unit in _SECONDS:
        offset = _MONDAY if unit == "week" else 0
        return _numbered(np.floor((times - offset) / _SECONDS[unit]).astype(np.int64))
    months = np.floor(times).astype("datetime64[s]").astype("datetime64[M]").astype(np.int64)
    return _numbered(months // _MONTHS[unit])


def _numbered(labels: Ints) -> Ints:
    return np.asarray(np.unique(labels, return_inverse=True)[1], dtype=np.int64)


def _ordered(rows: Rows, order: Ints) -> Rows:
    return replace(
        rows,
        a=rows.a[order],
        b=rows.b[order],
        outcome=rows.outcome[order],
        share=rows.share[order],
        weight=rows.weight[order],
        n=rows.n[order],
        cluster=None if rows.cluster is None else rows.cluster[order],
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Slice:
    """What is known at the end of a slice of the models that fought until then, (K,) each."""

    models: tuple[str, ...]
    rating: Floats
    """NaN where it is not determined."""
    low: Floats
    high: Floats
    n_battles: Ints


def _fitted(
    rows: Rows, number: Ints, method: Method, how: Mapping[str, Any], told: Mapping[str, Any]
) -> tuple[list[_Slice], Leaderboard]:
    """Each slice by the same functions as any leaderboard; the anchor's absence leaves all unknown."""
    found: list[_Slice] = []
    past: list[Counts] = []
    anchor = how["anchor"] or {}
    for step in range(int(number[-1]) + 1):
        so_far = Counts.merge([*past, rows.take(number == step).counts()])
        past = [so_far]
        present = all(name in so_far.models for name in anchor) or step == number[-1]
        board = rank_counts(so_far, method=method, **(how if present else {**how, "anchor": None}), **told)
        home = next((row.component for row in board.ratings if row.model in anchor), 0)
        known = [present and _determined(row, method, home) for row in board.ratings]
        found.append(
            _Slice(
                tuple(row.model for row in board.ratings),
                _where(known, [row.rating for row in board.ratings]),
                _where(known, [row.ci_low for row in board.ratings]),
                _where(known, [row.ci_high for row in board.ratings]),
                np.array([row.n_battles for row in board.ratings], dtype=np.int64),
            )
        )
    return found, board


def _determined(row: Rating, method: Method, home: int) -> bool:
    if method not in _RELATIVE:
        return row.n_battles > 0
    return row.n_battles > 0 and row.component == home and not _WEAK & set(row.flags)


def _where(known: list[bool], values: list[float | None] | list[float]) -> Floats:
    """The values, NaN where they are None or not known."""
    return np.array(
        [np.nan if value is None or not yes else value for yes, value in zip(known, values, strict=True)],
        dtype=np.float64,
    )


def _played(
    rows: Rows,
    number: Ints,
    k: float,
    start: float,
    anchor: Mapping[str, float] | None,
    told: Mapping[str, Any],
) -> tuple[list[_Slice], Leaderboard]:
    """Elo, carried on from slice to slice."""
    board = rank_rows(rows, k=k, start=start, anchor=anchor, **told)  # first, as it looks at k and start
    home = next((row.component for row in board.ratings if row.model in (anchor or {})), 0)
    main = {row.model for row in board.ratings if row.component == home}
    member = np.array([name in main for name in rows.models], dtype=bool)
    rating = np.full(len(rows.models), float(start))
    n_battles = np.zeros(len(rows.models), dtype=np.int64)
    unknown = np.full(len(rows.models), np.nan)
    found = []
    for step in range(int(number[-1]) + 1):
        now = number == step
        play(rows.a[now], rows.b[now], rows.share[now], (rows.n * rows.weight)[now], rating, k)
        counted = now & (rows.a != rows.b) & (rows.weight > 0)
        for side in (rows.a, rows.b):
            np.add.at(n_battles, side[counted], rows.n[counted])
        shift = _anchor_shift(rows.models, rating, n_battles, anchor)
        known = np.where(member & (n_battles > 0), rating + shift, np.nan)
        found.append(_Slice(rows.models, known, unknown, unknown, n_battles.copy()))
    return found, board


def _anchor_shift(
    models: tuple[str, ...], rating: Floats, n_battles: Ints, anchor: Mapping[str, float] | None
) -> float:
    """What brings the anchor to its rating; NaN before its first battle."""
    for name, value in (anchor or {}).items():
        index = models.index(name)
        return value - float(rating[index]) if n_battles[index] else float("nan")
    return 0.0


def _collected(
    models: tuple[str, ...], ends: Floats, unit: str, found: list[_Slice], board: Leaderboard
) -> History:
    shape = (len(found), len(models))
    rating, low, high = (np.full(shape, np.nan) for _ in range(3))
    n_battles = np.zeros(shape, dtype=np.int64)
    column = {name: index for index, name in enumerate(models)}
    for step, part in enumerate(found):
        here = [column[name] for name in part.models]
        rating[step, here], low[step, here], high[step, here] = part.rating, part.low, part.high
        n_battles[step, here] = part.n_battles
    return History(models, ends, unit, rating, low, high, n_battles, board)


def _on_last_scale(found: History) -> History:
    """Each slice shifted so that its models, weighted by their battles so far, have the mean of the end."""
    both = ~np.isnan(found.rating) & ~np.isnan(found.rating[-1])
    weight = np.where(both, found.n_battles, 0)
    total = weight.sum(axis=1, keepdims=True)
    gap = np.where(both, found.rating[-1] - found.rating, 0.0)
    shift = (weight * gap).sum(axis=1, keepdims=True) / np.maximum(total, 1)
    return replace(found, rating=found.rating + shift, low=found.low + shift, high=found.high + shift)
