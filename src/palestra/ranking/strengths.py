"""Bradley-Terry with each kind of interval, and intervals from any strengths with a covariance."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from palestra.ranking import clusters, intervals, uncertainty
from palestra.ranking.bootstrap import Draws, bootstrap
from palestra.ranking.bradley_terry import PRIOR, Fit, fit
from palestra.ranking.caution import cautions, of_few_prompts
from palestra.ranking.pairs import Pairs
from palestra.ranking.rated import Rated, unbounded
from palestra.ranking.scale import MEAN, POINTS
from palestra.ranking.table import few
from palestra.ranking.win_rate import z_exact
from palestra.records.rating import Interval

if TYPE_CHECKING:
    from palestra.ranking.arrays import Bools, Floats
    from palestra.ranking.counts import Counts
    from palestra.ranking.rated import Wish


def bradley_terry(counts: Counts, wish: Wish) -> Rated:
    """Ratings by Bradley-Terry, mean 1000."""
    pairs = Pairs.of(counts)
    fitted = fit(pairs)
    rated = Rated(
        interval=Interval("none", wish.level),
        rating=MEAN + POINTS * fitted.theta,
        component=fitted.component,
        warnings=tuple(cautions(counts, pairs, fitted)),
        parameters={"mean": MEAN, "prior": PRIOR},
        **unbounded(pairs.n_models, weak=_weak(fitted)),
    )
    if wish.ci != "none":
        rated = replace(rated, warnings=(*rated.warnings, *of_few_prompts(counts.models, pairs)))
        pairs = intervals.settled(pairs, fitted)
    if wish.ci == "bootstrap":
        draws = bootstrap(pairs, fitted, rounds=wish.rounds, seed=wish.seed)
        rated = _with_draws(rated, fitted.theta, draws, wish)
        rated = replace(rated, warnings=(*rated.warnings, *_lost_in_resamples(counts, fitted, draws)))
    elif wish.ci == "sandwich" and (wish.simultaneous or wish.details):
        spread = intervals.covariance(pairs, fitted)
        rated = with_errors(rated, fitted.theta, spread, wish, clusters.quantile(pairs, wish.level))
    elif wish.ci == "sandwich":
        half = clusters.quantile(pairs, wish.level) * intervals.sandwich(pairs, fitted)
        rated = _bounded(rated, fitted.theta, half, Interval("sandwich", wish.level, cluster=wish.cluster))
    unvaried = _unvaried(counts, fitted, rated.low) if wish.ci != "none" else []
    return replace(rated, warnings=(*rated.warnings, *unvaried))


def with_errors(
    rated: Rated, theta: Floats, covariance: Floats, wish: Wish, quantile: float | None = None
) -> Rated:
    """The same with intervals from a covariance of the strengths, (M, M), `quantile` standard errors to
    both sides: the normal law's unless given.
    """
    if wish.ci == "none":
        return rated
    error = np.sqrt(np.where(covariance.diagonal() > 0, covariance.diagonal(), np.nan))
    reach = np.full(theta.size, quantile or z_exact(wish.level))
    drawn = wish.simultaneous or wish.details
    if drawn:
        draws = uncertainty.normal_draws(theta, covariance, rated.component, wish.seed)
    if wish.simultaneous:
        wide = uncertainty.widened(draws, theta, error, rated.component, wish.level)
        reach = wide * reach / z_exact(wish.level)
    if wish.details:
        rated = replace(
            rated,
            better=uncertainty.better(theta, covariance),
            rank_chance=uncertainty.rank_probabilities(draws, rated.component),
        )
    interval = Interval(
        "sandwich",
        wish.level,
        seed=wish.seed if drawn else None,
        cluster=wish.cluster,
        simultaneous=wish.simultaneous,
    )
    return _bounded(rated, theta, reach * error, interval)


def _with_draws(rated: Rated, theta: Floats, draws: Draws, wish: Wish) -> Rated:
    interval = Interval(
        "bootstrap", wish.level, wish.rounds, wish.seed, cluster=wish.cluster, simultaneous=wish.simultaneous
    )
    if wish.details:
        rated = replace(
            rated,
            better=uncertainty.better_in_draws(draws.theta, rated.component),
            rank_chance=uncertainty.rank_probabilities(draws.theta, rated.component),
        )
    low, high = draws.bounds(wish.level)
    if not wish.simultaneous:
        return replace(rated, interval=interval, low=MEAN + POINTS * low, high=MEAN + POINTS * high)
    error = np.where(np.isnan(low), np.nan, draws.errors)
    reach = uncertainty.widened(draws.theta, theta, error, rated.component, wish.level)
    return _bounded(rated, theta, reach * error, interval)


def _bounded(rated: Rated, theta: Floats, half: Floats, interval: Interval) -> Rated:
    low, high = MEAN + POINTS * (theta - half), MEAN + POINTS * (theta + half)
    return replace(rated, interval=interval, low=low, high=high)


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


def _unvaried(counts: Counts, fitted: Fit, low: Floats) -> list[str]:
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
    ]
