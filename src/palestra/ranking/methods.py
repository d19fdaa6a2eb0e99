"""The rating methods, each with its intervals: counts or rows in, `Rated` out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from palestra.errors import UsageError
from palestra.ranking import elo, ties
from palestra.ranking.bradley_terry import components
from palestra.ranking.pairs import Pairs, Records
from palestra.ranking.rated import Rated, unbounded
from palestra.ranking.scale import MEAN, POINTS
from palestra.ranking.size_elo import gladiator_score, size_elo, size_of
from palestra.ranking.strengths import bradley_terry, with_errors
from palestra.ranking.win_rate import wilson
from palestra.records.rating import Interval

if TYPE_CHECKING:
    from palestra.ranking.counts import Counts, Rows
    from palestra.ranking.rated import Wish
    from palestra.ranking.ties import TieFit


def of_counts(counts: Counts, wish: Wish) -> Rated:
    """By a method that needs no order."""
    if wish.method == "win-rate":
        return _win_rates(counts, wish)
    if wish.method == "gladiator":
        return _gladiator(counts)
    if wish.method == "davidson":
        return _with_ties(counts, ties.davidson(counts), wish)
    if wish.method == "rao-kupper":
        return _with_ties(counts, ties.rao_kupper(counts), wish)
    return bradley_terry(counts, wish)


def of_rows(rows: Rows, counts: Counts, wish: Wish) -> Rated:
    """By a kind of Elo; `counts` are those of the rows. None has intervals."""
    interval, component = Interval("none", wish.level), components(Pairs.of(counts))
    parameters: dict[str, Any] = {"k": wish.k, "start": wish.start}
    if wish.method == "size-elo":
        known = [wish.sizes.get(name) or size_of(name) or np.nan for name in rows.models]
        rating = size_elo(rows, np.array(known, dtype=np.float64))
        parameters = {"sizes_b": dict(zip(rows.models, known, strict=True))}
    elif wish.method == "elo":
        rating = elo.elo(rows, k=wish.k, start=wish.start)
    else:
        rating, spread = elo.elo_over_orders(
            rows, k=wish.k, start=wish.start, orders=wish.orders, seed=wish.seed
        )
        spreads = dict(zip(rows.models, spread.tolist(), strict=True))
        parameters |= {"orders": wish.orders, "seed": wish.seed, "spread": spreads}
    return Rated(
        interval=interval,
        rating=rating,
        component=component,
        parameters=parameters,
        has_anchor=wish.method != "size-elo",
        **unbounded(len(rows.models)),
    )


def _win_rates(counts: Counts, wish: Wish) -> Rated:
    records = Records.of(counts)
    rate = records.win_rate
    low, high = wilson(rate, records.effective_n, wish.level)
    bounded = wish.ci != "none"
    unknown = np.full(rate.size, np.nan)
    return Rated(
        interval=Interval("wilson" if bounded else "none", wish.level),
        rating=100.0 * np.where(np.isnan(rate), 0.5, rate),
        low=100.0 * low if bounded else unknown,
        high=100.0 * high if bounded else unknown,
        component=components(Pairs.of(counts)),
        weak=np.zeros(rate.size, dtype=bool),
        scale=100.0,
        base=1.0,
        has_anchor=False,
    )


def _gladiator(counts: Counts) -> Rated:
    """One board for all, however they met: the score is of a model alone."""
    records = Records.of(counts)
    score = gladiator_score(records.wins, records.weight)
    return Rated(
        interval=Interval("none", 0.95),
        rating=score,
        component=np.zeros(score.size, dtype=np.int64),
        scale=1.0,
        base=1.0,
        has_anchor=False,
        **unbounded(score.size),
    )


def _with_ties(counts: Counts, fitted: TieFit, wish: Wish) -> Rated:
    if wish.ci == "bootstrap" or counts.cluster is not None:
        what = "bootstrap" if wish.ci == "bootstrap" else "clustered"
        raise UsageError(
            f"there are no {what} intervals of {wish.method}",
            hint="use --ci sandwich without --cluster, or the method bradley-terry",
        )
    found: dict[str, float] = {}
    for name, each in fitted.parameters.items():
        for part, (value, error) in enumerate(zip(each.value.tolist(), each.error.tolist(), strict=True)):
            if not np.isnan(value):
                where = name if len(each.value) == 1 else f"{name} of part {part + 1}"
                found[where] = value
                if not np.isnan(error):
                    found[f"{where} standard error"] = error
    met = np.bincount(fitted.component, minlength=1)[fitted.component] > 1
    rated = Rated(
        interval=Interval("none", wish.level),
        rating=MEAN + POINTS * fitted.theta,
        component=fitted.component,
        parameters={"mean": MEAN, **found},
        **unbounded(fitted.theta.size, weak=met & ~fitted.core),
    )
    return with_errors(rated, fitted.theta, fitted.covariance, wish)
