from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ranking.boards import Row, boards, counted, tallied

from palestra.ranking import bradley_terry, intervals
from palestra.ranking.counts import Counts
from palestra.ranking.pairs import Pairs
from palestra.ranking.ties import TieFit, davidson, rao_kupper

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

BOTH = pytest.mark.parametrize("model", [davidson, rao_kupper])
OUTCOMES = ("model_a", "model_b", "tie", "tie (bothbad)")
PUDDINGS = (
    "12 19 22 16|13 16 19 12|23 19 19 10|14 18 23 13|24 23 19 9|34 19 20 15|15 13 19 18|25 16 20 12|"
    "35 16 15 17|45 17 14 16|16 18 21 12|26 22 20 12|36 13 18 10|46 14 19 18|56 11 21 12"
)
"""Davidson's example 2: pair, wins of the first, wins of the second, ties."""


def puddings() -> Counts:
    results = []
    for line in PUDDINGS.split("|"):
        pair, *numbers = line.split()
        results += [(pair[0], pair[1], winner, int(n)) for winner, n in zip(OUTCOMES, numbers, strict=False)]
    return tallied(*results)


def chances(model: object, one: float, other: float, tie: float, kappa: float) -> list[float]:
    """Of the four outcomes for two strengths exp θ, as the papers write them."""
    p, q = math.exp(one), math.exp(other)
    if model is davidson:
        parts = [p, q, tie * math.sqrt(p * q), kappa]
        return [part / sum(parts) for part in parts]
    won, lost = p / (p + tie * q), q / (q + tie * p)
    bad = kappa / (kappa + math.sqrt(p * q))
    return [(1 - bad) * part for part in (won, lost, (tie**2 - 1) * won * lost)] + [bad]


def row_log_likelihood(model: object, row: Row, theta: dict[str, float], tie: float, kappa: float) -> float:
    found = chances(model, theta[row.a], theta[row.b], tie, kappa)
    if not math.isnan(row.pref):
        shares = [row.pref, 1 - row.pref, 0.0, 0.0]
    else:
        shares = [float(row.winner == outcome) for outcome in OUTCOMES]
    return row.weight * sum(
        share * math.log(chance) for share, chance in zip(shares, found, strict=True) if share
    )


def log_likelihood(
    model: object, rows: Sequence[Row], theta: dict[str, float], tie: float, kappa: float
) -> float:
    return math.fsum(row_log_likelihood(model, row, theta, tie, kappa) for row in rows)


def strengths(counts: Counts, fit: TieFit) -> dict[str, float]:
    return dict(zip(counts.models, fit.theta.tolist(), strict=True))


def parameter(fit: TieFit, part: int = 0) -> tuple[float, float]:
    """The tie parameter and κ."""
    tie, kappa = fit.parameters.values()
    return float(tie.value[part]), float(kappa.value[part])


def test_davidson_rates_puddings_as_published() -> None:
    """His own example; he stopped after seven iterations, which is seen in the fifth digit."""
    fit = davidson(puddings())
    worth = np.exp(fit.theta) / np.exp(fit.theta).sum()
    published = [0.1388005, 0.1729985, 0.1617420, 0.1653930, 0.1586805, 0.2023855]
    assert worth == pytest.approx(published, abs=3e-5)
    assert fit.parameters["nu"].value[0] == pytest.approx(0.7468147, abs=3e-5)
    assert -2 * fit.log_likelihood == pytest.approx(1619.4, abs=0.05)
    assert fit.core.all()


def test_errors_of_puddings_are_near_those_of_the_curvature() -> None:
    """What is published for them are the errors that hold if the model does."""
    fit = davidson(puddings())
    first = np.eye(6)[1:] - np.eye(6)[0]
    errors = np.sqrt(np.einsum("ki,ij,kj->k", first, fit.covariance, first))
    assert errors == pytest.approx([0.1872168, 0.1935181, 0.1882110, 0.1927043, 0.1924059], rel=0.06)
    assert fit.parameters["nu"].error[0] == pytest.approx(0.0825 * 0.7468, rel=0.06)


@BOTH
def test_two_models_are_as_often_this_and_that_as_they_were(model: Callable[[Counts], TieFit]) -> None:
    """As many parameters as outcomes: the model says what was seen."""
    seen = [5, 3, 6, 2]
    fit = model(tallied(*(("A", "B", winner, n) for winner, n in zip(OUTCOMES, seen, strict=True))))
    assert fit.predict(0, 1) == pytest.approx(np.array(seen) / 16, abs=1e-12)
    assert fit.predict(1, 0) == pytest.approx(np.array([3, 5, 6, 2]) / 16, abs=1e-12)
    expected = sum(n * math.log(n / 16) for n in seen)
    assert fit.log_likelihood == pytest.approx(expected, abs=1e-12)
    assert all(parameter.core[0] for parameter in fit.parameters.values())


