"""Decisions, votes and their sums, against the plainest way of counting them."""

from __future__ import annotations

import math
from collections import Counter
from itertools import combinations

import numpy as np
import pytest

from palestra.analysis.agreement.assess import JudgeBallots, Wish, assess
from palestra.analysis.agreement.ballots import Ballots, Matchups, Votes, decided
from palestra.analysis.agreement.findings import Estimate, Group
from palestra.analysis.agreement.resampling import Resampled
from palestra.analysis.agreement.weights import panel_weights
from palestra.errors import DataError, UsageError

NAN = math.nan


def ballots(*rows: tuple[int, float, float, float]) -> Ballots:
    """(matchup, won, share, side) each, of one rater."""
    matchup, won, share, side = (np.array(column) for column in zip(*rows, strict=True))
    return Ballots(matchup.astype(np.int64), np.zeros(len(rows), dtype=np.int64), won, share, side)


@pytest.mark.parametrize(
    ("rows", "outcome"),
    [
        ([(0, 1, 0.5, 1)], 1),  # alone, the winner counts whatever the share is
        ([(0, 0, 0.5, 0)], 0),
        ([(0, 1, 1, 1), (0, 1, 1, -1)], 1),
        ([(0, 1, 1, 1), (0, -1, 0, -1)], 0),  # two orders, two winners
        ([(0, 1, 1, 1), (0, -1, 0.25, -1)], 1),  # a strong verdict outweighs a weak one
        ([(0, 1, 0.75, 1), (0, 0, 0.5, -1)], 1),
        ([(0, 1, 1, 1), (0, 1, 1, 1), (0, -1, 0, -1)], 0),  # repeats of one order count once
        ([(0, 1, 1, 1), (0, NAN, NAN, 1), (0, 1, 1, -1)], 1),  # one repeat of two failed
        ([(0, 1, 1, 1), (0, NAN, NAN, -1)], NAN),  # one order failed
        ([(0, NAN, NAN, 0)], NAN),
    ],
)
def test_verdicts_on_one_matchup_come_to_one_decision(
    rows: list[tuple[int, float, float, float]], outcome: float
) -> None:
    found = decided(ballots(*rows), 2)
    assert np.array_equal(found, [outcome, NAN], equal_nan=True)


def test_columns_of_different_lengths_are_refused() -> None:
    none, one = np.zeros(0), np.zeros(1, dtype=np.int64)
    with pytest.raises(DataError, match="differ in length"):
        Ballots(one, one, none, none, none)
    with pytest.raises(DataError, match="differ in length"):
        Matchups(one, one, one, one, none, none)


def test_one_person_has_one_vote_on_a_matchup() -> None:
    votes = Votes.of(
        Ballots.of_winners(
            np.array([0, 0, 0, 1, 1]), np.array([0, 0, 1, 0, 0]), np.array([1.0, 1, -1, 1, -1])
        ),
        2,
    )
    assert (votes.x.tolist(), votes.tie.tolist(), votes.y.tolist()) == ([1, 0], [0, 1], [1, 0])
    assert np.array_equal(votes.majority, [NAN, 0], equal_nan=True)


