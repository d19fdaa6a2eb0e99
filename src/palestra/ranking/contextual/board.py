"""The leaderboard of a fit with features."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from palestra.errors import UsageError
from palestra.ranking.bradley_terry import PRIOR
from palestra.ranking.caution import cautions
from palestra.ranking.leaderboard import make_board, wish_of
from palestra.ranking.pairs import Pairs
from palestra.ranking.rated import Rated, unbounded
from palestra.ranking.scale import MEAN, POINTS
from palestra.ranking.strengths import with_errors
from palestra.ranking.table import few
from palestra.ranking.win_rate import student
from palestra.records.rating import Interval

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from palestra.ranking.arrays import Floats
    from palestra.ranking.contextual.fit import ContextualFit
    from palestra.ranking.counts import Counts
    from palestra.records.rating import Leaderboard

SIDE = "side"
"""The name of a feature that says which model was shown first."""


@dataclass(frozen=True, slots=True, eq=False)
class Controlled:
    """A fit and how its features were made; F features, x = (raw − centre) / spread."""

    fit: ContextualFit
    names: Sequence[str]
    centre: Floats
    """(F,)"""
    spread: Floats
    """(F,)"""

    def coefficients(self) -> list[dict[str, Any]]:
        """A dict per feature, JSON-ready; None for an unknown error."""
        told = []
        for number, name in enumerate(self.names):
            beta, error = float(self.fit.beta[number]), float(self.fit.beta_se[number])
            told.append(
                {
                    "feature": name,
                    "coefficient": beta,
                    "standard_error": None if math.isnan(error) else error,
                    "points": POINTS * beta,
                    "points_se": None if math.isnan(error) else POINTS * error,
                    "centre": float(self.centre[number]),
                    "spread": float(self.spread[number]),
                }
            )
        return told


def rank_controlled(
    counts: Counts,
    controlled: Controlled,
    *,
    anchor: Mapping[str, float] | None = None,
    n_failed: int | None = None,
    parameters: Mapping[str, Any] | None = None,
    **wishes: Any,
) -> Leaderboard:
    """The leaderboard of these battles, ratings as if every feature were 0.

    `counts` are the battles that were fitted, of the same models in the same order. `wishes` are the fields
    of `rated.Wish` that an interval from a covariance has: `ci` (`sandwich` or `none`), `level`, `cluster`,
    `simultaneous`, `details` and `seed`. Coefficients, their errors and the features' transforms are told
    in `parameters["coefficients"]`.

    Raises:
        UsageError: the models differ in number, another method or interval, an anchor or a level that makes
            no sense.
    """
    fitted, wish = controlled.fit, wish_of(**wishes)
    if wish.method != "bradley-terry" or wish.ci == "bootstrap":
        what = "bootstrap intervals" if wish.ci == "bootstrap" else f"method {wish.method}"
        raise UsageError(
            f"there is no {what} with features", hint="use bradley-terry with ci sandwich or none"
        )
    if fitted.theta.size != len(counts.models):
        raise UsageError(f"{fitted.theta.size} strengths for {len(counts.models)} models")
    rated = Rated(
        interval=Interval("none", wish.level),
        rating=MEAN + POINTS * fitted.theta,
        component=fitted.component,
        warnings=(*_cautions(counts, controlled), *fitted.warnings),
        parameters={
            "mean": MEAN,
            "prior": PRIOR,
            "coefficients": controlled.coefficients(),
            "log_likelihood": fitted.log_likelihood,
        },
        **unbounded(fitted.theta.size) | {"weak": fitted.weak},
    )
    rated = with_errors(rated, fitted.theta, fitted.covariance, wish, _quantile(fitted, wish.level))
    if wish.ci != "none":
        rated = replace(rated, warnings=(*rated.warnings, *_unvaried(counts, fitted)))
    return make_board(counts, rated, wish, anchor, n_failed, parameters)


def _cautions(counts: Counts, controlled: Controlled) -> list[str]:
    """What is to be said of the battles whatever they are adjusted for."""
    fitted, sizes = controlled.fit, controlled.fit.clusters
    return cautions(
        counts,
        Pairs.of(counts),
        fitted.plain,
        side=SIDE not in controlled.names,
        prompts=None if sizes is None else sizes.astype(np.float64),
    )


def _quantile(fitted: ContextualFit, level: float) -> float | None:
    """Student's where the errors are those of clusters."""
    return None if fitted.freedom is None else student(level, fitted.freedom)


def _unvaried(counts: Counts, fitted: ContextualFit) -> list[str]:
    names = [
        counts.models[model] for model in np.flatnonzero(fitted.core & np.isnan(fitted.theta_se)).tolist()
    ]
    if not names:
        return []
    return [
        f"every battle among {few(names)} ended exactly as expected, such as all in ties: there is no "
        "variation to make an interval from"
    ]