@BOTH
def test_plain_gradient_ascent_finds_the_same(model: Callable[[Counts], TieFit]) -> None:
    rows = [
        *[Row("A", "B", "model_a")] * 5,
        *[Row("B", "A", "model_a")] * 3,
        *[Row("B", "C", "model_a", weight=2.0)] * 3,
        *[Row("B", "C", "model_b")] * 2,
        Row("C", "A", "model_a", pref=0.7),
        *[Row("A", "C", "tie")] * 4,
        *[Row("A", "C", "tie (bothbad)")] * 2,
        *[Row("B", "C", "tie (bothbad)", weight=0.5)] * 2,
    ]

    def value(x: np.ndarray) -> float:
        theta = {"A": x[0], "B": x[1], "C": -x[0] - x[1]}
        tie = math.exp(x[2]) + (model is rao_kupper)
        return log_likelihood(model, rows, theta, tie, math.exp(x[3]))

    x = np.zeros(4)
    for _ in range(1500):
        step = 1e-5 * np.eye(4)
        x += 0.05 * np.array([(value(x + one) - value(x - one)) / 2e-5 for one in step])
    fit = model(counted(rows))
    assert fit.theta == pytest.approx([x[0], x[1], -x[0] - x[1]], abs=1e-7)
    assert parameter(fit) == pytest.approx((math.exp(x[2]) + (model is rao_kupper), math.exp(x[3])), abs=1e-7)


@BOTH
@settings(deadline=None, max_examples=60)
@given(rows=boards(connected=True), data=st.data())
def test_no_other_values_are_more_likely(
    model: Callable[[Counts], TieFit], rows: list[Row], data: st.DataObject
) -> None:
    """With a beaten model in every pair of neighbours, so that the battles determine all."""
    names = sorted({row.a for row in rows} | {row.b for row in rows})
    rows = [*rows, *(Row(a, b, winner) for a, b in pairwise(names) for winner in OUTCOMES)]
    counts = counted(rows)
    fit = model(counts)
    assert fit.core.all()
    theta, (tie, kappa) = strengths(counts, fit), parameter(fit)
    best = log_likelihood(model, rows, theta, tie, kappa)
    assert fit.log_likelihood == pytest.approx(best, abs=1e-9 * (1 + abs(best)))
    move = st.floats(-0.1, 0.1).filter(lambda size: abs(size) > 1e-3)
    name = data.draw(st.sampled_from(names))
    moved = {**theta, name: theta[name] + data.draw(move)}
    assert log_likelihood(model, rows, moved, tie, kappa) < best
    assert log_likelihood(model, rows, theta, tie * math.exp(abs(data.draw(move))), kappa) < best
    none = 1 if model is rao_kupper else 0
    assert log_likelihood(model, rows, theta, none + (tie - none) / 1.01, kappa) < best
    assert log_likelihood(model, rows, theta, tie, kappa * math.exp(data.draw(move))) < best


@BOTH
def test_the_covariance_is_the_sandwich_of_the_rows(model: Callable[[Counts], TieFit]) -> None:
    """By differences of the log-likelihood, row by row, with the first model held fixed."""
    rng = np.random.default_rng(5)
    rows = [
        Row(a, b, OUTCOMES[rng.integers(4)], weight=float(rng.choice([0.5, 2.0])))
        for a, b in [rng.permutation(["A", "B", "C"])[:2].tolist() for _ in range(40)]
    ]
    rows += [Row("A", "B", "model_a", pref=0.8)] * 5
    fit = model(counted(rows))
    tie, kappa = parameter(fit)

    def value(row: Row, x: np.ndarray) -> float:
        theta = {"A": float(fit.theta[0]), "B": x[0], "C": x[1]}
        return row_log_likelihood(model, row, theta, x[2], x[3])

    at = np.array([fit.theta[1], fit.theta[2], tie, kappa])
    steps = 1e-4 * np.eye(4)
    scores = np.array(
        [[(value(row, at + step) - value(row, at - step)) / 2e-4 for step in steps] for row in rows]
    )
    hessian = np.array(
        [
            [
                sum(
                    value(row, at + one + two)
                    - value(row, at + one - two)
                    - value(row, at - one + two)
                    + value(row, at - one - two)
                    for row in rows
                )
                / 4e-8
                for one in steps
            ]
            for two in steps
        ]
    )
    inverse = np.linalg.inv(-hessian)
    robust = inverse @ scores.T @ scores @ inverse
    differences = np.array([[-1.0, 1.0, 0.0], [-1.0, 0.0, 1.0]])
    assert differences @ fit.covariance @ differences.T == pytest.approx(robust[:2, :2], rel=1e-4)
    assert fit.covariance.sum(axis=0) == pytest.approx(0, abs=1e-12)
    assert fit.parameters[fit.model.parameter].error[0] == pytest.approx(math.sqrt(robust[2, 2]), rel=1e-4)


