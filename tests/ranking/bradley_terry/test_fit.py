from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.ranking.boards import Row, boards, counted, slow_bradley_terry, tallied

from palestra.ranking.bradley_terry import fit
from palestra.ranking.leaderboard import rank_counts
from palestra.ranking.pairs import Pairs
from palestra.ranking.scale import MEAN, POINTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from palestra.ranking.counts import Counts


def ratings(counts: Counts) -> dict[str, float]:
    return dict(zip(counts.models, MEAN + POINTS * fit(Pairs.of(counts)).theta, strict=True))


def core(counts: Counts) -> dict[str, bool]:
    return dict(zip(counts.models, fit(Pairs.of(counts)).core.tolist(), strict=True))


def test_three_models_have_the_published_ratings() -> None:
    counts = tallied(
        ("A", "B", "model_a", 8),
        ("A", "B", "model_b", 2),
        ("B", "C", "model_a", 7),
        ("C", "B", "model_a", 3),
        ("A", "C", "model_a", 9),
        ("C", "A", "model_a", 1),
    )
    expected = {"A": 1207.978, "B": 968.929, "C": 823.093}
    assert ratings(counts) == pytest.approx(expected, abs=5e-4)


@pytest.mark.parametrize("tie", ["tie", "tie (bothbad)"])
def test_a_tie_of_either_kind_is_half_a_win(tie: str) -> None:
    rated = ratings(tallied(("A", "B", "model_a", 7), ("A", "B", "model_b", 3), ("B", "A", tie, 2)))
    assert rated["A"] - rated["B"] == pytest.approx(400 * math.log10(8 / 4), abs=1e-9)
    assert rated["A"] - rated["B"] == pytest.approx(120.412, abs=5e-4)


def test_a_baseline_win_rate_follows_from_the_ratings() -> None:
    rated = ratings(tallied(("A", "B", "model_a", 30), ("A", "B", "model_b", 10), ("A", "B", "tie", 5)))
    assert 1 / (1 + 10 ** ((rated["B"] - rated["A"]) / 400)) == pytest.approx(0.7222, abs=5e-5)


@settings(deadline=None, max_examples=40)
@given(boards(connected=True))
def test_a_second_slow_implementation_agrees(rows: list[Row]) -> None:
    counts = counted(rows)
    assert ratings(counts) == pytest.approx(slow_bradley_terry(rows, counts.models), abs=1e-6)


@settings(deadline=None)
@given(boards(connected=True))
def test_the_likelihood_equations_hold(rows: list[Row]) -> None:
    """At the maximum each model's expected wins are its wins."""
    counts = counted(rows)
    rated = ratings(counts)
    for model in counts.models:
        missing = 0.0
        for row in rows:
            expected = 1 / (1 + 10 ** ((rated[row.b] - rated[row.a]) / 400))
            side = {row.a: 1, row.b: -1}.get(model, 0)
            missing += side * row.weight * (row.share - expected)
        assert missing == pytest.approx(0, abs=1e-9)


@settings(deadline=None)
@given(boards(), st.randoms(use_true_random=False))
def test_sides_order_and_names_do_not_matter(rows: list[Row], random: object) -> None:
    before = ratings(counted(rows))
    swapped = [row.swapped() if index % 2 else row for index, row in enumerate(rows)]
    random.shuffle(swapped)  # type: ignore[attr-defined]
    assert ratings(counted(swapped)) == pytest.approx(before, abs=1e-7)
    names = {name: name[::-1] for name in before}
    renamed = [Row(names[row.a], names[row.b], row.winner, row.pref, row.weight) for row in rows]
    after = ratings(counted(renamed))
    assert {name: after[names[name]] for name in names} == pytest.approx(before, abs=1e-7)


@settings(deadline=None)
@given(boards(connected=True), st.integers(2, 5))
def test_a_row_of_weight_n_is_n_rows(rows: list[Row], n: int) -> None:
    heavy = [Row(row.a, row.b, row.winner, row.pref, row.weight * n) for row in rows]
    assert ratings(counted(rows * n)) == pytest.approx(ratings(counted(heavy)), abs=1e-9)


@settings(deadline=None)
@given(boards(), st.floats(1e-3, 1e3))
def test_the_unit_of_weight_does_not_matter(rows: list[Row], unit: float) -> None:
    scaled = [Row(row.a, row.b, row.winner, row.pref, row.weight * unit) for row in rows]
    assert ratings(counted(scaled)) == pytest.approx(ratings(counted(rows)), abs=1e-6)


@settings(deadline=None, max_examples=300)
@given(boards(soft=False), st.data())
def test_another_win_never_lowers_a_model(rows: list[Row], data: st.DataObject) -> None:
    """As long as the same models are determined by the data, and the same can be compared, as before."""
    models = sorted({row.a for row in rows} | {row.b for row in rows})
    winner, loser = data.draw(st.permutations(models))[:2]
    before, after = counted(rows), counted([*rows, Row(winner, loser, "model_a")])
    assume(core(before) == core(after))
    assume(parts(before) == parts(after))
    assert ratings(after)[winner] >= ratings(before)[winner] - 1e-7


@pytest.mark.parametrize("beaten", "ABCD")
@pytest.mark.parametrize("losses", ["A", "D", "AD", "ABCD", "AAAAA", "DDDDD", "ABCDABCDABCD"])
def test_a_first_win_raises_a_winless_model(losses: str, beaten: str) -> None:
    rest = [
        (one, other, winner, n)
        for one, other in pairwise("ABCD")
        for winner, n in (("model_a", 15), ("model_b", 4), ("tie", 3))
    ]
    lost = [(other, "new", "model_a", 1) for other in losses]
    before = ratings(tallied(*rest, *lost))
    after = ratings(tallied(*rest, *lost, ("new", beaten, "model_a", 1)))
    assert after["new"] > before["new"]


