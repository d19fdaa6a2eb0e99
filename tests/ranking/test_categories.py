from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from palestra.errors import UsageError
from palestra.ranking.bradley_terry import fit
from palestra.ranking.categories import Whole
from palestra.ranking.counts import Counts, Rows
from palestra.ranking.intervals import covariance
from palestra.ranking.leaderboard import rank_counts, wish_of
from palestra.ranking.pairs import Pairs
from palestra.ranking.scale import POINTS
from palestra.ranking.shrink import shrink

if TYPE_CHECKING:
    from palestra.records.rating import Leaderboard

MODELS = ("A", "B", "C", "D", "E")


def battles(
    n: int, seed: int = 0, strength: tuple[float, ...] = (0.8, 0.4, 0.0, -0.4, -0.8), ties: float = 0.2
) -> Rows:
    rng = np.random.default_rng(seed)
    pairs = np.array([rng.choice(5, 2, replace=False) for _ in range(n)], dtype=np.int64).reshape(-1, 2)
    odds = np.array(strength)[pairs[:, 0]] - np.array(strength)[pairs[:, 1]]
    outcome = np.where(rng.random(n) < 1 / (1 + np.exp(-odds)), 0, 1)
    outcome = np.where(rng.random(n) < ties, 2, outcome)
    return Rows.from_codes(MODELS, pairs[:, 0], pairs[:, 1], outcome)


def boards(
    parts: dict[str, Rows], anchor: dict[str, float] | None = None, **wishes: Any
) -> tuple[Leaderboard, dict[str, Leaderboard]]:
    """The whole and its shrunk parts."""
    counts = Rows.concat(list(parts.values())).counts()
    board = rank_counts(counts, anchor=anchor, **wishes)
    whole = Whole.of(counts, board, wish_of(**wishes))
    return board, {name: whole.board(part.counts()) for name, part in parts.items()}


def told(board: Leaderboard) -> dict[str, float]:
    return {row.model: row.rating for row in board.ratings}


def test_a_board_is_what_shrinking_its_strengths_gives() -> None:
    parts = {"maths": battles(60, 1), "code": battles(900, 2, (0.0, 0.6, 0.3, -0.2, -0.7))}
    whole, found = boards(parts)
    all_pairs, own = (
        Pairs.of(counts) for counts in (Rows.concat(list(parts.values())).counts(), parts["code"].counts())
    )
    overall, here = fit(all_pairs), fit(own)
    expected = shrink(overall.theta, covariance(all_pairs, overall), here.theta, covariance(own, here))
    board = found["code"]
    assert told(board) == pytest.approx(
        dict(zip(MODELS, 1000 + POINTS * expected.theta, strict=True)), abs=1e-9
    )
    for row in board.ratings:
        error = POINTS * expected.standard_error[MODELS.index(row.model)]
        assert row.ci_low == pytest.approx(row.rating - 1.959964 * error, abs=1e-3)
        assert row.ci_high == pytest.approx(row.rating + 1.959964 * error, abs=1e-3)
    assert board.parameters["tau"] == pytest.approx(POINTS * expected.tau)
    assert board.parameters["pull"] == pytest.approx(dict(zip(MODELS, expected.pull, strict=True)))
    assert (board.interval.kind, board.method) == ("sandwich", "bradley-terry")
    json.dumps(board.to_dict(), allow_nan=False)
    assert whole.parameters.keys().isdisjoint({"tau", "pull"})


def test_few_battles_are_pulled_far_and_many_hardly() -> None:
    other = (-0.8, 0.9, 0.1, 0.6, -0.8)
    parts = {"small": battles(60, 1, other), "large": battles(20_000, 2, other), "rest": battles(20_000, 3)}
    _, found = boards(parts)
    assert min(found["small"].parameters["pull"].values()) > 5 * max(
        found["large"].parameters["pull"].values()
    )
    alone = told(rank_counts(parts["large"].counts()))
    assert told(found["large"]) == pytest.approx(alone, abs=3)
    widths = {
        name: max((row.ci_high or 0) - (row.ci_low or 0) for row in board.ratings)
        for name, board in found.items()
    }
    assert widths["small"] > 3 * widths["large"]
    alone_small = rank_counts(parts["small"].counts())
    assert widths["small"] < max((row.ci_high or 0) - (row.ci_low or 0) for row in alone_small.ratings)


def test_shrunk_ratings_lie_nearer_to_the_truth() -> None:
    """Where categories differ little, and each has few battles."""
    off: list[float] = []
    off_alone: list[float] = []
    truth = np.array([0.8, 0.4, 0.0, -0.4, -0.8])
    for seed in range(12):
        rng = np.random.default_rng(seed)
        own = {f"c{number}": truth + rng.normal(0, 0.15, 5) for number in range(6)}
        parts = {
            name: battles(120, 100 * seed + number, tuple(strength))
            for number, (name, strength) in enumerate(own.items())
        }
        _, found = boards(parts)
        for name, strength in own.items():
            exact = dict(zip(MODELS, 1000 + POINTS * (strength - strength.mean()), strict=True))
            for board, gaps in ((found[name], off), (rank_counts(parts[name].counts()), off_alone)):
                gaps.extend((told(board)[model] - exact[model]) ** 2 for model in MODELS)
    assert np.mean(off) < 0.6 * np.mean(off_alone)


