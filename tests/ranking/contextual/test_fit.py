from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ranking.boards import Row, boards, counted

from palestra.errors import DataError
from palestra.ranking import bradley_terry, intervals
from palestra.ranking.contextual import ContextualFit, fit, paired, side_feature
from palestra.ranking.pairs import Pairs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from palestra.ranking.arrays import Floats, Ints

BETA = np.array([0.4, -0.2, 0.1])


def simulated(seed: int, models: int, n: int, beta: Floats = BETA) -> dict[str, Any]:
    """Battles drawn from the model, 20 % of them ties by a fair coin's rule."""
    rng = np.random.default_rng(seed)
    theta = rng.normal(0, 0.7, models)
    theta -= theta.mean()
    a = rng.integers(models, size=n)
    b = (a + rng.integers(1, models, size=n)) % models
    features = rng.normal(size=(n, beta.size)) * np.array([1.0, 3.0, 0.2])[: beta.size]
    chance = 1 / (1 + np.exp(-(theta[a] - theta[b] + features @ beta)))
    tie = 0.4 * np.minimum(chance, 1 - chance)
    draw = rng.random(n)
    share = np.where(draw < chance - tie / 2, 1.0, np.where(draw < chance + tie / 2, 0.5, 0.0))
    return {"theta": theta, "a": a, "b": b, "share": share, "features": features}


def fitted(board: dict[str, Any], models: int, **more: Any) -> ContextualFit:
    return fit(models, board["a"], board["b"], board["share"], board["features"], **more)


def dense(
    models: int, board: dict[str, Any], weight: Floats, clusters: Ints | None = None
) -> tuple[Floats, Floats, float]:
    """Newton's method on the whole design matrix, and its sandwich: parameters, covariance, likelihood."""
    n, y = board["a"].size, board["share"]
    z = np.zeros((n, models + board["features"].shape[1]))
    z[np.arange(n), board["a"]] = 1
    z[np.arange(n), board["b"]] -= 1
    z[:, models:] = board["features"]
    found = np.zeros(z.shape[1])
    gauge = np.zeros((z.shape[1], z.shape[1]))
    gauge[:models, :models] = 1
    for _ in range(30):
        p = 1 / (1 + np.exp(-z @ found))
        bend = (z.T * (weight * p * (1 - p))) @ z + gauge
        found = found + np.linalg.solve(bend, z.T @ (weight * (y - p)))
    scores = z * (weight * (y - p))[:, None]
    if clusters is not None:
        names = np.unique(clusters)
        scores = np.array([scores[clusters == name].sum(axis=0) for name in names])
        scores *= np.sqrt(names.size / (names.size - 1))
    inverse = np.linalg.inv(bend)
    told = float(weight @ (y * np.log(p) + (1 - y) * np.log(1 - p)))
    return found, inverse @ (scores.T @ scores) @ inverse, told


@pytest.mark.usefixtures("route")
@pytest.mark.parametrize("clustered", [False, True])
def test_a_second_plain_implementation_agrees(clustered: bool) -> None:
    board = simulated(1, 7, 900)
    rng = np.random.default_rng(2)
    weight = rng.choice([0.5, 1.0, 3.0], 900)
    board["share"] = np.where(rng.random(900) < 0.3, rng.random(900), board["share"])
    clusters = rng.integers(0, 150, 900) if clustered else None
    found = fitted(board, 7, weight=weight, clusters=clusters)
    place, covariance, told = dense(7, board, weight, clusters)
    assert found.theta == pytest.approx(place[:7], abs=1e-10)
    assert found.beta == pytest.approx(place[7:], abs=1e-10)
    assert found.covariance == pytest.approx(covariance[:7, :7], rel=1e-6, abs=1e-9)
    assert found.beta_covariance == pytest.approx(covariance[7:, 7:], rel=1e-6, abs=1e-9)
    assert found.log_likelihood == pytest.approx(told, rel=1e-12)
    assert found.warnings == ()