def test_more_wins_never_give_a_lower_rating_from_none_to_all() -> None:
    gaps = []
    for wins in range(51):
        results = [("A", "B", "model_a", wins), ("A", "B", "model_b", 50 - wins)]
        rated = ratings(tallied(*(result for result in results if result[3])))
        gaps.append(rated["A"] - rated["B"])
    assert all(np.isfinite(gaps))
    assert all(later > earlier for earlier, later in pairwise(gaps))
    assert gaps[0] == pytest.approx(-gaps[-1], abs=1e-7)


def test_an_undefeated_model_leaves_the_others_as_they_are() -> None:
    """In the limit of an infinite rating its battles say nothing about those it beat."""
    rest = [("A", "B", "model_a", 6), ("A", "B", "model_b", 4), ("B", "C", "tie", 3)]
    alone = ratings(tallied(*rest))
    beaten = ratings(tallied(*rest, ("X", "A", "model_a", 5), ("X", "B", "model_a", 5)))
    assert beaten["A"] - beaten["B"] == pytest.approx(alone["A"] - alone["B"], abs=1e-9)
    assert beaten["B"] - beaten["C"] == pytest.approx(alone["B"] - alone["C"], abs=1e-9)
    assert math.isfinite(beaten["X"])
    assert beaten["X"] > max(beaten["A"], beaten["B"], beaten["C"])


def test_the_prior_is_half_a_loss_to_the_best_and_half_a_win_over_the_worst() -> None:
    rated = ratings(tallied(("A", "B", "model_a", 6), ("A", "B", "model_b", 4), ("X", "A", "model_a", 10)))

    def expected(one: str, other: str) -> float:
        return 1 / (1 + 10 ** ((rated[other] - rated[one]) / 400))

    won = 10.0 + 0.5
    assert 10.5 * expected("X", "A") + 0.5 * expected("X", "B") == pytest.approx(won, abs=1e-9)


def test_two_models_without_a_core_draw_once_with_a_phantom() -> None:
    rated = ratings(tallied(("A", "B", "model_a", 10)))
    half = (rated["A"] - rated["B"]) / 2
    lost = 10 / (1 + 10 ** (2 * half / 400)) + 0.5
    assert lost == pytest.approx(1 / (1 + 10 ** (-half / 400)), abs=1e-9)
    assert rated["A"] - rated["B"] > 400


def parts(counts: Counts) -> Sequence[Sequence[str]]:
    return rank_counts(counts, ci="none").components


def test_parts_that_never_met_are_rated_apart() -> None:
    first = [("A", "B", "model_a", 6), ("A", "B", "model_b", 4), ("B", "C", "tie", 3)]
    second = [("X", "Y", "model_a", 3), ("X", "Y", "model_b", 1)]
    both = tallied(*second, *first)
    assert parts(both) == [["A", "B", "C"], ["X", "Y"]]
    expected = ratings(tallied(*first)) | ratings(tallied(*second))
    assert ratings(both) == pytest.approx(expected, abs=1e-9)


def test_a_chain_of_fifty_keeps_its_order() -> None:
    chain = [(f"m{index:02}", f"m{index + 1:02}", "model_a", 1) for index in range(49)]
    rated = ratings(tallied(*chain))
    assert sorted(rated, key=lambda name: -rated[name]) == sorted(rated)
    assert all(map(math.isfinite, rated.values()))


def test_a_long_chain_of_close_calls_is_fitted_to_the_end() -> None:
    """Fits that stop early are off here: information crosses the chain slowly."""
    names = [f"m{index:02}" for index in range(50)]
    links = list(pairwise(names))
    results = [(a, b, "model_a", 3) for a, b in links] + [(a, b, "model_b", 1) for a, b in links]
    rated = ratings(tallied(*results))
    gaps = [rated[a] - rated[b] for a, b in links]
    assert gaps == pytest.approx([400 * math.log10(3)] * 49, abs=1e-9)


@pytest.mark.parametrize("n", [10**3, 10**9, 10**12])
def test_a_lopsided_record_converges(n: int) -> None:
    rated = ratings(tallied(("A", "B", "model_a", n), ("A", "B", "model_b", 1)))
    assert rated["A"] - rated["B"] == pytest.approx(400 * math.log10(n), rel=1e-9)


def test_all_ties_make_all_equal() -> None:
    rated = ratings(tallied(("A", "B", "tie", 5), ("B", "C", "tie (bothbad)", 2)))
    assert rated == pytest.approx(dict.fromkeys("ABC", 1000.0), abs=1e-9)


def test_a_share_of_next_to_nothing_is_no_win() -> None:
    rows = [Row("A", "B", "model_a", pref=1 - 1e-200), Row("A", "B", "model_a", pref=1 - 1e-12)]
    assert ratings(counted(rows)) == pytest.approx(ratings(tallied(("A", "B", "model_a", 2))), abs=1e-3)
    assert not any(core(counted(rows)).values())


def test_names_are_just_names() -> None:
    names = ["null", "NaN", "None", "a,b", 'say "hi"', "🦙", "Llama", "llama", " llama"]
    pairs = list(zip(names, names[1:] + names[:1], strict=True))
    rated = ratings(tallied(*((a, b, "tie", 1) for a, b in pairs)))
    assert set(rated) == set(names)
