"""Who meets: pairs with few battles and wide intervals first, recent opponents avoided, sides at random."""

from __future__ import annotations

import itertools
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import sqlalchemy as sa

from palestra.analysis.apart import scatter
from palestra.analysis.sampling import pair_chances, result_variances
from palestra.ranking.bradley_terry import fit
from palestra.ranking.counts import Counts, outcome_of
from palestra.ranking.pairs import Pairs
from palestra.records.battle import Source
from palestra.store.arena_schema import battles

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from palestra.ranking.arrays import Floats
    from palestra.records.battle import Battle
    from palestra.store.database import Database

_COUNT_SECONDS = 300.0
"""How often the database is counted anew, for what other processes and deletions changed."""
_PATIENCE = 100.0
"""Fits take at most 1 in so many seconds; on small boards every battle counts at once."""
_AVOIDED = 0.1
"""What is left of a pair's chance for each of the voter's latest battles that one of the two was in, at most
twice."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """Models for a matchup."""

    models: tuple[str, ...]
    """By slot."""
    propensity: float
    """The chance that these models had, in whatever order."""


class Pairing:
    """Draws models. Counts the people's blind battles of each pair, and carries on by itself."""

    def __init__(self, database: Database, rng: np.random.Generator) -> None:
        self._database = database
        self._rng = rng
        self._table: dict[tuple[str, str, int], int] = {}
        self._counted: float | None = None
        self._counting = threading.Lock()
        self._chances: dict[tuple[tuple[str, float], ...], Floats] = {}
        self._stale_after: float | None = None
        """When chances are to be computed anew; None: they are as good as new."""
        self._fit_seconds = 0.0

    def count(self) -> None:
        """Count the database's battles, if that is due. Best done in a thread.

        Raises:
            StoreError: the database cannot be read.
        """
        with self._counting:
            now = time.monotonic()
            if self._counted is None or now - self._counted >= _COUNT_SECONDS:
                self._count(now)

    def _count(self, now: float) -> None:
        columns = (battles.c.model_a, battles.c.model_b, battles.c.winner)
        people = (battles.c.source == Source.HUMAN.value) & (battles.c.anonymous == sa.true())
        query = sa.select(*columns, sa.func.count()).where(people).group_by(*columns)
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        self._table = {(a, b, int(outcome_of(winner))): n for a, b, winner, n in rows}
        self._counted = now
        self._stale_after = now

    def add(self, decided: Sequence[Battle]) -> None:
        """Count blind battles that were decided just now."""
        for battle in decided:
            key = (battle.model_a, battle.model_b, int(outcome_of(battle.winner.value)))
            self._table[key] = self._table.get(key, 0) + 1
        if self._stale_after is None:
            self._stale_after = time.monotonic() + _PATIENCE * self._fit_seconds

    def draw(self, weights: Mapping[str, float], size: int, recent: Sequence[tuple[str, ...]]) -> Drawn:
        """Draw `size` of the models, with their sides.

        `weights` are those of the models that may be drawn; `recent` are the models of the voter's latest
        battles. The first two are drawn as a pair, each further one in proportion to the sum of its pairs'
        chances with those that are in already.

        Raises:
            UsageError: fewer models than two have a weight above 0.
        """
        labels = [label for label, weight in weights.items() if weight > 0]
        chances = self._avoiding(labels, self._pair_chances(labels, weights), recent)
        first, second = np.triu_indices(len(labels), 1)
        pair = int(self._rng.choice(first.size, p=chances[first, second] / chances[first, second].sum()))
        chosen = [int(first[pair]), int(second[pair])]
        while len(chosen) < min(size, len(labels)):
            odds = _further(chances, chosen)
            chosen.append(int(self._rng.choice(len(labels), p=odds / odds.sum())))
        propensity = _propensity(chances, sorted(chosen))
        self._rng.shuffle(chosen)
        return Drawn(tuple(labels[place] for place in chosen), propensity)

    def _pair_chances(self, labels: Sequence[str], weights: Mapping[str, float]) -> Floats:
        key = tuple((label, weights[label]) for label in labels)
        began = time.monotonic()
        if self._stale_after is not None and began >= self._stale_after:
            self._chances.clear()
            self._stale_after = None
        if key not in self._chances:
            counts = self._counts(labels)
            pairs = Pairs.of(counts)
            fitted = fit(pairs)
            variance = result_variances(fitted.theta, fitted.component, scatter(pairs, fitted))
            order = np.array([counts.models.index(label) for label in labels], dtype=np.int64)
            met = _met(counts)[np.ix_(order, order)]
            given = np.array([weights[label] for label in labels], dtype=np.float64)
            self._chances[key] = pair_chances(variance[np.ix_(order, order)], met, weights=given)
            self._fit_seconds = time.monotonic() - began
        return self._chances[key]

    def _counts(self, labels: Sequence[str]) -> Counts:
        position = {label: place for place, label in enumerate(labels)}
        rows = [
            (position[a], position[b], outcome, n)
            for (a, b, outcome), n in self._table.items()
            if a in position and b in position
        ]
        columns = np.array(rows, dtype=np.int64).reshape(len(rows), 4).T
        return Counts.from_codes(labels, *columns[:3], n=columns[3])

    def _avoiding(self, labels: Sequence[str], chances: Floats, recent: Sequence[tuple[str, ...]]) -> Floats:
        seen = np.array([sum(label in models for models in recent) for label in labels], dtype=np.float64)
        factor = _AVOIDED ** np.minimum(seen, 2.0)
        left = chances * np.outer(factor, factor)
        total = left.sum() / 2
        return chances if total <= 0 else np.asarray(left / total)


def _met(counts: Counts) -> Floats:
    size = len(counts.models)
    met = np.zeros((size, size))
    np.add.at(met, (counts.a, counts.b), counts.n)
    return np.asarray(met + met.T)


def _further(chances: Floats, chosen: Sequence[int]) -> Floats:
    """In proportion to the chances of each model to come next."""
    odds = np.array(chances[list(chosen)].sum(axis=0))
    odds[list(chosen)] = 0.0
    return odds if odds.sum() > 0 else np.isin(np.arange(len(chances)), chosen, invert=True).astype(float)


def _propensity(chances: Floats, members: Sequence[int]) -> float:
    """The chance that exactly these models are drawn, over all orders in which that can happen."""
    whole = 0.0
    for pair in itertools.combinations(members, 2):
        rest = [place for place in members if place not in pair]
        for order in itertools.permutations(rest):
            chance = float(chances[pair])
            chosen = list(pair)
            for place in order:
                odds = _further(chances, chosen)
                chance *= float(odds[place] / odds.sum())
                chosen.append(place)
            whole += chance
    return min(whole, 1.0)
