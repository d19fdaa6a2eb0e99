"""What a placement is made from: battles that people decided, and a judge's verdicts on the new model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from palestra.analysis.calibration import shares, slopes
from palestra.errors import UsageError
from palestra.ranking.counts import Counts, Outcome, Rows

if TYPE_CHECKING:
    from palestra.ranking.arrays import Floats, Ints

Labels = Literal["soft", "hard"]


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """The new model's battles, n of them; everything is told of the new model."""

    opponent: Ints
    """Positions in the arena's models, (n,)."""
    won: Floats
    """1 where it won, 0 where it lost, ½ for a tie, (n,)."""
    share: Floats
    """Its share of the win as the judge gave it, in [0, 1], (n,): what counts softly where there are no
    scores."""
    gaps: Floats
    """Its score less the opponent's in each of up to K games, NaN where there was none, (n, K)."""
    cluster: Ints
    """A number for the prompt, (n,): the one that the arena's battles on the same prompt have."""

    @property
    def n_prompts(self) -> int:
        """How many prompts it was judged on."""
        return int(np.unique(self.cluster).size)

    def shares(self, labels: Labels, temperature: float) -> Floats:
        """What ratings read, (n,)."""
        if labels == "hard" or not self.won.size:
            return self.won
        soft = shares(self.gaps, temperature)
        return np.where(np.isnan(soft), self.share, soft)

    def slopes(self, labels: Labels, temperature: float) -> Floats:
        """The derivative of `shares` by the temperature, (n,)."""
        if labels == "hard" or not self.won.size:
            return np.zeros(self.won.size)
        return np.nan_to_num(slopes(self.gaps, temperature))


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """Human battles without ties that the judge decided, too, n of them; told of model A."""

    a: Ints
    """Positions in the arena's models, (n,)."""
    b: Ints
    gaps: Floats
    """A's score less B's in each of up to K games, NaN where there was none, (n, K)."""
    won: Floats
    """1 where people preferred A, 0 where B, (n,)."""
    cluster: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """All battles of a placement, row by row: the arena's first, then the new model's."""

    models: tuple[str, ...]
    """Sorted, the new one among them."""
    placed: int
    """Its position."""
    a: Ints
    b: Ints
    weight: Floats
    """Σ of the weights of the rows that are told at once, (rows,)."""
    outcome: Ints
    share: Floats
    """A's share of the win in the arena's rows, (rows of the arena,)."""
    row_weight: Floats
    n: Ints
    cluster: Ints
    judged: Judged

    @classmethod
    def of(cls, model: str, human: Rows, judged: Judged) -> Evidence:
        """Put together.

        Raises:
            UsageError: the model is in the arena already, or the arena's battles have no clusters.
        """
        if model in human.models:
            raise UsageError(
                f"{model!r} is a model of the arena already", hint="give the new one a label of its own"
            )
        if human.cluster is None:
            raise UsageError("the arena's battles do not say which prompt each is of")
        models = tuple(sorted((*human.models, model)))
        position = np.array([models.index(name) for name in human.models], dtype=np.int64)
        placed = models.index(model)
        ones = np.ones(judged.won.size)
        return cls(
            models=models,
            placed=placed,
            a=np.concatenate([position[human.a], np.full(judged.won.size, placed, dtype=np.int64)]),
            b=np.concatenate([position[human.b], position[judged.opponent]]),
            weight=np.concatenate([human.weight * human.n, ones]),
            outcome=human.outcome,
            share=human.share,
            row_weight=np.concatenate([human.weight, ones]),
            n=np.concatenate([human.n, np.ones(judged.won.size, dtype=np.int64)]),
            cluster=np.concatenate([human.cluster, judged.cluster]),
            judged=judged,
        )

    @property
    def n_human(self) -> int:
        """Rows of the arena."""
        return self.share.size

    def shares(self, labels: Labels, temperature: float) -> Floats:
        """A's share of the win in every row, (rows,)."""
        return np.concatenate([self.share, self.judged.shares(labels, temperature)])

    def counts(self, labels: Labels, temperature: float) -> Counts:
        """All battles, counted."""
        share = self.judged.shares(labels, temperature)
        soft = np.full(share.size, int(Outcome.SOFT), dtype=np.int64)
        if labels == "hard":
            soft = np.where(
                share == 1, int(Outcome.A), np.where(share == 0, int(Outcome.B), int(Outcome.TIE))
            )
        return Counts.from_codes(
            self.models,
            self.a,
            self.b,
            np.concatenate([self.outcome, soft]),
            share=np.concatenate([self.share, share]),
            weight=self.row_weight,
            n=self.n,
            cluster=self.cluster,
        )
