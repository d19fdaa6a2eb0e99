"""Made-up arenas whose models' strengths are known, and a judge that places a new one among them.

The truth is a Bradley-Terry law: P(i is preferred to j) = 1 / (1 + e^(θ_j − θ_i)). People vote by it. The
judge draws its share of the win, u, from Beta(ν·p, ν·(1 − p)), whose mean is that same p, and gives scores
whose difference is the log-odds of u over its own temperature. So it draws from the same law, its shares are
right at its own temperature and at no other, and where people vote on a pair that it has judged, they prefer
A with chance u: its scores say all that there is to know of a single battle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from palestra.analysis.placing import Checked, Judged, Placed, place
from palestra.ranking.counts import Rows
from palestra.ranking.scale import MEAN, POINTS

if TYPE_CHECKING:
    from palestra.ranking.arrays import Bools, Floats, Ints
    from palestra.records.rating import Rating

PROMPTS = 2000
TRUTH = np.linspace(-1.2, 1.2, 20)
"""Log-strengths of the arena's 20 models: 417 points from the best to the worst."""
NU = 4.0
NEW = "new"
NAMES = tuple(f"m{number:02d}" for number in range(TRUTH.size))


def chance(gap: Floats) -> Floats:
    return 1.0 / (1.0 + np.exp(-gap))


@dataclass(frozen=True)
class World:
    """A drawn arena and what the judge said in it."""

    human: Rows
    judged: Judged
    checked: Checked | None
    truth: float
    """The new model's rating: the mean of all 21 is 1000."""

    def place(self, **options: Any) -> Placed:
        return place(NEW, self.human, self.judged, **{"checked": self.checked, **options})

    def holds(self, **options: Any) -> bool:
        """Whether the interval of the new model holds its true rating."""
        row = row_of(self.place(ci="sandwich", details=False, **options))
        assert row.ci_low is not None
        assert row.ci_high is not None
        return row.ci_low <= self.truth <= row.ci_high


def row_of(placed: Placed) -> Rating:
    return next(row for row in placed.board.ratings if row.model == NEW)


def world(seed: int, *, own: float = 0.7, prompts: int = 400, heat: float = 0.3, calibrate: int = 0) -> World:
    """2,000 prompts with a human battle each; the new model, of strength `own`, is judged on the first
    `prompts` of them, by a judge whose own temperature is `heat`, which decides the first `calibrate` human
    battles, too.
    """
    rng = np.random.default_rng([6, seed])
    a = rng.integers(TRUTH.size, size=PROMPTS)
    b = (a + rng.integers(1, TRUTH.size, size=PROMPTS)) % TRUTH.size
    won = rng.random(PROMPTS) < chance(TRUTH[a] - TRUTH[b])
    checked = None
    if calibrate:
        checked = _checked(rng, a[:calibrate], b[:calibrate], won, heat)
    prompt = np.arange(prompts)
    opponent = np.where(rng.random(prompts) < 0.5, a[:prompts], b[:prompts])
    share = _shares(rng, chance(own - TRUTH[opponent]))
    judged = Judged(
        opponent=opponent,
        won=(rng.random(prompts) < chance(own - TRUTH[opponent])).astype(float),
        share=share,
        gaps=_gaps(share, heat),
        cluster=prompt,
    )
    human = Rows.from_codes(NAMES, a, b, np.where(won, 0, 1), cluster=np.arange(PROMPTS))
    truth = MEAN + POINTS * (own - (TRUTH.sum() + own) / (TRUTH.size + 1))
    return World(human, judged, checked, truth)


def _checked(rng: np.random.Generator, a: Ints, b: Ints, won: Bools, heat: float) -> Checked:
    """The judge on the first battles, whose votes are drawn anew by what it said; `won` is changed."""
    share = _shares(rng, chance(TRUTH[a] - TRUTH[b]))
    won[: a.size] = rng.random(a.size) < share
    return Checked(a, b, _gaps(share, heat), won[: a.size].astype(float), np.arange(a.size))


def _shares(rng: np.random.Generator, mean: Floats) -> Floats:
    return np.clip(rng.beta(NU * mean, NU * (1.0 - mean)), 1e-9, 1.0 - 1e-9)


def _gaps(share: Floats, heat: float) -> Floats:
    return (np.log(share / (1.0 - share)) / heat)[:, None]