def test_known_coefficients_and_strengths_are_found() -> None:
    board = simulated(3, 20, 60_000)
    found = fitted(board, 20)
    assert np.all(np.abs(found.beta - BETA) < 4 * found.beta_se)
    assert np.all(np.abs(found.theta - board["theta"]) < 4 * found.theta_se)
    assert np.all(found.beta_se < 0.06)


def test_intervals_of_coefficients_cover_the_truth() -> None:
    """1200 intervals have a standard error of 0.63 points."""
    hits = []
    for seed in range(400):
        found = fitted(simulated(seed, 6, 500), 6)
        hits += (np.abs(found.beta - BETA) < 1.96 * found.beta_se).tolist()
    assert np.mean(hits) == pytest.approx(0.95, abs=0.022)


def test_intervals_of_dependent_battles_need_their_clusters() -> None:
    """Ten battles of a prompt that lean the same way: only errors by cluster cover the side's 0."""
    plain: list[bool] = []
    clustered: list[bool] = []
    for seed in range(250):
        rng = np.random.default_rng(seed)
        prompt = np.repeat(np.arange(60), 10)
        lean = rng.normal(0, 1.5, 60)[prompt]
        a = rng.integers(5, size=600)
        b = (a + rng.integers(1, 5, size=600)) % 5
        share = (rng.random(600) < 1 / (1 + np.exp(-lean))).astype(float)
        ones = np.ones((600, 1))
        for hits, clusters in ((plain, None), (clustered, prompt)):
            found = fit(5, a, b, share, ones, clusters=clusters)
            hits.append(bool(abs(found.beta[0]) < 1.96 * found.beta_se[0]))
    assert np.mean(plain) < 0.8
    assert np.mean(clustered) == pytest.approx(0.945, abs=0.045)


@settings(deadline=None, max_examples=60)
@given(boards())
def test_without_a_usable_feature_it_is_bradley_terry(rows: list[Row]) -> None:
    """Also on boards in parts, with undefeated models, without a core: strengths, cores and errors."""
    counts = counted(rows)
    pairs = Pairs.of(counts)
    plain = bradley_terry.fit(pairs)
    names = list(counts.models)
    found = fit(
        len(names),
        [names.index(row.a) for row in rows],
        [names.index(row.b) for row in rows],
        [row.share for row in rows],
        np.zeros((len(rows), 2)),
        weight=[row.weight for row in rows],
    )
    assert found.theta == pytest.approx(plain.theta, abs=1e-9)
    assert found.component.tolist() == plain.component.tolist()
    assert found.core.tolist() == plain.core.tolist()
    assert found.beta.tolist() == [0.0, 0.0]
    assert np.isnan(found.beta_se).all()
    errors = intervals.sandwich(pairs, plain)
    told = errors > 1e-9
    assert found.theta_se[told] == pytest.approx(errors[told], rel=1e-5, abs=1e-7)


@pytest.mark.usefixtures("route")
def test_order_of_rows_and_who_is_called_a_do_not_matter() -> None:
    board = simulated(5, 12, 3000)
    whole = fitted(board, 12)
    rng = np.random.default_rng(0)
    order = rng.permutation(3000)
    shuffled = fitted({name: column[order] for name, column in board.items() if name != "theta"}, 12)
    turned = rng.random(3000) < 0.5
    other = {
        "a": np.where(turned, board["b"], board["a"]),
        "b": np.where(turned, board["a"], board["b"]),
        "share": np.where(turned, 1 - board["share"], board["share"]),
        "features": np.where(turned[:, None], -board["features"], board["features"]),
    }
    for found in (shuffled, fitted(other, 12)):
        assert found.theta == pytest.approx(whole.theta, abs=1e-9)
        assert found.beta == pytest.approx(whole.beta, abs=1e-9)
        assert found.covariance == pytest.approx(whole.covariance, abs=1e-9)
        assert found.log_likelihood == pytest.approx(whole.log_likelihood, rel=1e-12)