def test_an_anchor_moves_the_whole_and_every_part_alike() -> None:
    """A group's anchor need not stand at its own rating: it is the whole's that does."""
    parts = {"maths": battles(80, 1), "code": battles(80, 2, (0.0, 0.6, 0.3, -0.2, -0.7))}
    plain, free = boards(parts)
    anchored, moved = boards(parts, anchor={"B": 1500.0})
    assert told(anchored)["B"] == 1500.0
    shift = 1500.0 - told(plain)["B"]
    for name in parts:
        assert told(moved[name]) == pytest.approx(
            {model: rating + shift for model, rating in told(free[name]).items()}, abs=1e-9
        )
        assert moved[name].anchor == {"B": 1500.0}


def test_a_model_without_battles_in_a_group_is_left_out() -> None:
    code = Rows.from_names(["A", "B", "A", "E"], ["B", "A", "B", "E"], ["model_a", "model_a", "tie", "tie"])
    whole, found = boards({"all": battles(200), "code": code})
    assert sorted(told(found["code"])) == ["A", "B"]
    assert sorted(found["code"].parameters["pull"]) == ["A", "B"]
    assert any("against itself" in warning for warning in found["code"].warnings)
    assert len(whole.ratings) == 5


def test_parts_that_met_elsewhere_are_compared() -> None:
    names = ["A", "B", "C", "D"] * 6
    apart = Rows.from_names(names, ["B", "A", "D", "C"] * 6, ["model_a", "tie", "model_b", "model_a"] * 6)
    _, found = boards({"all": battles(300), "apart": apart})
    assert found["apart"].components == [["A", "B", "C", "D"]]
    assert {row.rank for row in found["apart"].ratings} == {1, 2, 3, 4}
    mean = {pair: np.mean([told(found["apart"])[model] for model in pair]) for pair in ("AB", "CD")}
    assert mean["AB"] > mean["CD"] + 50


def test_parts_that_never_met_stay_apart() -> None:
    one = Rows.from_names(["A", "B"] * 9, ["B", "A"] * 9, ["model_a", "model_a", "tie"] * 6)
    two = Rows.from_names(["X", "Y", "X"] * 6, ["Y", "Z", "Z"] * 6, ["model_a", "tie", "model_b"] * 6)
    _, found = boards({"one": one, "both": Rows.concat([one, two])}, anchor={"A": 1200.0})
    assert found["both"].components == [["X", "Y", "Z"], ["A", "B"]]
    assert any("never met each other" in warning for warning in found["both"].warnings)
    assert np.mean([told(found["both"])[name] for name in "XYZ"]) == pytest.approx(1000, abs=1e-6)
    assert found["one"].components == [["A", "B"]]


def test_a_group_that_tells_nothing_has_the_wholes_ratings_and_says_so() -> None:
    ties = Rows.from_names(["A", "B"], ["B", "C"], ["tie", "tie (bothbad)"])
    whole, found = boards({"all": battles(300), "ties": ties})
    board = found["ties"]
    rated = {model: rating for model, rating in told(whole).items() if model in "ABC"}
    assert told(board) == pytest.approx(rated, abs=1e-9)
    assert {row.ci_low for row in board.ratings} == {None}
    assert "tau" not in board.parameters
    assert set(board.parameters["pull"].values()) == {1.0}
    assert any("the ratings are those of all battles" in warning for warning in board.warnings)


def test_an_empty_group_is_an_empty_board() -> None:
    counts = battles(50).counts()
    whole = Whole.of(counts, rank_counts(counts), wish_of())
    board = whole.board(Counts.empty())
    assert (board.ratings, board.warnings) == ([], ["there are no battles"])
    empty = Whole.of(Counts.empty(), rank_counts(Counts.empty()), wish_of()).board(Counts.empty())
    assert empty.ratings == []


def test_undefeated_models_are_finite_and_pulled_in() -> None:
    sweep = Rows.from_names(["E"] * 8 + ["A"], ["A", "B", "C", "D"] * 2 + ["B"], ["model_a"] * 9)
    _, found = boards({"all": battles(500), "sweep": sweep})
    alone = told(rank_counts(sweep.counts()))
    for row in found["sweep"].ratings:
        assert math.isfinite(row.rating)
        assert row.ci_low is not None
    assert told(found["sweep"])["E"] < alone["E"]
    assert "undefeated" in next(row for row in found["sweep"].ratings if row.model == "E").flags


def test_without_intervals_the_ratings_are_the_same() -> None:
    parts = {"maths": battles(80, 1), "code": battles(80, 2)}
    _, bounded = boards(parts)
    _, bare = boards(parts, ci="none")
    for name in parts:
        assert told(bare[name]) == told(bounded[name])
        assert {row.ci_low for row in bare[name].ratings} == {None}
        assert bare[name].interval.kind == "none"


@pytest.mark.parametrize(
    "wishes", [{"method": "davidson"}, {"ci": "bootstrap"}, {"simultaneous": True}, {"details": True}]
)
def test_what_shrunk_ratings_do_not_have_is_refused(wishes: dict[str, Any]) -> None:
    counts = battles(30).counts()
    with pytest.raises(UsageError, match="shrunk"):
        Whole.of(counts, rank_counts(counts), wish_of(**wishes))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(0, 40))
def test_sides_and_order_of_rows_change_nothing(seed: int, n: int) -> None:
    parts = {"few": battles(n, seed), "rest": battles(150, seed + 1)}
    rng = np.random.default_rng(seed)
    turned = {}
    for name, rows in parts.items():
        order = rng.permutation(rows.a.size)
        outcome = np.array([1, 0, 2, 3])[rows.outcome[order]]
        turned[name] = Rows.from_codes(rows.models, rows.b[order], rows.a[order], outcome)
    _, found = boards(parts)
    _, again = boards(turned)
    for name in parts:
        assert told(again[name]) == pytest.approx(told(found[name]), abs=1e-7)
