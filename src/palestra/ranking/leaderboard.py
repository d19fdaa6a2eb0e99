"""Counts in, leaderboard out: every method, with intervals, rank ranges, flags and warnings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from palestra.errors import UsageError, nearest
from palestra.ranking import elo as sequential
from palestra.ranking import intervals
from palestra.ranking.bootstrap import Draws, bootstrap
from palestra.ranking.bradley_terry import PRIOR, Fit, components, fit
from palestra.ranking.pairs import Pairs, Records
from palestra.ranking.scale import BASE, MEAN, POINTS, SCALE
from palestra.ranking.table import Column, few, rank_within, rows_of
from palestra.ranking.win_rate import wilson, z_exact
from palestra.records.rating import Interval, Leaderboard

if TYPE_CHECKING:
    from collections.abc import Mapping

    from palestra.ranking.arrays import Bools, Floats, Ints
    from palestra.ranking.counts import Counts, Rows

Method = Literal["bradley-terry", "elo", "win-rate"]
Ci = Literal["sandwich", "bootstrap", "none"]


@dataclass(frozen=True, slots=True, eq=False)
class _Rated:
    """What a method has to say of M models."""

    method: Method
    interval: Interval
    rating: Floats
    low: Floats
    high: Floats
    component: Ints
    weak: Bools
    """Whose rating rests on the prior, (M,)."""
    warnings: tuple[str, ...] = ()
    scale: float = SCALE
    base: float = BASE


def rank_counts(
    counts: Counts,
    *,
    method: Method = "bradley-terry",
    ci: Ci = "sandwich",
    rounds: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    anchor: Mapping[str, float] | None = None,
    n_failed: int | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> Leaderboard:
    """The leaderboard of these battles by Bradley-Terry or win rate.

    `anchor` gives one model's rating; without it the mean of each connected part is 1000. `level` is
    the intervals' coverage. `rounds` and `seed` are for the bootstrap. With `win-rate` a rating is the
    win rate in percent and its interval Wilson's, unless `ci` is `none`. `n_failed` and `parameters`
    are passed on.

    Raises:
        UsageError: an unknown method, interval or anchor; a level, number of rounds or seed out of range.
    """
    check(method, ci, level)
    if method == "elo":
        raise UsageError("Elo depends on the order of the battles; use rank_rows")
    if method == "win-rate":
        rated = _win_rates(counts, ci, level)
        if anchor:
            raise UsageError("a win rate has no anchor", hint="leave it out, or use bradley-terry")
    else:
        rated = _bradley_terry(counts, ci, rounds, level, seed)
    given = {"mean": MEAN, "prior": PRIOR} if method == "bradley-terry" else {}
    return _board(counts, rated, anchor, n_failed, {**given, **(parameters or {})})


def rank_rows(
    rows: Rows,
    *,
    k: float = 4.0,
    start: float = 1000.0,
    anchor: Mapping[str, float] | None = None,
    n_failed: int | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> Leaderboard:
    """The leaderboard of these battles by sequential Elo, in the order they are in; without intervals.

    Raises:
        UsageError: `k` is not above 0, `start` is no number, or the anchor is unknown.
    """
    counts = rows.counts()
    rating = sequential.elo(rows, k=k, start=start)
    unknown = np.full(rating.size, np.nan)
    rated = _Rated(
        method="elo",
        interval=Interval("none", 0.95),
        rating=rating,
        low=unknown,
        high=unknown,
        component=components(Pairs.of(counts)),
        weak=np.zeros(rating.size, dtype=bool),
    )
    return _board(counts, rated, anchor, n_failed, {"k": k, "start": start, **(parameters or {})})


def check(method: str, ci: str, level: float) -> None:
    """Make sure that these make sense.

    Raises:
        UsageError: they do not.
    """
    _known("method", method, Method)
    _known("ci", ci, Ci)
    z_exact(level)


def _known(what: str, value: str, choices: Any) -> None:
    if value not in get_args(choices):
        raise UsageError(f"unknown {what} {value!r}", hint=nearest(str(value), get_args(choices)))


def _win_rates(counts: Counts, ci: Ci, level: float) -> _Rated:
    records = Records.of(counts)
    rate = records.win_rate
    low, high = wilson(rate, records.effective_n, level)
    if ci == "none":
        low, high = np.full(rate.size, np.nan), np.full(rate.size, np.nan)
    return _Rated(
        method="win-rate",
        interval=Interval("none" if ci == "none" else "wilson", level),
        rating=100.0 * np.where(np.isnan(rate), 0.5, rate),
        low=100.0 * low,
        high=100.0 * high,
        component=components(Pairs.of(counts)),
        weak=np.zeros(rate.size, dtype=bool),
        scale=100.0,
        base=1.0,
    )


def _bradley_terry(counts: Counts, ci: Ci, rounds: int, level: float, seed: int) -> _Rated:
    pairs = Pairs.of(counts)
    fitted = fit(pairs)
    low = high = np.full(pairs.n_models, np.nan)
    warnings: list[str] = []
    if ci == "sandwich":
        half = z_exact(level) * intervals.sandwich(pairs, fitted)
        low, high = fitted.theta - half, fitted.theta + half
    elif ci == "bootstrap":
        draws = bootstrap(pairs, fitted, rounds=rounds, seed=seed)
        low, high = draws.bounds(level)
        warnings += _lost_in_resamples(counts, fitted, draws)
    resampled = ci == "bootstrap"
    return _Rated(
        method="bradley-terry",
        interval=Interval(ci, level, rounds if resampled else None, seed if resampled else None),
        rating=MEAN + POINTS * fitted.theta,
        low=MEAN + POINTS * low,
        high=MEAN + POINTS * high,
        component=fitted.component,
        weak=_weak(fitted),
        warnings=(*warnings, *_unvaried(counts, fitted, low, ci)),
    )


def _weak(fitted: Fit) -> Bools:
    weak = np.zeros(fitted.core.size, dtype=bool)
    for part in fitted.parts:
        weak[part.nodes] = ~part.core
    return weak


def _lost_in_resamples(counts: Counts, fitted: Fit, draws: Draws) -> list[str]:
    rounds, lost = len(draws.theta), draws.unidentified
    some = [
        f"{counts.models[model]} in {lost[model]}"
        for model in np.flatnonzero(fitted.core & (lost > 0)).tolist()
    ]
    if not some:
        return []
    return [
        f"some of the {rounds} resamples do not determine every rating ({few(some)}); the interval is over "
        "those that do, and there is none where they are less than half"
    ]


def _unvaried(counts: Counts, fitted: Fit, low: Floats, ci: Ci) -> list[str]:
    """A warning for parts without any interval although their strengths are determined."""
    flat = [
        [counts.models[node] for node in part.nodes.tolist()]
        for part in fitted.parts
        if part.core.any() and np.isnan(low[part.nodes]).all()
    ]
    return [
        f"every battle among {few(names)} ended exactly as expected, such as all in ties: there is no "
        "variation to make an interval from"
        for names in flat
        if ci != "none"
    ]


def _board(
    counts: Counts,
    rated: _Rated,
    anchor: Mapping[str, float] | None,
    n_failed: int | None,
    parameters: dict[str, Any],
) -> Leaderboard:
    shift = _anchor_shift(counts.models, rated, anchor)
    names = np.array(counts.models, dtype=object)
    order, rank, rank_low, rank_high = rank_within(
        rated.component,
        rated.rating + shift,
        rated.low + shift,
        rated.high + shift,
        bounded=rated.interval.kind != "none",
    )
    column = Column(
        rating=rated.rating + shift,
        low=rated.low + shift,
        high=rated.high + shift,
        rank=rank,
        rank_low=rank_low,
        rank_high=rank_high,
        component=rated.component,
        weak=rated.weak,
    )
    ratings = rows_of(counts.models, Records.of(counts), column, order)
    groups = range(int(rated.component.max(initial=-1)) + 1)
    parts = [names[rated.component == number].tolist() for number in groups]
    weak = [counts.models[model] for model in order.tolist() if rated.weak[model]]
    return Leaderboard(
        method=rated.method,
        scale=rated.scale,
        base=rated.base,
        anchor=dict(anchor) if anchor else None,
        interval=rated.interval,
        n_battles=counts.n_battles,
        n_failed=n_failed,
        components=parts,
        warnings=[*_warnings(counts, parts, weak, anchor), *rated.warnings],
        ratings=ratings,
        parameters=parameters,
    )


def _anchor_shift(models: tuple[str, ...], rated: _Rated, anchor: Mapping[str, float] | None) -> Floats:
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
