"""Human and judged battles fitted together, and the arena by itself: ratings, bounds, ranks, neighbours."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from palestra.analysis.apart import gap_variances
from palestra.analysis.placing_errors import Influence, bootstrap, prompts_of
from palestra.analysis.placing_need import Neighbour, more_prompts
from palestra.analysis.placing_steepness import Steepness, steepness
from palestra.ranking.bradley_terry import PRIOR, Fit, fit
from palestra.ranking.caution import cautions
from palestra.ranking.intervals import covariance
from palestra.ranking.leaderboard import make_board, wish_of
from palestra.ranking.pairs import Pairs
from palestra.ranking.rated import Rated, unbounded
from palestra.ranking.scale import MEAN, POINTS
from palestra.ranking.uncertainty import better, normal_draws
from palestra.ranking.win_rate import student, z_exact
from palestra.records.rating import Interval, Leaderboard

if TYPE_CHECKING:
    from collections.abc import Mapping

    from palestra.analysis.placing_evidence import Checked, Evidence, Labels
    from palestra.ranking.arrays import Floats
    from palestra.ranking.counts import Counts, Rows
    from palestra.ranking.rated import Wish


@dataclass(frozen=True, slots=True, eq=False)
class Joint:
    """Human and judged battles, fitted together at one temperature."""

    evidence: Evidence
    labels: Labels
    temperature: float
    checked: Checked | None
    counts: Counts
    pairs: Pairs
    fitted: Fit
    influence: Influence | None
    spread: Floats
    """The covariance of the log-strengths, that of a fitted temperature in it, (M, M)."""

    @classmethod
    def of(cls, evidence: Evidence, labels: Labels, temperature: float, checked: Checked | None) -> Joint:
        """Fit. `checked` is what the temperature was fitted to; None if it was given."""
        counts = evidence.counts(labels, temperature)
        pairs = Pairs.of(counts)
        fitted = fit(pairs)
        influence = Influence.of(evidence, fitted, labels, temperature, checked)
        spread = covariance(pairs, fitted)
        if influence is not None:
            spread = influence.heated(spread)
        return cls(evidence, labels, temperature, checked, counts, pairs, fitted, influence, spread)

    def rated(self, wish: Wish) -> tuple[Rated, Floats | None]:
        """Ratings with their bounds, and the bootstrap's draws if there was one."""
        rated = _rated(self.fitted, wish)
        if wish.ci == "none":
            return rated, None
        if wish.ci == "bootstrap":
            resampled = bootstrap(
                self.evidence,
                self.pairs,
                self.fitted,
                self.labels,
                self.temperature,
                self.checked,
                rounds=wish.rounds,
                seed=wish.seed,
            )
            low, high = resampled.bounds(wish.level)
            return replace(rated, low=MEAN + POINTS * low, high=MEAN + POINTS * high), resampled.theta
        variance = self.spread.diagonal()
        half = _reach(self.evidence, wish.level) * np.sqrt(np.where(variance > 0, variance, np.nan))
        low, high = self.fitted.theta - half, self.fitted.theta + half
        return replace(rated, low=MEAN + POINTS * low, high=MEAN + POINTS * high), None

    def cautions(self) -> list[str]:
        """What a careful reader should know of the battles."""
        return cautions(self.counts, self.pairs, self.fitted, side=False)

    def ranks(self, draws: Floats | None, seed: int) -> tuple[float, ...]:
        """The probability of each rank of the placed model; by the normal law without draws."""
        return _ranks(self.evidence, self.fitted, self.spread, draws, seed)

    def neighbours(self, board: Leaderboard, level: float) -> tuple[Neighbour, ...]:
        """The models right above and below the placed one."""
        return _neighbours(self.evidence, board, self.fitted, self.spread, self.influence, level)


@dataclass(frozen=True, slots=True, eq=False)
class Alone:
    """The arena by itself."""

    counts: Counts
    pairs: Pairs
    fitted: Fit

    @classmethod
    def of(cls, human: Rows) -> Alone:
        """Fit."""
        counts = human.counts()
        pairs = Pairs.of(counts)
        return cls(counts, pairs, fit(pairs))

    def steepness(self, checked: Checked, temperature: float, level: float) -> Steepness:
        """How steep the judge's labels are beside people's votes."""
        spread = covariance(self.pairs, self.fitted)
        return steepness(checked, self.fitted.theta, spread, temperature, level)

    def board(self, anchor: Mapping[str, float] | None) -> Leaderboard:
        """Without intervals; an anchor that is not in the arena does not count."""
        wish = wish_of(ci="none")
        known = {name: value for name, value in (anchor or {}).items() if name in self.counts.models}
        return make_board(self.counts, _rated(self.fitted, wish), wish, known or None)


def _rated(fitted: Fit, wish: Wish) -> Rated:
    weak = np.zeros(fitted.core.size, dtype=bool)
    for part in fitted.parts:
        weak[part.nodes] = ~part.core
    rounds, seed = (wish.rounds, wish.seed) if wish.ci == "bootstrap" else (None, None)
    return Rated(
        interval=Interval(wish.ci, wish.level, rounds, seed, cluster=wish.cluster),
        rating=MEAN + POINTS * fitted.theta,
        component=fitted.component,
        parameters={"mean": MEAN, "prior": PRIOR},
        **unbounded(fitted.theta.size, weak=weak),
    )


def _reach(evidence: Evidence, level: float) -> Floats:
    """Standard errors to both sides, (M,): Student's quantile for the prompts that a model has battles in."""
    prompts = prompts_of(evidence)
    kinds, which = np.unique(prompts, return_inverse=True)
    reach = [
        student(level, n - 1) * math.sqrt(n / (n - 1)) if n > 1 else z_exact(level) for n in kinds.tolist()
    ]
    return np.array(reach)[which]


def _ranks(
    evidence: Evidence, fitted: Fit, spread: Floats, draws: Floats | None, seed: int
) -> tuple[float, ...]:
    """The placed model's row of `uncertainty.rank_probabilities`, by itself."""
    if draws is None:
        draws = normal_draws(fitted.theta, spread, fitted.component, seed)
    part = np.flatnonzero(fitted.component == fitted.component[evidence.placed])
    whole = draws[:, part][~np.isnan(draws[:, part]).any(axis=1)]
    if not len(whole):
        return ()
    own = whole[:, part == evidence.placed]
    place = (whole > own).sum(axis=1)
    chances = np.bincount(place, minlength=part.size) / len(whole)
    return tuple(chances.tolist())


def _neighbours(
    evidence: Evidence,
    board: Leaderboard,
    fitted: Fit,
    spread: Floats,
    influence: Influence | None,
    level: float,
) -> tuple[Neighbour, ...]:
    names = [row.model for row in board.ratings]
    at = names.index(evidence.models[evidence.placed])
    chances, variances = better(fitted.theta, spread), gap_variances(spread)
    found = []
    for place in (at - 1, at + 1):
        if not 0 <= place < len(names) or board.ratings[place].component != board.ratings[at].component:
            continue
        other = evidence.models.index(names[place])
        gap = float(fitted.theta[evidence.placed] - fitted.theta[other])
        error = math.sqrt(variances[evidence.placed, other])
        apart = abs(gap) > z_exact(level) * error
        needed = math.nan
        if apart:
            needed = 0.0
        elif influence is not None:
            needed = more_prompts(influence, evidence.placed, other, gap, evidence.judged.n_prompts, level)
        found.append(
            Neighbour(names[place], POINTS * gap, float(chances[evidence.placed, other]), bool(apart), needed)
        )
    return tuple(found)
