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

from palestra.analysis.calibration import Calibration, calibrate
from palestra.analysis.placing_evidence import Checked, Evidence, Judged, Labels
from palestra.analysis.placing_joint import Alone, Joint
from palestra.errors import UsageError
from palestra.ranking.leaderboard import make_board, wish_of
from palestra.ranking.scale import POINTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from palestra.analysis.placing_need import Neighbour
    from palestra.analysis.placing_steepness import Steepness
    from palestra.ranking.bradley_terry import Fit
    from palestra.ranking.counts import Rows
    from palestra.ranking.rated import Ci
    from palestra.records.rating import Leaderboard

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
            to calibrate on, or a level, number of rounds or seed out of range.
    """
    if not judged.won.size:
        raise UsageError(f"no battle of {model!r} was judged, so it has no place")
    wish = wish_of(ci=ci, rounds=rounds, level=level, seed=seed, cluster="question_id")
    evidence = Evidence.of(model, human, judged)
    calibration = None if checked is None else calibrate(checked.gaps, checked.won, level=level)
    hot = temperature if calibration is None else calibration.temperature
    joint = Joint.of(evidence, labels, hot, None if checked is None else _with_games(checked))
    rated, draws = joint.rated(wish)
    alone = Alone.of(human)
    steep = None if joint.checked is None else alone.steepness(joint.checked, hot, level)
    rated = replace(rated, warnings=(*joint.cautions(), *_doubts(calibration, steep)))
    parameters = {"placed": model, "labels": labels, "temperature": hot if labels == "soft" else None}
    board = make_board(joint.counts, rated, wish, anchor, n_failed, parameters)
    return Placed(
        model=model,
        board=board,
        human_board=alone.board(anchor),
        mean_absolute_error=_moved(evidence, joint.fitted, alone.fitted),
        labels=labels,
        temperature=hot,
        calibration=calibration,
        steepness=steep,
        wins=int((judged.won == 1).sum()),
        losses=int((judged.won == 0).sum()),
        ties=int((judged.won == 0.5).sum()),
        n_prompts=judged.n_prompts,
        rank_probabilities=joint.ranks(draws, seed) if details else (),
        neighbours=joint.neighbours(board, level) if details else (),
    )


def _with_games(checked: Checked) -> Checked:
    known = ~np.isnan(checked.gaps).all(axis=1)
    return Checked(
        checked.a[known], checked.b[known], checked.gaps[known], checked.won[known], checked.cluster[known]
    )


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
