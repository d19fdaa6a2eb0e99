"""How voters vote, and whose votes look careless or made up. Everything is an array; nobody is named.

Each test asks how likely what is seen would be of an honest voter, and its level is shared among all voters
(Bonferroni), so that among honest voters hardly anyone is ever suspected:

* a side: models meet on sides drawn at random, so of decisive votes first and last place get half each;
* ties: as likely as in everybody else's votes;
* the board: a voter picks the favourite of a pair as often as the fitted ratings say. Tastes differ, so the
  shortfall must be large as well. The voter's own votes are part of the board, which makes the test mild.

Two rules need no test: votes that come faster than anybody reads, and an address that many voters share.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from palestra.errors import UsageError

if TYPE_CHECKING:
    from palestra.ranking.arrays import Bools, Floats, Ints

LEVEL = 0.001
"""The chance that anybody honest at all is suspected by one of the tests."""
READING = 100.0
"""Characters a second, some 1,200 words a minute, beyond which nobody reads."""
GLANCE = 200
"""Characters that are taken in at a glance."""
_FEW_FAST = 5
_MANY_VOTERS = 10
_SHORTFALL = 0.1
_TIED = 0.9
_EXACT = 2000
"""Opinions of one voter up to which the tail is summed exactly."""


class Suspicion(StrEnum):
    """Why a voter's votes should be looked at."""

    SAME_SIDE = "same_side"
    """The first, or the last, answer wins far too often."""
    ALWAYS_TIE = "always_tie"
    """Nearly all votes are ties, far more than others'."""
    FAST = "fast"
    """Most votes came faster than the answers can be read."""
    SHARED_ADDRESS = "shared_address"
    """Many voters came from the same address."""
    DISAGREES = "disagrees"
    """The favourite loses far more often than it should."""


@dataclass(frozen=True, slots=True, eq=False)
class Votes:
    """Votes of V voters, (votes,) each."""

    voter: Ints
    """From 0 to V − 1."""
    first: Bools
    """Whether the answer shown first won."""
    last: Bools
    tied: Bools
    """Tie or both bad."""
    fast: Bools
    """See `too_fast`."""


@dataclass(frozen=True, slots=True, eq=False)
class Opinions:
    """Decisive battles of models whose ratings can be compared, (battles,) each."""

    voter: Ints
    favoured: Floats
    """The chance that the fitted ratings give the favourite, at least ½."""
    agreed: Bools
    """Whether the voter picked the favourite."""


@dataclass(frozen=True, slots=True, eq=False)
class Habits:
    """What each voter does, (V,) each."""

    votes: Ints
    first: Ints
    last: Ints
    tied: Ints
    fast: Ints
    opinions: Ints
    agreed: Ints
    expected: Floats
    """How many agreements the ratings expect."""
    p_side: Floats
    """Of a voter who does not look at sides; 1 without decisive votes."""
    p_tied: Floats
    p_agreed: Floats


def too_fast(seconds: float, characters: int) -> bool:
    """Whether a vote so long after the battle began cannot rest on reading so much."""
    return characters > GLANCE and seconds * READING < characters


def habits(votes: Votes, opinions: Opinions, n_voters: int) -> Habits:
    """Count what each of `n_voters` voters did, and how likely that is."""
    total = np.bincount(votes.voter, minlength=n_voters)
    counted = [
        np.bincount(votes.voter[which], minlength=n_voters)
        for which in (votes.first, votes.last, votes.tied, votes.fast)
    ]
    first, last, tied, fast = counted
    told = np.bincount(opinions.voter, minlength=n_voters)
    agreed = np.bincount(opinions.voter[opinions.agreed], minlength=n_voters)
    expected = np.zeros(n_voters)
    np.add.at(expected, opinions.voter, opinions.favoured)
    sides = [_two_sided(a, a + b) for a, b in zip(first.tolist(), last.tolist(), strict=True)]
    ties = [
        binomial_tail(k, n, (tied.sum() - k + 1) / (total.sum() - n + 2))
        for k, n in zip(tied.tolist(), total.tolist(), strict=True)
    ]
    order = np.argsort(opinions.voter, kind="stable")
    own = np.split(opinions.favoured[order], np.cumsum(told)[:-1]) if n_voters else []
    below = [at_most(k, chances) for k, chances in zip(agreed.tolist(), own, strict=True)]
    p_side, p_tied, p_agreed = (np.array(values, dtype=np.float64) for values in (sides, ties, below))
    return Habits(total, first, last, tied, fast, told, agreed, expected, p_side, p_tied, p_agreed)


def suspicions(found: Habits, sharing: Ints, level: float = LEVEL) -> list[tuple[Suspicion, ...]]:
    """Why each voter is suspected, (V,); mostly not at all.

    `sharing`, (V,): how many voters voted from one of the voter's addresses, the voter among them.

    Raises:
        UsageError: a level outside (0, 1).
    """
    if not 0 < level < 1:
        raise UsageError(f"a level of {level!r}; give one between 0 and 1, such as {LEVEL}")
    strict = level / max(found.votes.size, 1)
    told = np.maximum(found.opinions, 1)
    short = (found.expected - found.agreed) / told
    votes = np.maximum(found.votes, 1)
    which = {
        Suspicion.SAME_SIDE: found.p_side < strict,
        Suspicion.ALWAYS_TIE: (found.p_tied < strict) & (found.tied >= _TIED * votes),
        Suspicion.FAST: (found.fast >= _FEW_FAST) & (2 * found.fast > found.votes),
        Suspicion.SHARED_ADDRESS: np.asarray(sharing) >= _MANY_VOTERS,
        Suspicion.DISAGREES: (found.p_agreed < strict) & (short > _SHORTFALL),
    }
    return [
        tuple(why for why, suspected in which.items() if suspected[voter])
        for voter in range(found.votes.size)
    ]


def binomial_tail(k: int, n: int, p: float) -> float:
    """The chance of `k` or more of `n`, each with the chance `p` in (0, 1)."""
    if k <= 0:
        return 1.0
    logs = [
        math.lgamma(n + 1)
        - math.lgamma(i + 1)
        - math.lgamma(n - i + 1)
        + i * math.log(p)
        + (n - i) * math.log1p(-p)
        for i in range(k, n + 1)
    ]
    return min(1.0, math.fsum(map(math.exp, logs)))


def at_most(k: int, chances: Floats) -> float:
    """The chance that at most `k` of independent events happen, which have these chances, (n,).

    Exact (the distribution is built up event by event) up to a few thousand events, beyond that normal with a
    correction for continuity. Without events, 1.
    """
    n = chances.size
    if n > _EXACT:
        spread = math.sqrt(float((chances * (1 - chances)).sum()))
        if spread == 0:
            return float(k >= chances.sum())
        return 0.5 * math.erfc(-(k + 0.5 - float(chances.sum())) / (spread * math.sqrt(2)))
    share = np.zeros(n + 1)
    share[0] = 1.0
    for chance in chances.tolist():
        share[1:] = share[1:] * (1 - chance) + share[:-1] * chance
        share[0] *= 1 - chance
    return float(min(1.0, share[: k + 1].sum()))


def _two_sided(k: int, n: int) -> float:
    """How likely so uneven a split of `n` is when both sides have even chances."""
    return min(1.0, 2 * binomial_tail(max(k, n - k), n, 0.5)) if n else 1.0
