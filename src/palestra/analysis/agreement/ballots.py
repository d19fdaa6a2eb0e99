"""Verdicts and votes on matchups as arrays, and what each rater decided.

A matchup is a prompt and two models, called x and y; which of the two is x means nothing, and no measure
depends on it. Outcomes are 1 (x won), -1 (y won), 0 (a tie of either kind) and NaN (no decision).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from palestra.errors import DataError
from palestra.ranking.arrays import total

if TYPE_CHECKING:
    from palestra.ranking.arrays import Bools, Floats, Ints

_EVEN = 1e-12
"""Shares this close to ½ are a tie, as `judges` combines verdicts."""


@dataclass(frozen=True, slots=True, eq=False)
class Matchups:
    """Matchups, (m,) each."""

    prompt: Ints
    """Which prompt, from 0."""
    x: Ints
    """Which model, from 0."""
    y: Ints
    category: Ints
    """Which category; -1 where it is not known."""
    length_x: Floats
    """Of x's answer, in any one unit for both; NaN where it is not known."""
    length_y: Floats

    def __post_init__(self) -> None:
        columns = (self.x, self.y, self.category, self.length_x, self.length_y)
        if any(column.shape != self.prompt.shape for column in columns):
            raise DataError("the columns of the matchups differ in length")

    @property
    def size(self) -> int:
        """How many there are."""
        return int(self.prompt.size)

    def take(self, keep: Bools) -> Matchups:
        """Some of them."""
        return Matchups(
            self.prompt[keep],
            self.x[keep],
            self.y[keep],
            self.category[keep],
            self.length_x[keep],
            self.length_y[keep],
        )

    @property
    def stretch(self) -> Floats:
        """How much longer x's answer is, (x − y)/(x + y) in [-1, 1], (m,); 0 if both are empty, NaN if not
        known. So style control measures it (`ranking.style`, `lmarena`).
        """
        both = self.length_x + self.length_y
        return np.asarray((self.length_x - self.length_y) / np.where(both == 0, 1.0, both))


@dataclass(frozen=True, slots=True, eq=False)
class Ballots:
    """Verdicts or votes, (n,) each."""

    matchup: Ints
    rater: Ints
    """Which judge or person, from 0."""
    won: Floats
    """1, 0, -1 or, where the rater failed, NaN."""
    share: Floats
    """x's share of the win in [0, 1], where a rater says more than a winner; else 1, ½ or 0; NaN if failed.
    Only used to put two orders, or repeats, together."""
    side: Floats
    """1 where x was shown first, -1 where y was, 0 where that is not known or orders were combined."""

    def __post_init__(self) -> None:
        columns = (self.rater, self.won, self.share, self.side)
        if any(column.shape != self.matchup.shape for column in columns):
            raise DataError("the columns of the verdicts differ in length")

    @classmethod
    def of_winners(cls, matchup: Ints, rater: Ints, won: Floats, side: Floats | None = None) -> Ballots:
        """Ballots that say no more than who won."""
        return cls(matchup, rater, won, (1.0 + won) / 2, np.zeros(won.shape) if side is None else side)

    def take(self, keep: Bools | Ints) -> Ballots:
        """Some of them."""
        return Ballots(
            self.matchup[keep], self.rater[keep], self.won[keep], self.share[keep], self.side[keep]
        )


def decided(ballots: Ballots, size: int) -> Floats:
    """What one rater's ballots on each of `size` matchups come to, (size,); NaN without a decision.

    One ballot decides alone. Of several in one order, such as repeats, the mean share counts, and of two
    orders the mean of both: above ½ x wins, below ½ y, at ½ it is a tie. So two orders that name different
    winners are a tie. There is no decision where every ballot of one of the orders failed.
    """
    sums, orders, lost, alone, won = (np.zeros(size) for _ in range(5))
    for side in (1.0, -1.0, 0.0):
        part = ballots.take(ballots.side == side)
        good = part.take(~np.isnan(part.won))
        asked = np.bincount(part.matchup, minlength=size)
        told = np.bincount(good.matchup, minlength=size)
        sums += total(good.matchup, good.share, size) / np.maximum(told, 1)
        won += total(good.matchup, good.won, size)
        alone += told
        orders += told > 0
        lost += (asked > 0) & (told == 0)
    share = sums / np.maximum(orders, 1)
    sign = np.where(np.abs(share - 0.5) < _EVEN, 0.0, np.sign(share - 0.5))
    return np.where((orders > 0) & (lost == 0), np.where(alone == 1, won, sign), np.nan)


def decided_in_order(ballots: Ballots, size: int, side: float) -> Floats:
    """What one rater decided where x (`side` 1) or y (-1) was shown first, (size,); NaN elsewhere."""
    return decided(ballots.take(ballots.side == side), size)


@dataclass(frozen=True, slots=True, eq=False)
class Votes:
    """People's votes on each matchup, (m,) each, one for each person and matchup."""

    x: Floats
    """For x."""
    tie: Floats
    y: Floats

    @classmethod
    def of(cls, ballots: Ballots, size: int) -> Votes:
        """Count them. Several votes of one person on one matchup are one: their mean."""
        good = ballots.take(~np.isnan(ballots.won))
        if not good.matchup.size:
            return cls(np.zeros(size), np.zeros(size), np.zeros(size))
        key = good.matchup * (int(good.rater.max()) + 1) + good.rater
        unique, first, number = np.unique(key, return_index=True, return_inverse=True)
        sign = np.sign(np.round(total(number, good.won, unique.size), 9))
        matchup = good.matchup[first]
        return cls(*(total(matchup, (sign == one).astype(np.float64), size) for one in (1.0, 0.0, -1.0)))

    @property
    def count(self) -> Floats:
        """How many people voted, (m,)."""
        return self.x + self.tie + self.y

    @property
    def lean(self) -> Floats:
        """(for x − for y) / all, in [-1, 1], (m,); 0 without votes."""
        return np.asarray((self.x - self.y) / np.maximum(self.count, 1.0))

    def of_outcome(self, outcome: Floats) -> Floats:
        """How many votes say this outcome, (m,); 0 where it is NaN."""
        return np.select([outcome > 0, outcome == 0, outcome < 0], [self.x, self.tie, self.y], 0.0)

    def without(self, outcome: float) -> Votes:
        """The others, as seen by somebody who voted this."""
        return Votes(self.x - (outcome > 0), self.tie - (outcome == 0), self.y - (outcome < 0))

    @property
    def majority(self) -> Floats:
        """The outcome with more votes than any other, a tie being one of the three, (m,); else NaN."""
        most = np.maximum(np.maximum(self.x, self.tie), self.y)
        ahead = sum(((votes == most).astype(np.int64) for votes in (self.x, self.tie, self.y)), start=0)
        named = np.select([self.x == most, self.tie == most], [1.0, 0.0], -1.0)
        return np.where((ahead == 1) & (most > 0), named, np.nan)
