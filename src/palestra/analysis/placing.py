"""One new model among models that people ranked: Bradley-Terry on human and judged battles together.

Human battles say where the arena's models stand; a judge's verdicts on the new model against them say where
it stands among them. A soft label is the judge's share of the win, from its scores and a temperature; that is
right where the share is the chance that people would prefer the new model, which `calibration` fits.
docs/place.md says what the interval holds, and what it cannot know.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from palestra.analysis.apart import gap_variances
from palestra.analysis.calibration import Calibration, calibrate
from palestra.analysis.placing_errors import Influence, bootstrap, prompts_of
from palestra.analysis.placing_evidence import Checked, Evidence, Judged, Labels
from palestra.analysis.placing_need import Neighbour, more_prompts
from palestra.analysis.placing_steepness import Steepness, steepness
from palestra.errors import UsageError
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

    from palestra.ranking.arrays import Floats
    from palestra.ranking.counts import Counts, Rows
    from palestra.ranking.rated import Ci, Wish

__all__ = ["Checked", "Judged", "Labels", "Placed", "place"]


@dataclass(frozen=True, slots=True)
class Placed:
    """A model, placed."""

    model: str
    board: Leaderboard
    """All models, the new one among them."""
    human_board: Leaderboard
    """The arena by itself, without intervals."""
    mean_absolute_error: float
    """Rating points by which the arena's models moved from the human-only board, on average, both boards
    moved to the same mean over them."""
    labels: Labels
    temperature: float
    calibration: Calibration | None
    steepness: Steepness | None
    wins: int
    """The new model's judged battles, by their winner."""
    losses: int
    ties: int
    n_prompts: int
    """Prompts that it was judged on."""
    rank_probabilities: tuple[float, ...]
    """The probability of each rank, from the first on, of the new model; empty where the battles cannot
    tell."""
    neighbours: tuple[Neighbour, ...]
    """The models right above and right below it."""

    @property
    def n_battles(self) -> int:
        """Judged battles of the new model."""
        return self.wins + self.losses + self.ties

    @property
    def win_rate(self) -> float:
        """(wins + ties/2) / battles; NaN without a battle."""
        return (self.wins + self.ties / 2) / self.n_battles if self.n_battles else math.nan


def place(
    model: str,
    human: Rows,
    judged: Judged,
    *,
    checked: Checked | None = None,
    temperature: float = 0.3,
    labels: Labels = "soft",
    anchor: Mapping[str, float] | None = None,
    ci: Ci = "bootstrap",
    rounds: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    details: bool = True,
    n_failed: int | None = None,
) -> Placed:
    """Place a model.

    `human` are the arena's battles, each with the cluster (prompt) that it is of. With `checked`, the
    temperature is fitted to it and `temperature` is not read. `ci`: `bootstrap` resamples prompts and fits
    everything anew, the temperature too, and reads percentiles; `sandwich` is the same for large samples by
    formula, with Student's quantile for as many prompts as a model has. Both hold the doubt about the arena's
    own models and about a fitted temperature. `details` says whether to work out ranks and neighbours;
    `n_failed` is passed on to the board.

    Raises:
        UsageError: the model is in the arena already, no battle of it was judged, an unknown anchor, nothing
        to
            calibrate on, or a level, number of rounds or seed out of range.
    """
    if not judged.won.size:
        raise UsageError(f"no battle of {model!r} was judged, so it has no place")
    wish = wish_of(ci=ci, rounds=rounds, level=level, seed=seed, cluster="question_id")
    evidence = Evidence.of(model, human, judged)
    calibration = None if checked is None else calibrate(checked.gaps, checked.won, level=level)
    hot = temperature if calibration is None else calibration.temperature
    checked = None if checked is None else _with_games(checked)
    counts = evidence.counts(labels, hot)
    pairs = Pairs.of(counts)
    fitted = fit(pairs)
    influence = Influence.of(evidence, fitted, labels, hot, checked)
    spread = covariance(pairs, fitted)
    if influence is not None:
        spread = influence.heated(spread)
    rated = _rated(fitted, wish)
    draws = None
    if ci == "bootstrap":
        resampled = bootstrap(
            evidence, pairs, fitted, labels, hot, checked, rounds=wish.rounds, seed=wish.seed
        )
        draws = resampled.theta
        low, high = resampled.bounds(level)
        rated = replace(rated, low=MEAN + POINTS * low, high=MEAN + POINTS * high)
    elif ci == "sandwich":
        half = _reach(evidence, level) * np.sqrt(np.where(spread.diagonal() > 0, spread.diagonal(), np.nan))
        rated = replace(
            rated,
            low=MEAN + POINTS * (fitted.theta - half),
            high=MEAN + POINTS * (fitted.theta + half),
        )
    alone = human.counts()
    human_pairs = Pairs.of(alone)
    human_fit = fit(human_pairs)
    steep = None
    if checked is not None:
        steep = steepness(checked, human_fit.theta, covariance(human_pairs, human_fit), hot, level)
    told = cautions(counts, pairs, fitted, side=False)
    rated = replace(rated, warnings=(*told, *_doubts(calibration, steep)))
    parameters = {"placed": model, "labels": labels, "temperature": hot if labels == "soft" else None}
    board = make_board(counts, rated, wish, anchor, n_failed, parameters)
    return Placed(
        model=model,
        board=board,
        human_board=_human_board(alone, human_fit, anchor),
        mean_absolute_error=_moved(evidence, fitted, human_fit),
        labels=labels,
        temperature=hot,
        calibration=calibration,
        steepness=steep,
        wins=int((judged.won == 1).sum()),
        losses=int((judged.won == 0).sum()),
        ties=int((judged.won == 0.5).sum()),
        n_prompts=judged.n_prompts,
        rank_probabilities=_ranks(evidence, fitted, spread, draws, seed) if details else (),
        neighbours=_neighbours(evidence, board, fitted, spread, influence, level) if details else (),
    )


def _with_games(checked: Checked) -> Checked:
    known = ~np.isnan(checked.gaps).all(axis=1)
    return Checked(
        checked.a[known], checked.b[known], checked.gaps[known], checked.won[known], checked.cluster[known]
    )


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


def _human_board(human: Counts, fitted: Fit, anchor: Mapping[str, float] | None) -> Leaderboard:
    wish = wish_of(ci="none")
    rated = _rated(fitted, wish)
    known = {name: value for name, value in (anchor or {}).items() if name in human.models}
    return make_board(human, rated, wish, known or None)


def _moved(evidence: Evidence, fitted: Fit, human: Fit) -> float:
    """Of the arena's models in the largest part of the human-only board, in points."""
    others = np.delete(fitted.theta, evidence.placed)[human.component == 0]
    before = human.theta[human.component == 0]
    return float(POINTS * np.abs((others - others.mean()) - (before - before.mean())).mean())


def _doubts(calibration: Calibration | None, steep: Steepness | None) -> list[str]:
    told = []
    if calibration is not None and calibration.at_limit:
        told.append(
            "the temperature is at the end of what is looked at: the judge's scores "
            + (
                "say nothing of what people prefer, and soft labels place any model in the middle"
                if calibration.temperature <= 0
                else "agree with people in every battle, so calibrate on more of them"
            )
        )
    if steep is not None and steep.is_off:
        kind, way = ("flatter", "near to") if steep.value < 1 else ("steeper", "far from")
        told.append(
            f"on pairs of the arena's own models the judge's labels are {kind} than people's votes "
            f"({steep.value:.2f} times as steep, {steep.low:.2f} to {steep.high:.2f}): a model far from the "
            f"middle is placed too {way} it"
        )
    return told


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
