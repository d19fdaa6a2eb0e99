"""What the order of two answers and their length are worth to a rater, in log-odds.

    log odds that x wins = θ_x − θ_y + s·side + l·stretch + h·lean

over single verdicts (ties ½), fitted as Bradley-Terry with features (`ranking.contextual`), standard errors
robust and by cluster. θ: a strength of each model, so that what a model is good at is nobody's bias. side: 1
where x was shown first, -1 where y was. stretch: (a − b)/(a + b) of the lengths. lean: what people said of
these very two answers, (for x − for y)/all, which is there for judges only. s is the position bias, l the
length bias.

The same without `lean` on people's own votes says what length is worth to them. Ties as fractions follow
Papke & Wooldridge, J. Appl. Econometrics 11 (1996) 619; length beside strengths, Dubois et al., arXiv
2404.04475.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from palestra.analysis.agreement.findings import Estimate
from palestra.ranking import contextual
from palestra.ranking.win_rate import student

if TYPE_CHECKING:
    from palestra.analysis.agreement.ballots import Ballots, Matchups, Votes
    from palestra.ranking.arrays import Floats, Ints

_NAMES = {"side": "the order of the answers", "length": "their length", "people": "what people said"}


@dataclass(frozen=True, slots=True)
class Leanings:
    """Coefficients of one rater, or of people together."""

    side: Estimate
    length: Estimate
    notes: tuple[str, ...]


def leanings(
    ballots: Ballots, matchups: Matchups, cluster: Ints, *, level: float, votes: Votes | None = None
) -> Leanings:
    """Fit the model of the module's text to a judge's ballots (with `votes`), or to people's own.

    Only matchups with votes count, and only those of known length if any of them is known. A coefficient that
    the rest determines is NaN, and so is an error where every verdict is as expected.
    """
    keep = ~np.isnan(ballots.won)
    if votes is not None:
        keep &= votes.count[ballots.matchup] > 0
    stretch = matchups.stretch[ballots.matchup]
    has_length = bool((keep & ~np.isnan(stretch)).any())
    keep &= ~np.isnan(stretch) | (not has_length)
    rows, stretch = ballots.take(keep), stretch[keep]
    columns = {"side": rows.side, "length": stretch if has_length else np.zeros(rows.won.size)}
    if votes is not None:
        columns["people"] = votes.lean[rows.matchup]
    if not rows.won.size:
        return Leanings(Estimate(), Estimate(), ())
    fitted = _fit(rows, matchups, columns, cluster)
    freedom = max(np.unique(cluster[rows.matchup]).size - 1, 1)
    quantile = student(level, freedom)
    told = {
        name: Estimate() if name in fitted.dropped else _estimate(fitted, at, rows.won.size, quantile)
        for at, name in enumerate(columns)
    }
    return Leanings(told["side"], told["length"], _notes(fitted, columns))


def _fit(
    rows: Ballots, matchups: Matchups, columns: dict[str, Floats], cluster: Ints
) -> contextual.ContextualFit:
    models, number = np.unique(np.r_[matchups.x[rows.matchup], matchups.y[rows.matchup]], return_inverse=True)
    x, y = np.split(number, 2)
    return contextual.fit(
        models.size,
        x,
        y,
        (1 + rows.won) / 2,
        np.stack(list(columns.values()), axis=1),
        clusters=cluster[rows.matchup],
        names=list(columns),
    )


def _estimate(fitted: contextual.ContextualFit, at: int, n: int, quantile: float) -> Estimate:
    value, error = float(fitted.beta[at]), float(fitted.beta_se[at])
    return Estimate(value, value - quantile * error, value + quantile * error, error, float(n))


def _notes(fitted: contextual.ContextualFit, columns: dict[str, Floats]) -> tuple[str, ...]:
    """What a reader should know of the coefficients; a feature that is nowhere needs no words."""
    there = [name for name, column in columns.items() if np.any(column != 0)]
    notes = [
        f"{_NAMES[name]} cannot be told from the models and the rest, so it has no coefficient"
        for name in fitted.dropped
        if name in there
    ]
    certain = [warning for warning in fitted.warnings if warning.startswith("no finite coefficient")]
    if certain:
        notes.append("verdicts follow the regression's terms without exception, so it rests on a weak prior")
    return tuple(notes)
