"""What a rating may not depend on, and what it must follow."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import permutations
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.ranking.boards import Row, boards, counted, tallied

from palestra.ranking.bradley_terry import fit
from palestra.ranking.counts import Counts, Rows
from palestra.ranking.leaderboard import rank_counts
from palestra.ranking.pairs import Pairs
from palestra.ranking.scale import MEAN, POINTS
from palestra.ranking.win_rate import student, z_exact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from palestra.ranking.arrays import Floats, Ints
    from palestra.records.rating import Rating

SEED = st.integers(0, 2**32 - 1)
WAYS: list[dict[str, Any]] = [
    {"ci": "sandwich"},
    {"ci": "sandwich", "simultaneous": True},
    {"ci": "bootstrap", "rounds": 20},
    {"method": "win-rate"},
    {"method": "davidson"},
    {"method": "rao-kupper"},
]


def numbers(row: Rating) -> tuple[float, ...]:
    found = (row.rating, row.ci_low, row.ci_high, row.wins, row.losses, row.ties)
    return tuple(math.nan if value is None else value for value in found)


def ranked(counts: Counts, **wishes: Any) -> dict[str, tuple[float, ...]]:
    return {row.model: numbers(row) for row in rank_counts(counts, **wishes).ratings}


def same(found: dict[str, tuple[float, ...]], expected: dict[str, tuple[float, ...]], by: float) -> bool:
    return found.keys() == expected.keys() and all(
        row == pytest.approx(expected[name], abs=by, rel=1e-12, nan_ok=True) for name, row in found.items()
    )


@pytest.mark.parametrize("way", WAYS, ids=str)
@settings(max_examples=40)
@given(rows=boards(soft=False), seed=SEED)
def test_sides_order_and_files_do_not_matter(way: dict[str, Any], rows: list[Row], seed: int) -> None:
    """Not even to a bootstrap: the same battles are the same counts, of which the same are drawn."""
    rng = np.random.default_rng(seed)
    expected = ranked(counted(rows), **way)
    swapped = [
        row.swapped() if flip else row for row, flip in zip(rows, rng.random(len(rows)) < 0.5, strict=True)
    ]
    shuffled = [swapped[index] for index in rng.permutation(len(rows))]
    cuts = [0, *np.sort(rng.integers(0, len(rows), 2)).tolist(), len(rows)]
    files = [shuffled[cuts[part] : cuts[part + 1]] for part in range(3)]
    together = Counts.merge([counted(file) for file in files])
    assert same(ranked(counted(swapped), **way), expected, 1e-9)
    assert same(ranked(counted(shuffled), **way), expected, 1e-9)
    assert same(ranked(together, **way), expected, 1e-9)


@settings(max_examples=60)
@given(rows=boards(), seed=SEED)
def test_soft_and_weighted_rows_know_no_side_either(rows: list[Row], seed: int) -> None:
    """Shares are multiples of 2⁻²⁰, so that 1 − share loses nothing: a share of 0.3 is one of 0.7 from the
    other side only to the last bit, which an interval that rests on tiny residuals can magnify.
    """
    rng = np.random.default_rng(seed)
    rows = [
        replace(row, pref=math.nan if math.isnan(row.pref) else round(row.pref * 2**20) / 2**20)
        for row in rows
    ]
    swapped = [
        row.swapped() if flip else row for row, flip in zip(rows, rng.random(len(rows)) < 0.5, strict=True)
    ]
    shuffled = [swapped[index] for index in rng.permutation(len(rows))]
    assert same(ranked(counted(shuffled)), ranked(counted(rows)), 1e-7)


@pytest.mark.parametrize("way", WAYS, ids=str)
@settings(max_examples=40)
@given(rows=boards(soft=False), seed=SEED)
def test_names_do_not_matter(way: dict[str, Any], rows: list[Row], seed: int) -> None:
    """What is drawn at random is drawn in the order of the names: there, new names keep that order."""
    old = sorted({name for row in rows for name in (row.a, row.b)})
    new = sorted(f"{seed + index} 🦙" for index in range(len(old)))
    if way.get("ci") != "bootstrap" and not way.get("simultaneous"):
        new = [new[index] for index in np.random.default_rng(seed).permutation(len(new))]
    name = dict(zip(old, new, strict=True))
    renamed = [Row(name[row.a], name[row.b], row.winner) for row in rows]
    expected = {name[model]: row for model, row in ranked(counted(rows), **way).items()}
    assert same(ranked(counted(renamed), **way), expected, 1e-9)
    assert same(ranked(counted(rows).rename(name), **way), expected, 1e-9)


NAMED = [
    # C is in the middle of A and B and drew with both: its strength has no variance but what rounding leaves
    [("A", "B", "model_a", 5), ("B", "A", "model_a", 5), ("C", "A", "tie", 3), ("C", "B", "tie", 3)],
    # C lost to B only, and is placed by half a win over the weakest of the core: A and B are equally weak
    [("A", "B", "model_a", 5), ("A", "B", "model_b", 5), ("B", "C", "model_a", 9)],
]


@pytest.mark.parametrize("method", ["bradley-terry", "davidson", "rao-kupper"])
@pytest.mark.parametrize("battles", NAMED, ids=["in the middle", "outside of equals"])
def test_who_is_named_first_among_equals_does_not_matter(
    battles: list[tuple[str, str, str, int]], method: str
) -> None:
    boards = []
    for names in permutations("ABC"):
        name = dict(zip("ABC", names, strict=True))
        renamed = [(name[a], name[b], winner, n) for a, b, winner, n in battles]
        found = ranked(tallied(*renamed), method=method)
        boards.append({old: found[new] for old, new in name.items()})
    assert all(same(board, boards[0], 1e-9) for board in boards)


def by_rows(rows: Sequence[Row], cluster: Ints | None) -> tuple[list[str], Floats, Floats]:
    """Models, ratings and standard errors of a strongly connected board, by a design matrix of its rows."""
    models = sorted({name for row in rows for name in (row.a, row.b)})
    x = np.zeros((len(rows), len(models)))
    for line, row in enumerate(rows):
        x[line, models.index(row.a)], x[line, models.index(row.b)] = 1.0, -1.0
    weight = np.array([row.weight for row in rows])
    share = np.array([row.share for row in rows])
    theta = np.zeros(len(models))
    for _ in range(60):
        p = 1.0 / (1.0 + np.exp(-x @ theta))
        bread = np.linalg.pinv(x.T @ ((weight * p * (1 - p))[:, None] * x), hermitian=True)
        step = bread @ (x.T @ (weight * (share - p)))
        theta += step * min(1.0, 1.0 / max(float(np.abs(step).max()), 1e-300))
    score = x * (weight * (share - p))[:, None]
    if cluster is None:
        meat = score.T @ score
    else:
        names = np.unique(cluster)
        sums = np.stack([score[cluster == name].sum(axis=0) for name in names])
        meat = sums.T @ sums * (names.size / max(names.size - 1, 1))
    variance = np.maximum(np.diag(bread @ meat @ bread), 0.0)  # rounding may leave less than nothing
    return models, MEAN + POINTS * theta, POINTS * np.sqrt(variance)


def learnable(rows: list[Row], cluster: Any) -> Any:
    """The clusters, but that rows of models that have few, and are less sure so, stand alone."""
    models, _, together = by_rows(rows, cluster)
    _, _, apart = by_rows(rows, None)
    lone = set()
    for name, one, other in zip(models, together, apart, strict=True):
        weights: dict[int, float] = {}
        for row, number in zip(rows, cluster.tolist(), strict=True):
            if name in (row.a, row.b):
                weights[number] = weights.get(number, 0.0) + row.weight
        kish = sum(weights.values()) ** 2 / sum(weight**2 for weight in weights.values())
        if kish < 10:
            assume(abs(one - other) > 1e-9)
            lone |= {name} if other > one else set()
    alone = np.array([bool({row.a, row.b} & lone) for row in rows])
    return np.where(alone, 10 + np.arange(len(rows)), cluster)


@settings(max_examples=60)
@given(rows=boards(connected=True), often=st.integers(1, 4), seed=SEED, clustered=st.booleans())
def test_counts_say_what_the_rows_say(rows: list[Row], often: int, seed: int, clustered: bool) -> None:
    """The ratings, and intervals independent or by cluster, of the counts are those of the design matrix
    row by row; a row counted n times is n rows.
    """
    cluster = np.random.default_rng(seed).integers(0, 5, len(rows)) if clustered else None
    counts = Counts.from_rows(
        [row.a for row in rows],
        [row.b for row in rows],
        [row.winner for row in rows],
        pref=[row.pref for row in rows],
        weight=[row.weight for row in rows],
        n=[often] * len(rows),
        cluster=cluster,
    )
    each = None if cluster is None else learnable(rows * often, np.tile(cluster, often))
    models, rating, error = by_rows(rows * often, each)
    assume(error.min() > 1e-6)  # all as expected: no interval
    half = error * (z_exact(0.95) if each is None else student(0.95, max(np.unique(each).size - 1, 1)))
    board = {row.model: row for row in rank_counts(counts).ratings}
    found = np.array([numbers(board[name])[:3] for name in models])
    assert found == pytest.approx(np.stack([rating, rating - half, rating + half], axis=1), abs=1e-7)
    assert found[:, 0] == pytest.approx(rating, abs=1e-9)


@pytest.mark.parametrize("way", WAYS, ids=str)
@settings(max_examples=30)
@given(rows=boards(soft=False), often=st.integers(2, 4))
def test_counted_and_repeated_rows_are_one_thing(way: dict[str, Any], rows: list[Row], often: int) -> None:
    names = [row.a for row in rows], [row.b for row in rows], [row.winner for row in rows]
    counts = Counts.from_rows(*names, n=[often] * len(rows))
    assert same(ranked(counted(rows * often), **way), ranked(counts, **way), 1e-9)


@settings(max_examples=30)
@given(rows=boards(soft=False), seed=SEED, ci=st.sampled_from(["sandwich", "bootstrap"]))
def test_clusters_know_no_sides_order_or_files(rows: list[Row], seed: int, ci: str) -> None:
    rng = np.random.default_rng(seed)
    cluster = rng.integers(0, 6, len(rows))

    def clustered(rows: Sequence[Row], cluster: Ints) -> Counts:
        columns = [row.a for row in rows], [row.b for row in rows], [row.winner for row in rows]
        return Rows.from_names(*columns, cluster=cluster).counts()

    expected = ranked(clustered(rows, cluster), ci=ci, rounds=20)
    order = rng.permutation(len(rows))
    moved = [rows[index].swapped() if rng.random() < 0.5 else rows[index] for index in order]
    assert same(ranked(clustered(moved, cluster[order]), ci=ci, rounds=20), expected, 1e-9)
    cut = len(rows) // 2
    files = [clustered(moved[:cut], cluster[order][:cut]), clustered(moved[cut:], cluster[order][cut:])]
    assert same(ranked(Counts.merge(files), ci=ci, rounds=20), expected, 1e-9)


@settings(max_examples=40)
@given(rows=boards(), unit=st.sampled_from([1e-3, 0.5, 2.0, 1e3]))
def test_the_unit_of_weight_does_not_matter(rows: list[Row], unit: float) -> None:
    """Neither to ratings nor to intervals, also where they rest on the prior, which is in battles."""
    scaled = [Row(row.a, row.b, row.winner, row.pref, row.weight * unit) for row in rows]
    found, expected = ranked(counted(scaled)), ranked(counted(rows))
    for name, row in expected.items():
        assert found[name][:3] == pytest.approx(row[:3], abs=1e-6, nan_ok=True)


def strengths(counts: Counts) -> dict[str, float]:
    return dict(zip(counts.models, (POINTS * fit(Pairs.of(counts)).theta).tolist(), strict=True))


@settings(max_examples=200)
@given(rows=boards(connected=True), weight=st.sampled_from([0.01, 0.5, 1.0, 30.0]), data=st.data())
def test_a_win_never_lowers_a_model_where_battles_say_all(
    rows: list[Row], weight: float, data: st.DataObject
) -> None:
    """On strongly connected boards without exception, neither against the mean nor against anyone else."""
    models = sorted({row.a for row in rows} | {row.b for row in rows})
    winner, loser = data.draw(st.permutations(models))[:2]
    before = strengths(counted(rows))
    after = strengths(counted([*rows, Row(winner, loser, "model_a", weight=weight)]))
    assert after[winner] > before[winner] - 1e-9
    for other in models:
        assert after[winner] - after[other] > before[winner] - before[other] - 1e-9
        assert after[loser] - after[other] < before[loser] - before[other] + 1e-9


@settings(max_examples=300)
@given(rows=boards(soft=False), data=st.data())
def test_a_win_never_lowers_a_model_while_the_same_are_determined(
    rows: list[Row], data: st.DataObject
) -> None:
    """On any other board as long as the win leaves the core and the parts as they are.

    Left out: a win that joins models to the core. Until then their ratings rest on the prior, half a battle
    lost to the best and half a one won against the worst of the core; then it falls away, and where the
    battles alone say less than those two halves did the winner can lose some points. And a win that joins
    two parts: the ratings before and after are relative to other models. And one heavier than the battles
    before it: the prior is in battles of the mean weight, so it grows with it.
    """
    models = sorted({row.a for row in rows} | {row.b for row in rows})
    winner, loser = data.draw(st.permutations(models))[:2]
    before, after = counted(rows), counted([*rows, Row(winner, loser, "model_a")])
    old, new = fit(Pairs.of(before)), fit(Pairs.of(after))
    assume(np.array_equal(old.core, new.core) and np.array_equal(old.component, new.component))
    assert strengths(after)[winner] > strengths(before)[winner] - 1e-8


@settings(max_examples=100)
@given(rows=boards(soft=False, connected=True), data=st.data())
def test_half_a_win_lies_between_none_and_one(rows: list[Row], data: st.DataObject) -> None:
    models = sorted({row.a for row in rows} | {row.b for row in rows})
    one, other = data.draw(st.permutations(models))[:2]
    lost, tied, won = (
        strengths(counted([*rows, Row(one, other, winner)]))[one] for winner in ("model_b", "tie", "model_a")
    )
    assert lost < tied < won
