"""Judges held against people: every measure of every judge, overall and in each category."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from palestra.analysis.agreement import columns as counted
from palestra.analysis.agreement.ballots import Ballots, Votes, decided
from palestra.analysis.agreement.findings import Coverage, Group, JudgeFindings, Length, People
from palestra.analysis.agreement.leanings import leanings
from palestra.analysis.agreement.measures import agreement_of, family_of, fleiss_of, length_of, position_of
from palestra.analysis.agreement.resampling import Resampled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from palestra.analysis.agreement.ballots import Matchups
    from palestra.analysis.agreement.columns import Columns
    from palestra.ranking.arrays import Bools, Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class JudgeBallots:
    """One judge's verdicts, n of them."""

    judge: str
    ballots: Ballots
    failure: tuple[str | None, ...]
    """Why there is no verdict, (n,); None where there is one."""
    cost: Floats
    """US dollars, (n,); NaN where not known."""
    family: Bools
    """Which models are of the judge's family, (models,)."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How numbers are made."""

    rounds: int = 1000
    level: float = 0.95
    seed: int = 0
    by_prompt: bool = True
    """Whether resamples are of prompts; else of matchups."""
    is_gold: bool = False
    """Whether the reference is one label for each matchup, not people."""


@dataclass(frozen=True, slots=True, eq=False)
class _Seat:
    """A judge with what it decided on each matchup."""

    judge: JudgeBallots
    outcome: Floats
    parts: dict[str, Columns] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class _Scene:
    """What all judges share."""

    matchups: Matchups
    people: Ballots
    votes: Votes
    models: Sequence[str]
    cluster: Ints
    drawn: Resampled
    wish: Wish


def assess(
    matchups: Matchups,
    judges: Sequence[JudgeBallots],
    people: Ballots,
    models: Sequence[str],
    wish: Wish,
    *,
    leaning: bool = True,
) -> Group:
    """All measures of these judges on these matchups; `people` are votes, or one gold label for each.

    Without `leaning` nothing is said of length and own family, and no coefficient is fitted.

    Raises:
        UsageError: rounds, a level or a seed that make no sense.
    """
    votes = Votes.of(people, matchups.size)
    seats = [_seat(judge, matchups, votes) for judge in judges]
    together = _votes_of_judges([seat.outcome for seat in seats], matchups.size)
    parts = {
        "people": {**counted.sides(people, matchups.size), **counted.raters(votes)},
        "judges": counted.raters(together),
    }
    for at, seat in enumerate(seats):
        parts |= {f"{at}:{name}": part for name, part in seat.parts.items()}
    cluster = matchups.prompt if wish.by_prompt else np.arange(matchups.size)
    drawn = Resampled.of(parts, cluster, rounds=wish.rounds, level=wish.level, seed=wish.seed)
    scene = _Scene(matchups, people, votes, models, cluster, drawn, wish)
    found = [_findings(scene, f"{at}:", seat) for at, seat in enumerate(seats)]
    if leaning:
        found = [
            _leaning(scene, f"{at}:", seat, told)
            for at, (seat, told) in enumerate(zip(seats, found, strict=True))
        ]
    return Group(tuple(found), _people(scene), fleiss_of(drawn, "judges") if len(judges) > 1 else None)


def in_category(
    matchups: Matchups, judges: Sequence[JudgeBallots], people: Ballots, category: int
) -> tuple[Matchups, list[JudgeBallots], Ballots]:
    """The same of the matchups of one category."""
    inside = matchups.category == category
    number = np.cumsum(inside) - 1

    def cut(ballots: Ballots, keep: Bools) -> Ballots:
        kept = ballots.take(keep)
        return replace(kept, matchup=number[kept.matchup])

    some = []
    for judge in judges:
        keep = inside[judge.ballots.matchup]
        reasons = tuple(why for why, kept in zip(judge.failure, keep.tolist(), strict=True) if kept)
        some.append(replace(judge, ballots=cut(judge.ballots, keep), failure=reasons, cost=judge.cost[keep]))
    return matchups.take(inside), some, cut(people, inside[people.matchup])