def test_the_names_of_models_do_not_matter() -> None:
    board = simulated(6, 9, 2000)
    whole = fitted(board, 9)
    name = np.random.default_rng(1).permutation(9)
    renamed = fitted({**board, "a": name[board["a"]], "b": name[board["b"]]}, 9)
    assert renamed.theta[name] == pytest.approx(whole.theta, abs=1e-9)
    assert renamed.beta == pytest.approx(whole.beta, abs=1e-9)


@pytest.mark.usefixtures("route")
def test_the_unit_of_a_feature_scales_its_coefficient_and_nothing_else() -> None:
    board = simulated(7, 6, 1500)
    whole = fitted(board, 6)
    unit = np.array([1e6, 1.0, 1e-6])
    other = fitted({**board, "features": board["features"] * unit}, 6)
    assert other.beta * unit == pytest.approx(whole.beta, abs=1e-9)
    assert other.beta_se * unit == pytest.approx(whole.beta_se, rel=1e-6)
    assert other.theta == pytest.approx(whole.theta, abs=1e-9)


@pytest.mark.usefixtures("route")
def test_a_row_for_n_battles_is_n_rows_and_weight_n_is_the_same_fit_with_other_errors() -> None:
    board = simulated(8, 5, 300)
    times = np.random.default_rng(3).integers(1, 5, 300)
    long = {name: np.repeat(board[name], times, axis=0) for name in ("a", "b", "share", "features")}
    whole = fitted(long, 5)
    short = fitted(board, 5, times=times)
    assert short.theta == pytest.approx(whole.theta, abs=1e-9)
    assert short.covariance == pytest.approx(whole.covariance, rel=1e-6, abs=1e-10)
    heavy = fitted(board, 5, weight=times.astype(float))
    assert heavy.beta == pytest.approx(whole.beta, abs=1e-9)
    assert np.all(heavy.beta_se > whole.beta_se)


def test_more_models_than_a_direct_solution_takes_give_the_same() -> None:
    board = simulated(9, 170, 5000)
    found = fitted(board, 170)
    place, covariance, _ = dense(170, board, np.ones(5000))
    assert found.theta == pytest.approx(place[:170], abs=1e-9)
    assert found.beta == pytest.approx(place[170:], abs=1e-9)
    assert found.theta_se == pytest.approx(np.sqrt(covariance.diagonal()[:170]), rel=1e-6)


@pytest.mark.parametrize("models", [300, 2000])
def test_models_without_a_battle_change_nothing(models: int) -> None:
    board = simulated(10, 6, 800)
    number = np.linspace(0, models - 1, 6).astype(int)
    found = fitted({**board, "a": number[board["a"]], "b": number[board["b"]]}, models)
    assert found.beta == pytest.approx(fitted(board, 6).beta, abs=1e-9)
    assert np.isnan(found.theta_se).sum() == models - 6


@pytest.mark.usefixtures("route")
def test_parts_that_never_met_share_their_coefficients() -> None:
    first, second = simulated(11, 4, 700), simulated(12, 5, 900)
    both = {
        "a": np.r_[first["a"], second["a"] + 4],
        "b": np.r_[first["b"], second["b"] + 4],
        "share": np.r_[first["share"], second["share"]],
        "features": np.r_[first["features"], second["features"]],
    }
    found = fitted(both, 9)
    assert sorted(found.component.tolist()) == [0] * 5 + [1] * 4
    assert found.theta[:4].mean() == pytest.approx(0, abs=1e-12)
    assert found.theta[4:].mean() == pytest.approx(0, abs=1e-12)
    apart = [fitted(first, 4), fitted(second, 5)]
    assert np.all(found.beta_se < np.minimum(apart[0].beta_se, apart[1].beta_se))
    assert np.isnan(found.covariance[0, 5])
    tokens = both["features"] @ found.beta
    for model in range(9):
        here = (both["a"] == model) | (both["b"] == model)
        gap = found.theta[both["a"]] - found.theta[both["b"]] + tokens
        sign = np.where(both["a"] == model, 1, -1)
        assert (sign * (both["share"] - 1 / (1 + np.exp(-gap))))[here].sum() == pytest.approx(0, abs=1e-8)