@BOTH
@settings(deadline=None, max_examples=60)
@given(rows=boards())
def test_without_ties_both_are_bradley_terry(model: Callable[[Counts], TieFit], rows: list[Row]) -> None:
    rows = [Row(row.a, row.b, row.winner, row.share, row.weight) for row in rows]
    counts = counted(rows)
    fit, pairs = model(counts), Pairs.of(counts)
    plain = bradley_terry.fit(pairs)
    assert fit.theta == pytest.approx(plain.theta, abs=1e-7)
    assert fit.core.tolist() == plain.core.tolist()
    assert fit.component.tolist() == plain.component.tolist()
    assert parameter(fit) == (0.0 if model is davidson else 1.0, 0.0)
    assert np.isnan(fit.parameters["kappa"].error).all()
    one, other = np.array(fit.theta)[[0, 1]]
    if fit.component[0] == fit.component[1]:
        won = 1 / (1 + math.exp(other - one))
        assert fit.predict(0, 1) == pytest.approx([won, 1 - won, 0, 0], abs=1e-12)


@BOTH
def test_without_ties_errors_are_those_of_bradley_terry(model: Callable[[Counts], TieFit]) -> None:
    counts = tallied(
        *((a, b, winner, n) for a, b in pairwise("ABCD") for winner, n in (("model_a", 9), ("model_b", 4)))
    )
    pairs = Pairs.of(counts)
    errors = intervals.sandwich(pairs, bradley_terry.fit(pairs))
    assert np.sqrt(model(counts).covariance.diagonal()) == pytest.approx(errors, rel=1e-9)


@BOTH
@settings(deadline=None, max_examples=60)
@given(rows=boards(), random=st.randoms(use_true_random=False))
def test_sides_order_and_names_do_not_matter(
    model: Callable[[Counts], TieFit], rows: list[Row], random: object
) -> None:
    counts = counted(rows)
    before = model(counts)
    swapped = [row.swapped() if index % 2 else row for index, row in enumerate(rows)]
    random.shuffle(swapped)  # type: ignore[attr-defined]
    renamed = [Row(row.a[::-1], row.b[::-1], row.winner, row.pref, row.weight) for row in swapped]
    for other_rows, turn in ((swapped, 1), (renamed, -1)):
        other = counted(other_rows)
        after = model(other)
        place = [other.models.index(name[::turn]) for name in counts.models]
        assert after.theta[place] == pytest.approx(before.theta, abs=1e-6)
        assert after.covariance[np.ix_(place, place)] == pytest.approx(
            before.covariance, rel=1e-4, abs=1e-6, nan_ok=True
        )
        assert after.log_likelihood == pytest.approx(before.log_likelihood, abs=1e-6)


@BOTH
@settings(deadline=None, max_examples=40)
@given(rows=boards(), n=st.integers(2, 5))
def test_rows_may_be_counted_or_weighted(model: Callable[[Counts], TieFit], rows: list[Row], n: int) -> None:
    """Counting changes nothing; a weight of n is n rows to the strengths if all have it."""
    counts = counted(rows)
    rowwise = model(counts)
    merged = model(Counts.merge([counted([row]) for row in rows]))
    assert np.array_equal(rowwise.theta, merged.theta)
    heavy = [Row(row.a, row.b, row.winner, row.pref, row.weight * n) for row in rows]
    many, weighted = model(counted(rows * n)), model(counted(heavy))
    settled = many.core.all() and weighted.core.all()
    assert not settled or weighted.theta == pytest.approx(many.theta, abs=1e-7)
    assert not settled or weighted.theta == pytest.approx(rowwise.theta, abs=1e-7)