def _seat(judge: JudgeBallots, matchups: Matchups, votes: Votes) -> _Seat:
    outcome = decided(judge.ballots, matchups.size)
    where = ~np.isnan(outcome)
    family = judge.family.astype(np.float64)
    own = family[matchups.x] - family[matchups.y] if family.size else np.zeros(matchups.size)
    parts = {
        "votes": counted.against_votes(outcome, votes),
        "majority": counted.against_majority(outcome, votes.majority),
        "people_votes": counted.people_votes(votes, where),
        "people_majority": counted.people_majority(votes, where),
        "sides": counted.sides(judge.ballots, matchups.size),
        "orders": counted.orders(judge.ballots, votes.majority),
        "length": counted.preference(outcome, votes, np.sign(matchups.stretch)),
        "family": counted.preference(outcome, votes, own),
    }
    return _Seat(judge, outcome, parts)


def _votes_of_judges(outcomes: Sequence[Floats], size: int) -> Votes:
    """The judges' decisions as votes, to see how far judges agree with each other."""
    return Votes(
        *(
            sum(((outcome == one).astype(np.float64) for outcome in outcomes), start=np.zeros(size))
            for one in (1.0, 0.0, -1.0)
        )
    )


def _findings(scene: _Scene, prefix: str, seat: _Seat) -> JudgeFindings:
    drawn, is_gold = scene.drawn, scene.wish.is_gold
    return JudgeFindings(
        judge=seat.judge.judge,
        votes=agreement_of(drawn, f"{prefix}votes"),
        majority=agreement_of(drawn, f"{prefix}majority"),
        people_votes=None if is_gold else agreement_of(drawn, f"{prefix}people_votes"),
        people_majority=None if is_gold else agreement_of(drawn, f"{prefix}people_majority"),
        position=position_of(drawn, prefix),
        coverage=_coverage(seat, scene.votes),
    )


def _leaning(scene: _Scene, prefix: str, seat: _Seat, told: JudgeFindings) -> JudgeFindings:
    """The same with what order, length and family are worth."""
    matchups, people, level = scene.matchups, scene.people, scene.wish.level
    own = leanings(seat.judge.ballots, matchups, scene.cluster, level=level, votes=scene.votes)
    length: Length | None = None
    if not np.isnan(matchups.stretch).all():
        same = people.take(~np.isnan(seat.outcome[people.matchup]))
        theirs = leanings(same, matchups, scene.cluster, level=level)
        length = length_of(scene.drawn, f"{prefix}length", own.length, theirs.length)
    names = tuple(name for name, mine in zip(scene.models, seat.judge.family.tolist(), strict=True) if mine)
    return replace(
        told,
        position=replace(told.position, log_odds=own.side),
        length=length,
        own_family=family_of(scene.drawn, f"{prefix}family", names) if names else None,
        notes=own.notes,
    )


def _people(scene: _Scene) -> People:
    count = scene.votes.count
    return People(
        n_votes=int(count.sum()),
        n_matchups=int((count > 0).sum()),
        n_voters=None,
        fleiss_kappa=None if scene.wish.is_gold else fleiss_of(scene.drawn, "people"),
        first_share=scene.drawn.share("people", "first", "bold"),
    )


def _coverage(seat: _Seat, votes: Votes) -> Coverage:
    judge, size = seat.judge, seat.outcome.size
    ballots = judge.ballots
    asked = np.bincount(ballots.matchup, minlength=size) > 0
    lost, both = (_orders(ballots, size, failed=failed) for failed in (True, False))
    readable = ~np.isnan(ballots.won)
    priced = ~np.isnan(judge.cost)
    reasons: Mapping[str, int] = Counter(why for why in judge.failure if why is not None)
    return Coverage(
        n_verdicts=int(ballots.won.size),
        n_failed=int((~readable).sum()),
        failures=dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0]))),
        n_matchups=int(asked.sum()),
        n_decided=int((~np.isnan(seat.outcome)).sum()),
        n_joined=int((~np.isnan(seat.outcome) & (votes.count > 0)).sum()),
        n_both_orders=int(both.sum()),
        n_lost_orders=int((lost & ~both).sum()),
        cost_usd=float(judge.cost[priced].sum()) if priced.any() else None,
        n_priced=int((priced & readable).sum()),
    )


def _orders(ballots: Ballots, size: int, *, failed: bool) -> Bools:
    """Where both orders have a verdict; with `failed`, where both were asked and neither has one."""
    sides = []
    for side in (1.0, -1.0):
        part = ballots.take(ballots.side == side)
        asked = np.bincount(part.matchup, minlength=size) > 0
        told = np.bincount(part.matchup, (~np.isnan(part.won)).astype(np.float64), size) > 0
        sides.append(asked & ~told if failed else told)
    return np.asarray(sides[0] & sides[1])