def with_undefeated(board: dict[str, Any], models: int, wins: int) -> dict[str, Any]:
    """The same, and a new model that wins all its battles."""
    rng = np.random.default_rng(0)
    return {
        "a": np.r_[board["a"], np.full(wins, models)],
        "b": np.r_[board["b"], np.arange(wins) % models],
        "share": np.r_[board["share"], np.ones(wins)],
        "features": np.r_[board["features"], rng.normal(size=(wins, board["features"].shape[1]))],
    }


@pytest.mark.usefixtures("route")
def test_an_undefeated_model_leaves_the_others_and_the_coefficients_as_they_are() -> None:
    board = simulated(13, 5, 800)
    alone, beaten = fitted(board, 5), fitted(with_undefeated(board, 5, 12), 6)
    assert beaten.beta == pytest.approx(alone.beta, abs=1e-9)
    assert np.diff(beaten.theta[:5]) == pytest.approx(np.diff(alone.theta), abs=1e-9)
    assert beaten.theta_se[:5] == pytest.approx(alone.theta_se, rel=1e-6)
    assert beaten.theta[5] > beaten.theta[:5].max()
    assert beaten.weak.tolist() == [False] * 5 + [True]
    assert beaten.theta_se[5] > 3 * beaten.theta_se[:5].max()
    more = fitted(with_undefeated(board, 5, 13), 6)
    assert more.theta[5] - more.theta[0] > beaten.theta[5] - beaten.theta[0]


def test_features_count_for_models_outside_the_core_too() -> None:
    """An undefeated model that was always ahead in a feature that wins is rated lower for it."""
    board = simulated(14, 5, 2000, np.array([1.0]))
    ahead, behind = with_undefeated(board, 5, 8), with_undefeated(board, 5, 8)
    ahead["features"][-8:], behind["features"][-8:] = 2.0, -2.0
    assert fitted(ahead, 6).theta[5] < fitted(behind, 6).theta[5] - 0.5


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_two_models_without_anything_to_learn_from_have_a_defined_answer(share: float) -> None:
    found = fit(2, [0] * 10, [1] * 10, [share] * 10, np.linspace(-1, 1, 10)[:, None], names=["tokens"])
    assert np.isfinite(found.theta).all()
    assert found.beta.tolist() == [0.0]
    assert np.isnan(found.beta_se).all()
    assert found.dropped == (("tokens",) if share == 1.0 else ())


def test_features_that_models_or_other_features_determine_are_dropped_by_name() -> None:
    board = simulated(15, 4, 900, BETA[:1])
    x = board["features"][:, 0]
    of_models = np.array([0.0, 1.0, 5.0, -2.0])
    features = np.stack(
        [x, np.zeros(900), 2 * x, of_models[board["a"]] - of_models[board["b"]], np.ones(900)], axis=1
    )
    names = ["tokens", "zero", "twice", "model", "side"]
    found = fitted({**board, "features": features}, 4, names=names)
    assert found.dropped == ("zero", "twice", "model")
    assert [name in found.warnings[number] for number, name in enumerate(found.dropped)] == [True] * 3
    assert found.beta[[1, 2, 3]].tolist() == [0.0, 0.0, 0.0]
    assert np.isnan(found.beta_se[[1, 2, 3]]).all()
    alone = fitted({**board, "features": features[:, [0, 4]]}, 4)
    assert found.beta[[0, 4]] == pytest.approx(alone.beta, abs=1e-9)


def test_a_side_that_is_always_the_same_two_models_is_dropped() -> None:
    found = fit(2, [0] * 20, [1] * 20, [1.0, 0.0] * 10, np.ones((20, 1)), names=["side"])
    assert found.dropped == ("side",)
    assert found.theta == pytest.approx([0.0, 0.0], abs=1e-12)