@BOTH
@settings(deadline=None, max_examples=150)
@given(rows=boards())
def test_whatever_happened_all_is_finite(model: Callable[[Counts], TieFit], rows: list[Row]) -> None:
    counts = counted(rows)
    fit = model(counts)
    assert np.isfinite(fit.theta).all()
    assert math.isfinite(fit.log_likelihood)
    met = fit.component[counts.a]
    for part in set(met.tolist()):
        assert fit.theta[fit.component == part].mean() == pytest.approx(0, abs=1e-9)
        assert all(math.isfinite(value) for value in parameter(fit, part))
    found = fit.predict(counts.a, counts.b)
    assert found.sum(axis=1) == pytest.approx(1)
    assert (found >= 0).all()
    known = ~np.isnan(fit.covariance)
    assert np.isfinite(fit.covariance[known]).all()
    assert (fit.covariance.diagonal()[known.diagonal()] > 0).all()
    assert (fit.covariance[fit.component[:, None] != fit.component] == 0).all()


@BOTH
def test_both_bad_is_rarer_the_stronger_either_is(model: Callable[[Counts], TieFit]) -> None:
    rng = np.random.default_rng(3)
    results = [(a, b, winner, int(rng.integers(1, 9))) for a in "ABCD" for b in "ABCD" for winner in OUTCOMES]
    fit = model(tallied(*results))
    order = np.argsort(fit.theta)
    table = fit.predict(order[:, None], order[None, :])[:, :, 3]
    assert (np.diff(table, axis=0) < 0).all()
    assert (np.diff(table, axis=1) < 0).all()


@BOTH
def test_neither_model_can_tell_which_of_two_bad_answers_was_better(
    model: Callable[[Counts], TieFit],
) -> None:
    """To Bradley-Terry, both bad is half a win for each; here it connects nothing."""
    fit = model(tallied(("A", "B", "model_a", 6), ("A", "B", "tie (bothbad)", 3)))
    assert not fit.core.any()
    assert fit.theta[0] > fit.theta[1]


@BOTH
def test_parts_that_never_met_are_rated_apart(model: Callable[[Counts], TieFit]) -> None:
    first = [("A", "B", "model_a", 6), ("A", "B", "model_b", 4), ("B", "C", "tie", 3)]
    second = [("X", "Y", "model_a", 3), ("X", "Y", "model_b", 1), ("X", "Y", "tie (bothbad)", 1)]
    alone, other, both = (model(tallied(*results)) for results in (first, second, second + first))
    assert both.theta.tolist() == [*alone.theta, *other.theta]
    assert parameter(both, 0) == parameter(alone)
    assert parameter(both, 1) == parameter(other)
    assert both.log_likelihood == pytest.approx(alone.log_likelihood + other.log_likelihood)
    assert np.array_equal(both.covariance[:3, :3], alone.covariance)
    assert np.isnan(both.predict(0, 4)).all()
    assert both.predict([0, 3], [1, 4]).tolist() == [
        alone.predict(0, 1).tolist(),
        other.predict(0, 1).tolist(),
    ]


@BOTH
def test_an_undefeated_model_leaves_the_others_as_they_are(model: Callable[[Counts], TieFit]) -> None:
    rest = [("A", "B", "model_a", 6), ("A", "B", "model_b", 4), ("B", "C", "tie", 3)]
    alone = model(tallied(*rest))
    beaten = model(tallied(*rest, ("X", "A", "model_a", 5), ("X", "B", "model_a", 5)))
    assert np.diff(beaten.theta[:3]) == pytest.approx(np.diff(alone.theta), abs=1e-9)
    assert parameter(beaten) == pytest.approx(parameter(alone), abs=1e-12)
    assert beaten.theta[3] > beaten.theta[:3].max()
    assert beaten.core.tolist() == [True, True, True, False]


@BOTH
def test_what_only_others_showed_of_the_parameters_is_fitted_with_them(
    model: Callable[[Counts], TieFit],
) -> None:
    core = [("A", "B", "model_a", 6), ("A", "B", "model_b", 4)]
    fit = model(
        tallied(*core, ("X", "A", "model_a", 5), ("X", "Y", "tie", 3), ("X", "Y", "tie (bothbad)", 2))
    )
    assert fit.theta[0] - fit.theta[1] == pytest.approx(math.log(6 / 4), abs=1e-9)
    assert (fit.predict(2, 3) > 0).all()
    assert fit.core.tolist() == [True, True, False, False]
    for found in fit.parameters.values():
        assert not found.core[0]
        assert math.isfinite(found.error[0])