def world(seed: int, matchups: int = 60) -> tuple[Matchups, list[JudgeBallots], Ballots]:
    """Two judges, five people, some of whom say nothing; everything at random."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 4, matchups)
    place = Matchups(
        prompt=np.arange(matchups) // 2,
        x=x,
        y=(x + rng.integers(1, 4, matchups)) % 4,
        category=np.arange(matchups) % 3,
        length_x=rng.integers(1, 9, matchups).astype(float),
        length_y=rng.integers(1, 9, matchups).astype(float),
    )
    judges = []
    for name in ("one", "two"):
        at = np.flatnonzero(rng.random(2 * matchups) < 0.8)
        won = rng.choice([1.0, 0.0, -1.0, NAN], at.size, p=[0.4, 0.2, 0.3, 0.1])
        told = Ballots.of_winners(
            at // 2, np.zeros(at.size, dtype=np.int64), won, np.where(at % 2 == 0, 1.0, -1.0)
        )
        failure = tuple("timeout" if np.isnan(one) else None for one in won)
        cost = np.where(rng.random(at.size) < 0.5, 0.01, NAN)
        judges.append(JudgeBallots(name, told, failure, cost, np.array([True, False, False, False])))
    cell = np.flatnonzero(rng.random(5 * matchups) < 0.6)
    people = Ballots.of_winners(
        cell // 5, cell % 5, rng.choice([1.0, 0.0, -1.0], cell.size, p=[0.4, 0.3, 0.3])
    )
    return place, judges, people


def assessed(seed: int) -> tuple[Group, Matchups, list[JudgeBallots], Ballots]:
    place, judges, people = world(seed)
    return assess(place, judges, people, "ABCD", Wish(rounds=50)), place, judges, people


def by_matchup(people: Ballots) -> dict[int, list[float]]:
    found: dict[int, list[float]] = {}
    for matchup, won in zip(people.matchup.tolist(), people.won.tolist(), strict=True):
        found.setdefault(matchup, []).append(won)
    return found


def plurality(votes: list[float]) -> float | None:
    most = Counter(votes).most_common()
    return most[0][0] if most and (len(most) == 1 or most[0][1] > most[1][1]) else None


def counted(pairs: list[tuple[float, float]]) -> tuple[int, int, int, int]:
    """(same, all, same without ties, all without ties)."""
    bold = [(a, b) for a, b in pairs if a and b]
    return sum(a == b for a, b in pairs), len(pairs), sum(a == b for a, b in bold), len(bold)


@pytest.mark.parametrize("seed", range(4))
def test_agreement_is_what_a_list_of_all_pairs_says(seed: int) -> None:
    group, place, judges, people = assessed(seed)
    votes = by_matchup(people)
    for judge, found in zip(judges, group.judges, strict=True):
        outcome = decided(judge.ballots, place.size)
        sure = {m: float(won) for m, won in enumerate(outcome) if not np.isnan(won)}
        with_votes = [(won, vote) for m, won in sure.items() for vote in votes.get(m, [])]
        with_most = [(won, plurality(votes.get(m, []))) for m, won in sure.items()]
        pairs = [pair for m in sure for pair in combinations(votes.get(m, []), 2)]
        others = [
            (vote, plurality([*told[:at], *told[at + 1 :]]))
            for m in sure
            for told in [votes.get(m, [])]
            for at, vote in enumerate(told)
        ]
        for agreement, expected in (
            (found.votes, with_votes),
            (found.majority, [(a, b) for a, b in with_most if b is not None]),
            (found.people_votes, pairs),
            (found.people_majority, [(a, b) for a, b in others if b is not None]),
        ):
            assert agreement is not None
            told = agreement.with_ties, agreement.without_ties
            assert (told[0].hits, told[0].n, told[1].hits, told[1].n) == counted(expected)
            assert told[0].value == pytest.approx(counted(expected)[0] / counted(expected)[1])


@pytest.mark.parametrize("seed", range(4))
def test_orders_are_what_a_list_of_all_matchups_says(seed: int) -> None:
    group, _, judges, people = assessed(seed)
    votes = by_matchup(people)
    for judge, found in zip(judges, group.judges, strict=True):
        told = judge.ballots
        orders: dict[int, dict[float, float]] = {}
        for matchup, won, side in zip(
            told.matchup.tolist(), told.won.tolist(), told.side.tolist(), strict=True
        ):
            if not math.isnan(won):
                orders.setdefault(matchup, {})[side] = won
        both = [one for one in orders.values() if len(one) == 2]
        at = found.position
        assert (at.consistency.hits, at.consistency.n) == (sum(o[1] == o[-1] for o in both), len(both))
        assert at.flips.hits == sum(o[1] * o[-1] == -1 for o in both)
        assert at.flips_to_first.hits == sum((o[1], o[-1]) == (1, -1) for o in both)
        assert at.flips_to_second.hits == sum((o[1], o[-1]) == (-1, 1) for o in both)
        singles = [(side, won) for one in orders.values() for side, won in one.items() if won]
        assert (at.first_share.hits, at.first_share.n) == (sum(s == w for s, w in singles), len(singles))
        best = {m: plurality(votes.get(m, [])) for m in orders}
        better = {m: side for m, side in best.items() if side}
        first = [orders[m][side] == side for m, side in better.items() if side in orders[m]]
        assert (at.right_when_first.hits, at.right_when_first.n) == (sum(first), len(first))
        whole = [all(won == better[m] for won in orders[m].values()) for m in better if len(orders[m]) == 2]
        assert (at.right_in_both.hits, at.right_in_both.n) == (sum(whole), len(whole))
        assert found.coverage.n_both_orders == len(both)


@pytest.mark.parametrize("seed", range(4))
def test_length_and_family_are_what_a_list_says(seed: int) -> None:
    group, place, judges, people = assessed(seed)
    votes = by_matchup(people)
    for judge, found in zip(judges, group.judges, strict=True):
        outcome = decided(judge.ballots, place.size)
        assert found.length is not None
        assert found.own_family is not None
        longer = np.sign(place.length_x - place.length_y)
        own = (place.x == 0).astype(float) - (place.y == 0)
        for sign, share, people_share, excess in (
            (longer, found.length.longer_share, found.length.people_longer_share, found.length.excess),
            (own, found.own_family.share, found.own_family.people_share, found.own_family.excess),
        ):
            at = [m for m in range(place.size) if sign[m] and m in votes and not np.isnan(outcome[m])]
            mine = [(1 + sign[m] * outcome[m]) / 2 for m in at]
            theirs = [np.mean([(1 + sign[m] * vote) / 2 for vote in votes[m]]) for m in at]
            assert share.n == len(at)
            assert share.value == pytest.approx(np.mean(mine))
            assert people_share.value == pytest.approx(np.mean(theirs))
            assert excess.value == pytest.approx(np.mean(mine) - np.mean(theirs))


def test_failures_are_counted_and_are_no_ties() -> None:
    group, place, judges, _ = assessed(1)
    for judge, found in zip(judges, group.judges, strict=True):
        failed = int(np.isnan(judge.ballots.won).sum())
        told = found.coverage
        assert failed > 0
        assert (told.n_verdicts, told.n_failed, told.failures) == (
            judge.ballots.won.size,
            failed,
            {"timeout": failed},
        )
        assert told.n_decided == int((~np.isnan(decided(judge.ballots, place.size))).sum())
        priced = ~np.isnan(judge.cost)
        assert told.cost_usd == pytest.approx(0.01 * priced.sum())
        assert told.n_priced == int((priced & ~np.isnan(judge.ballots.won)).sum())
        assert told.cost_usd is not None
        assert told.cost_per_thousand == pytest.approx(1000 * told.cost_usd / told.n_priced)


def test_the_bootstrap_has_the_spread_that_theory_gives() -> None:
    """The standard error of a mean of independent shares."""
    hits = (np.random.default_rng(3).random(400) < 0.7).astype(float)
    drawn = Resampled.of(
        {"j": {"hits": hits, "n": np.ones(400)}}, np.arange(400), rounds=4000, level=0.95, seed=0
    )
    found = drawn.share("j", "hits", "n")
    error = math.sqrt(found.value * (1 - found.value) / 400)
    assert found.error == pytest.approx(error, rel=0.05)
    assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.05)


def test_rows_that_depend_on_each_other_are_resampled_together() -> None:
    hits = np.repeat((np.random.default_rng(3).random(100) < 0.7).astype(float), 9)
    columns = {"j": {"hits": hits, "n": np.ones(900)}}
    whole, alone = (
        Resampled.of(columns, cluster, rounds=2000, level=0.95, seed=0).share("j", "hits", "n").error
        for cluster in (np.arange(900) // 9, np.arange(900))
    )
    assert whole == pytest.approx(3 * alone, rel=0.1)


def test_a_share_that_no_resample_changes_gets_wilsons_interval() -> None:
    """30 of 30: 0.886 to 1, as tables have it."""
    drawn = Resampled.of(
        {"j": {"hits": np.ones(30), "n": np.ones(30)}}, np.arange(30), rounds=20, level=0.95, seed=0
    )
    found = drawn.share("j", "hits", "n")
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(0.8865, abs=1e-3)


@pytest.mark.parametrize(("name", "value"), [("rounds", 1), ("seed", -1), ("level", 1.0)])
def test_a_bootstrap_that_makes_no_sense_is_refused(name: str, value: float) -> None:
    place, judges, people = world(0)
    with pytest.raises(UsageError):
        assess(place, judges, people, "ABCD", Wish(**{name: value}))  # type: ignore[arg-type]


def test_a_panel_weighs_its_judges_by_their_log_odds() -> None:
    """(80 + ½)/(100 + 1) and (60 + ½)/(100 + 1), and a judge that is no better than a coin."""
    found = panel_weights(
        {"good": Estimate(n=100, hits=80), "fair": Estimate(n=100, hits=60), "coin": Estimate(n=100, hits=50)}
    )
    good, fair = (math.log(hits / (101 - hits)) for hits in (80.5, 60.5))
    assert found == pytest.approx({"good": good / (good + fair), "fair": fair / (good + fair)})
    assert panel_weights({"none": Estimate()}) == {}