@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_a_feature_that_settles_every_battle_gets_a_finite_coefficient_and_a_warning(noise: float) -> None:
    rng = np.random.default_rng(16)
    a = rng.integers(4, size=200)
    b = (a + rng.integers(1, 4, size=200)) % 4
    x = rng.normal(size=(200, 2)) * [1.0, noise]
    found = fit(4, a, b, (x[:, 0] > 0).astype(float), x, names=["decisive", "noise"])
    assert 1 < found.beta[0] < 1000
    assert found.beta_se[0] > 0.2 * found.beta[0]
    assert np.isfinite(found.theta).all()
    (warning,) = [warning for warning in found.warnings if "settles" in warning]
    assert "'decisive'" in warning
    weak = fit(4, a, b, (x[:, 0] > 0).astype(float), 100 * x)
    assert 100 * weak.beta[0] == pytest.approx(found.beta[0], rel=1e-6)


def test_a_prior_is_told_also_where_a_trace_of_a_win_keeps_the_end_finite() -> None:
    side = np.array([[1.0], [-1.0], [-1.0], [1.0]])
    found = fit(
        2, [0] * 4, [1] * 4, [1.0, 0.0, 1e-12, 0.5], side, weight=[0.5, 0.5, 0.5, 1.0], names=["side"]
    )
    assert abs(found.beta[0]) < 10
    assert any("'side'" in warning and "prior" in warning for warning in found.warnings)


def test_only_ties_say_that_features_are_worth_nothing_but_not_how_sure() -> None:
    board = simulated(17, 4, 100)
    found = fitted({**board, "share": np.full(100, 0.5)}, 4)
    assert found.theta == pytest.approx(np.zeros(4), abs=1e-12)
    assert found.beta == pytest.approx(np.zeros(3), abs=1e-12)
    assert np.isnan(found.beta_se).all()
    assert np.isnan(found.theta_se).all()