@BOTH
def test_more_wins_never_give_a_lower_strength_from_none_to_all(model: Callable[[Counts], TieFit]) -> None:
    gaps = []
    for wins in range(31):
        results = [
            ("A", "B", "model_a", wins),
            ("A", "B", "model_b", 30 - wins),
            ("A", "B", "tie (bothbad)", 4),
        ]
        fit = model(tallied(*(result for result in results if result[3])))
        gaps.append(fit.theta[0] - fit.theta[1])
    assert all(later > earlier for earlier, later in pairwise(gaps))
    assert gaps[0] == pytest.approx(-gaps[-1], abs=1e-7)


@BOTH
@pytest.mark.parametrize("outcome", ["tie", "tie (bothbad)"])
def test_nothing_but_ties_makes_all_equal(model: Callable[[Counts], TieFit], outcome: str) -> None:
    fit = model(tallied(("A", "B", outcome, 5), ("B", "C", outcome, 5), ("C", "A", outcome, 5)))
    assert fit.theta == pytest.approx(0, abs=1e-9)
    assert not fit.core.any()
    assert fit.predict(0, 1)[OUTCOMES.index(outcome)] > 0.8


@BOTH
def test_drawn_soft_battles_show_no_variation(model: Callable[[Counts], TieFit]) -> None:
    fit = model(counted([Row("A", "B", "tie", pref=0.5)] * 9))
    assert fit.core.all()
    assert fit.theta == pytest.approx(0, abs=1e-12)
    assert np.isnan(fit.covariance).all()


@BOTH
@pytest.mark.parametrize("outcome", ["model_a", "tie", "tie (bothbad)"])
@pytest.mark.parametrize("n", [10**3, 10**9, 10**12])
def test_a_lopsided_record_converges(model: Callable[[Counts], TieFit], outcome: str, n: int) -> None:
    """Two models: what was seen is what is expected, to the last of a billion battles."""
    seen = {"model_a": 2, "model_b": 1, "tie": 3, "tie (bothbad)": 4, outcome: n}
    fit = model(tallied(*(("A", "B", winner, count) for winner, count in seen.items())))
    total = sum(seen.values())
    assert fit.predict(0, 1) * total == pytest.approx([seen[winner] for winner in OUTCOMES], rel=1e-6)


@BOTH
def test_a_long_chain_of_close_calls_is_fitted_to_the_end(model: Callable[[Counts], TieFit]) -> None:
    links = list(pairwise(f"m{index:02}" for index in range(50)))
    numbers = {"model_a": 6, "model_b": 2, "tie": 3}
    fit = model(tallied(*((a, b, winner, n) for a, b in links for winner, n in numbers.items())))
    gaps = -np.diff(fit.theta)
    assert gaps == pytest.approx(np.full(49, gaps[0]), abs=1e-9)
    assert fit.predict(0, 1) == pytest.approx(np.array([6, 2, 3, 0]) / 11, abs=1e-9)


@BOTH
def test_no_battles_and_models_without(model: Callable[[Counts], TieFit]) -> None:
    empty = model(Counts.empty())
    assert (empty.theta.size, empty.log_likelihood) == (0, 0.0)
    idle = model(Counts.empty(["A", "B"]))
    assert idle.theta.tolist() == [0.0, 0.0]
    assert np.isnan(idle.covariance.diagonal()).all()
    assert np.isnan(idle.predict(0, 1)).all()
    assert np.isnan(idle.predict(0, 0)).all()


def test_the_errors_are_as_large_as_the_errors_made() -> None:
    rng = np.random.default_rng(11)
    theta = np.linspace(-1, 1, 20)
    squares = []
    for _ in range(10):
        a = rng.integers(20, size=4000)
        b = (a + rng.integers(1, 20, size=4000)) % 20
        p, q = np.exp(theta[a]), np.exp(theta[b])
        parts = np.cumsum(np.stack([p, q, 0.8 * np.sqrt(p * q), np.full(4000, 0.3)], axis=1), axis=1)
        outcome = (rng.random(4000)[:, None] * parts[:, -1:] > parts).sum(axis=1)
        fit = davidson(Counts.from_codes([f"m{index:02}" for index in range(20)], a, b, outcome))
        squares.append((fit.theta - theta) ** 2 / fit.covariance.diagonal())
        for name, truth in (("nu", 0.8), ("kappa", 0.3)):
            found = fit.parameters[name]
            assert abs(found.value[0] - truth) < 4 * found.error[0]
    assert 0.8 < np.mean(squares) < 1.25
