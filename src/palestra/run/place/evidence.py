"""What was played, as battles and as numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from palestra.analysis.calibration import shares
from palestra.analysis.placing import Checked, Judged
from palestra.records.matchup import Order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from palestra.ranking.arrays import Floats
    from palestra.records.battle import Battle
    from palestra.records.verdict import Verdict
    from palestra.run.place.job import Job
    from palestra.run.play import Played

_GAMES = 2
"""A battle is of one order, or of both."""


@dataclass(slots=True)
class Findings:
    """The judged battles, prompt after prompt."""

    battles: list[Battle] = field(default_factory=list)
    """Of the new model, which is model A of each."""
    gaps: list[tuple[float, ...]] = field(default_factory=list)
    """Of each, A's score less B's in its games; NaN where there is none."""
    human: list[tuple[Battle, tuple[float, ...]]] = field(default_factory=list)
    """The judge's battles between models of the arena, with their gaps."""
    n_failed: int = 0
    """Verdicts on the new model that failed."""

    def add(self, played: Played, label: str, *, panel: bool) -> None:
        """Count what one prompt came to."""
        for verdict in played.verdicts:
            self.n_failed += not verdict.ok and label in (verdict.model_a, verdict.model_b)
        for battle in played.battles:
            gaps = () if panel else _gaps(battle, played.verdicts)
            padded = (*gaps, *[np.nan] * (_GAMES - len(gaps)))
            if battle.model_a == label:
                self.battles.append(battle)
                self.gaps.append(padded)
            else:
                self.human.append((battle, padded))

    def judged(self, job: Job) -> Judged:
        """The new model's battles as numbers."""
        models = job.arena.rows.models
        cluster = {drawn.prompt.question_id: drawn.cluster for drawn in job.drawn.battles}
        return Judged(
            opponent=np.array([models.index(b.model_b) for b in self.battles], dtype=np.int64),
            won=np.array([b.winner.share for b in self.battles]),
            share=np.array([b.winner.share if b.pref is None else b.pref for b in self.battles]),
            gaps=_table(self.gaps),
            cluster=np.array([cluster[b.question_id or ""] for b in self.battles], dtype=np.int64),
        )

    def checked(self, job: Job) -> Checked:
        """The human battles that the judge decided, too, as numbers: one for each vote and each battle of the
        judge on the same two answers.
        """
        models = job.arena.rows.models
        said: dict[tuple[str, str, str], list[tuple[float, ...]]] = {}
        for battle, gaps in self.human:
            key = battle.question_id or "", battle.model_a, battle.model_b
            said.setdefault(key, []).append(gaps)
        rows: list[tuple[int, int, tuple[float, ...], float, int]] = []
        for drawn in job.drawn.battles:
            if not drawn.calibrates:
                continue
            a, b, won = drawn.model_a, drawn.model_b, drawn.winner.share
            if (drawn.prompt.question_id, a, b) not in said:
                a, b, won = b, a, 1.0 - won
            rows += [
                (models.index(a), models.index(b), gaps, won, drawn.cluster)
                for gaps in said.get((drawn.prompt.question_id, a, b), ())
                if not np.isnan(gaps).all()
            ]
        return Checked(
            a=np.array([row[0] for row in rows], dtype=np.int64),
            b=np.array([row[1] for row in rows], dtype=np.int64),
            gaps=_table([row[2] for row in rows]),
            won=np.array([row[3] for row in rows]),
            cluster=np.array([row[4] for row in rows], dtype=np.int64),
        )

    def rows(self, *, soft: bool, temperature: float) -> list[Battle]:
        """The new model's battles as ratings read them."""
        read = shares(_table(self.gaps), temperature)
        return [_read(battle, share, soft) for battle, share in zip(self.battles, read.tolist(), strict=True)]


def _read(battle: Battle, share: float, soft: bool) -> Battle:
    """With its share at the temperature, where there are scores."""
    told: dict[str, object] = {"soft": soft, "weight": 1.0}
    if soft and not np.isnan(share):
        told |= {"pref": share}
    return battle.model_copy(update=told)


def _gaps(battle: Battle, verdicts: Sequence[Verdict]) -> tuple[float, ...]:
    """Score differences of the games that a battle is of."""
    return tuple(
        verdict.score_a - verdict.score_b
        for verdict in verdicts
        if verdict.score_a is not None
        and verdict.score_b is not None
        and (verdict.model_a, verdict.model_b) == (battle.model_a, battle.model_b)
        and verdict.judge_model == battle.judge_model
        and verdict.repeat == battle.repeat
        and (battle.order is Order.BOTH or verdict.order is battle.order)
    )


def _table(gaps: Sequence[tuple[float, ...]]) -> Floats:
    return np.array(gaps, dtype=np.float64).reshape(len(gaps), _GAMES)