@pytest.mark.usefixtures("route")
@pytest.mark.parametrize("clusters", [None, np.arange(100) // 4])
@pytest.mark.parametrize("share", ["tied", "as expected"])
def test_battles_that_all_end_as_expected_say_not_how_sure_they_are(
    clusters: Ints | None, share: str
) -> None:
    """Ties between equals, or soft shares that are the model's own."""
    board = simulated(19, 4, 100)
    theta = np.array([0.4, 0.1, -0.2, -0.3])
    gap = theta[board["a"]] - theta[board["b"]] + board["features"] @ BETA
    expected = np.full(100, 0.5) if share == "tied" else 1 / (1 + np.exp(-gap))
    found = fitted({**board, "share": expected}, 4, clusters=clusters)
    assert found.beta == pytest.approx(np.zeros(3) if share == "tied" else BETA, abs=1e-9)
    assert np.isnan(found.beta_se).all()
    assert np.isnan(found.theta_se).all()


@pytest.mark.parametrize("clustered", [False, True])
def test_compiled_loops_give_the_same_fit(monkeypatch: pytest.MonkeyPatch, clustered: bool) -> None:
    """Also where several threads work on it."""
    pytest.importorskip("numba", reason="the extra palestra[fast] is not installed")
    monkeypatch.setattr(paired, "_ROWS_A_PART", 3000)
    n = 12_000
    board = simulated(20, 40, n)
    weight = np.random.default_rng(4).choice([0.5, 1.0, 3.0], n)
    clusters = np.arange(n) // 3 if clustered else None
    found = []
    for wish in ("0", "1"):
        monkeypatch.setenv("PALESTRA_COMPILED", wish)
        found.append(fitted(board, 40, weight=weight, clusters=clusters))
    plain, fast = found
    assert fast.theta == pytest.approx(plain.theta, abs=1e-9)
    assert fast.beta == pytest.approx(plain.beta, abs=1e-9)
    assert fast.covariance == pytest.approx(plain.covariance, rel=1e-9, abs=1e-9)
    assert fast.beta_covariance == pytest.approx(plain.beta_covariance, rel=1e-9)
    assert fast.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-12)


def test_the_plain_fit_and_the_sizes_of_clusters_are_told() -> None:
    board = simulated(21, 5, 200)
    number = np.r_[np.repeat([7, 3], 50), np.full(100, -1)]
    found = fitted(board, 5, clusters=number)
    assert found.clusters is not None
    assert sorted(found.clusters.tolist()) == [1] * 100 + [50, 50]
    assert fitted(board, 5).clusters is None
    bare = fit(5, board["a"], board["b"], board["share"], np.zeros((200, 0)))
    assert found.plain.theta == pytest.approx(bare.theta, abs=1e-9)


@pytest.mark.parametrize("models", [0, 1, 3])
def test_no_battles_have_a_defined_answer(models: int) -> None:
    found = fit(models, [], [], [], np.zeros((0, 2)))
    assert found.theta.tolist() == [0.0] * models
    assert found.beta.tolist() == [0.0, 0.0]
    assert np.isnan(found.covariance).all()
    assert found.log_likelihood == 0.0


@pytest.mark.usefixtures("route")
def test_a_model_against_itself_and_rows_without_weight_are_left_out() -> None:
    board = simulated(18, 4, 400)
    more = {
        "a": np.r_[board["a"], 1, 0],
        "b": np.r_[board["b"], 1, 3],
        "share": np.r_[board["share"], 1.0, 1.0],
        "features": np.r_[board["features"], np.full((2, 3), 50.0)],
    }
    weight = np.r_[np.ones(401), 0.0]
    assert fitted(more, 4, weight=weight).beta == pytest.approx(fitted(board, 4).beta, abs=1e-12)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"features": np.full((10, 1), np.nan)}, "finite"),
        ({"features": np.zeros((9, 1))}, "length"),
        ({"features": np.zeros(10)}, "length"),
        ({"share": np.full(10, 1.5)}, "share"),
        ({"share": np.full(10, np.nan)}, "share"),
        ({"weight": np.full(10, -1.0)}, "weight"),
        ({"weight": np.ones(3)}, "length"),
        ({"times": np.full(10, -1)}, "fewer than 0"),
        ({"a": np.full(10, 2)}, "number"),
        ({"a": np.full(10, -1)}, "number"),
    ],
)
def test_senseless_rows_are_refused(wrong: dict[str, Any], words: str) -> None:
    rows: dict[str, Any] = {
        "a": np.zeros(10, int),
        "b": np.ones(10, int),
        "share": np.ones(10),
        "features": np.zeros((10, 1)),
    }
    rows |= wrong
    with pytest.raises(DataError, match=words):
        fit(2, rows.pop("a"), rows.pop("b"), rows.pop("share"), rows.pop("features"), **rows)


def test_the_side_of_a_row() -> None:
    assert side_feature(["ab", None, "ba", "both", ""]).tolist() == [1.0, 1.0, -1.0, 0.0, 1.0]
    assert side_feature([]).tolist() == []
    with pytest.raises(DataError, match="unknown order 'AB'"):
        side_feature(["AB"])


@settings(deadline=None, max_examples=40)
@given(boards(connected=True), st.randoms(use_true_random=False))
def test_the_likelihood_equations_hold_with_a_side(rows: Sequence[Row], random: Any) -> None:
    """At the maximum being first wins as often as expected, and each model too."""
    names = sorted({row.a for row in rows} | {row.b for row in rows})
    a = np.array([names.index(row.a) for row in rows])
    b = np.array([names.index(row.b) for row in rows])
    share = np.array([row.share for row in rows])
    weight = np.array([row.weight for row in rows])
    side = np.array([random.choice([1.0, -1.0, 0.0]) for _ in rows])
    found = fit(len(names), a, b, share, side[:, None], weight=weight)
    if found.dropped or found.warnings:
        return
    rest = weight * (share - 1 / (1 + np.exp(found.theta[b] - found.theta[a] - found.beta[0] * side)))
    assert rest @ side == pytest.approx(0, abs=1e-6)
    for model in range(len(names)):
        assert rest[a == model].sum() - rest[b == model].sum() == pytest.approx(0, abs=1e-6)
