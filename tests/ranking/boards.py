"""Boards for tests: written by hand, drawn at random, and rated by a second, slow implementation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import strategies as st

from palestra.ranking.bradley_terry import LEAST
from palestra.ranking.counts import Counts

if TYPE_CHECKING:
    from collections.abc import Sequence

SHARE = {"model_a": 1.0, "model_b": 0.0, "tie": 0.5, "tie (bothbad)": 0.5}


@dataclass(frozen=True)
class Row:
    """One battle."""

    a: str
    b: str
    winner: str
    pref: float = math.nan
    weight: float = 1.0

    @property
    def share(self) -> float:
        return SHARE[self.winner] if math.isnan(self.pref) else self.pref

    def swapped(self) -> Row:
        winner = {"model_a": "model_b", "model_b": "model_a"}.get(self.winner, self.winner)
        return Row(self.b, self.a, winner, 1.0 - self.pref, self.weight)


def counted(rows: Sequence[Row]) -> Counts:
    """The rows as counts."""
    return Counts.from_rows(
        [row.a for row in rows],
        [row.b for row in rows],
        [row.winner for row in rows],
        pref=[row.pref for row in rows],
        weight=[row.weight for row in rows],
    )


def tallied(*results: tuple[str, str, str, int]) -> Counts:
    """Counts from (model_a, model_b, winner, how often)."""
    a, b, winner, n = zip(*results, strict=True)
    return Counts.from_rows(a, b, winner, n=n)


def slow_bradley_terry(rows: Sequence[Row], models: Sequence[str], rounds: int = 200_000) -> dict[str, float]:
    """Ratings by Zermelo's iteration (Math. Zeitschrift 29 (1929) 436), row by row, in plain Python."""
    strength = dict.fromkeys(models, 1.0)
    won = dict.fromkeys(models, 0.0)
    for row in rows:
        won[row.a] += row.weight * row.share
        won[row.b] += row.weight * (1.0 - row.share)
    for _ in range(rounds):
        met = dict.fromkeys(models, 0.0)
        for row in rows:
            both = row.weight / (strength[row.a] + strength[row.b])
            met[row.a] += both
            met[row.b] += both
        new = {model: won[model] / met[model] for model in models}
        middle = math.exp(sum(map(math.log, new.values())) / len(models))
        new = {model: value / middle for model, value in new.items()}
        change = max(abs(math.log(new[model] / strength[model])) for model in models)
        strength = new
        if change < 1e-14:
            break
    return {model: 1000.0 + 400.0 * math.log10(strength[model]) for model in models}


def simulated(seed: int, strengths: Sequence[float], battles: int, ties: float) -> Counts:
    """A board drawn from the Bradley-Terry model; a share `ties` of the battles is tied at random in
    such a way that the expected share stays the model's.
    """
    rng = np.random.default_rng(seed)
    size = len(strengths)
    a = rng.integers(size, size=battles)
    b = (a + rng.integers(1, size, size=battles)) % size
    theta = np.asarray(strengths)
    chance = 1.0 / (1.0 + np.exp(theta[b] - theta[a]))
    tie = 2.0 * ties * np.minimum(chance, 1.0 - chance)
    draw = rng.random(battles)
    outcome = np.where(draw < chance - tie / 2, 0, np.where(draw < chance + tie / 2, 2, 1))
    names = [f"m{index:03d}" for index in range(size)]
    return Counts.from_codes(names, a, b, outcome)


def _is_clear(share: float) -> bool:
    """Whether rounding cannot decide if a share is a win at all: it is not one below `LEAST`."""
    return not any(math.isclose(side, LEAST, rel_tol=0.01) for side in (share, 1.0 - share))


def boards(*, soft: bool = True, connected: bool = False) -> st.SearchStrategy[list[Row]]:
    """Random small boards of two to six models; `connected` adds a tie between neighbours."""
    return st.integers(2, 6).flatmap(lambda size: _boards(size, soft, connected))


@st.composite
def _boards(draw: st.DrawFn, size: int, soft: bool, connected: bool) -> list[Row]:
    names = [f"model {chr(65 + index)}" for index in range(size)]
    shares = st.floats(0, 1, allow_subnormal=False).filter(_is_clear)
    pref = st.just(math.nan) | shares if soft else st.just(math.nan)
    weight = st.sampled_from([0.5, 1.0, 1.0, 2.0, 3.0]) if soft else st.just(1.0)
    pair = st.permutations(names).map(lambda order: (order[0], order[1]))
    fields = st.tuples(pair, st.sampled_from(list(SHARE)), pref, weight)
    drawn = draw(st.lists(fields, min_size=1, max_size=30))
    rows = [Row(a, b, winner, share, mass) for (a, b), winner, share, mass in drawn]
    links = [Row(one, other, "tie") for one, other in pairwise(names)]
    return rows + (links if connected else [])
