from __future__ import annotations

import math

import numpy as np
import pytest
from tests.ranking.boards import Row, counted, simulated, tallied

from palestra.errors import UsageError
from palestra.ranking import intervals
from palestra.ranking.bootstrap import bootstrap
from palestra.ranking.bootstrap.resample import Resampler
from palestra.ranking.bradley_terry import fit
from palestra.ranking.counts import Counts, Outcome
from palestra.ranking.intervals import sandwich
from palestra.ranking.leaderboard import rank_counts
from palestra.ranking.pairs import Pairs

STRENGTHS = [-0.8, -0.4, -0.2, 0.0, 0.1, 0.3, 0.4, 0.6]


def by_hand(rows: list[Row], models: tuple[str, ...], theta: np.ndarray) -> np.ndarray:
    """The sandwich row by row, with the pseudo-inverse."""
    size = len(models)
    bread, filling = np.zeros((size, size)), np.zeros((size, size))
    for row in rows:
        x = np.zeros(size)
        x[models.index(row.a)], x[models.index(row.b)] = 1.0, -1.0
        p = 1 / (1 + math.exp(-x @ theta))
        bread += row.weight * p * (1 - p) * np.outer(x, x)
        filling += (row.weight * (row.share - p)) ** 2 * np.outer(x, x)
    inverse = np.linalg.pinv(bread)
    return np.asarray(np.sqrt(np.diag(inverse @ filling @ inverse)))


def test_the_closed_form_is_the_sandwich_row_by_row() -> None:
    rng = np.random.default_rng(5)
    names = "ABCDE"
    rows = []
    for _ in range(120):
        a, b = rng.choice(5, 2, replace=False)
        pref = rng.random() if rng.random() < 0.3 else math.nan
        winner = str(rng.choice(["model_a", "model_b", "tie"]))
        rows.append(Row(names[a], names[b], winner, pref, float(rng.choice([1, 1, 2, 0.5]))))
    counts = counted(rows)
    pairs = Pairs.of(counts)
    fitted = fit(pairs)
    assert sandwich(pairs, fitted) == pytest.approx(by_hand(rows, counts.models, fitted.theta), rel=1e-9)


def covered(ties: float, battles: int, boards: int, ci: str) -> float:
    """Which share of intervals holds the truth; ratings and truth are relative to their mean."""
    truth = 400 / math.log(10) * (np.array(STRENGTHS) - np.mean(STRENGTHS)) + 1000
    hits = []
    for seed in range(boards):
        counts = simulated(seed, STRENGTHS, battles, ties)
        board = rank_counts(counts, ci=ci, rounds=200)
        for row in board.ratings:
            assert row.ci_low is not None
            assert row.ci_high is not None
            hits.append(row.ci_low <= truth[int(row.model[1:])] <= row.ci_high)
    return float(np.mean(hits))


@pytest.mark.parametrize("ties", [0.0, 0.4])
def test_sandwich_intervals_cover_the_truth(ties: float) -> None:
    """3200 intervals have a standard error of 0.4 points (a little more, as those of a board go together)."""
    assert covered(ties, 2000, 400, "sandwich") == pytest.approx(0.95, abs=0.015)


@pytest.mark.slow
def test_bootstrap_intervals_cover_the_truth() -> None:
    assert covered(0.4, 2000, 150, "bootstrap") == pytest.approx(0.945, abs=0.025)


def test_both_kinds_agree_on_a_large_board() -> None:
    pairs = Pairs.of(simulated(1, STRENGTHS, 20_000, 0.3))
    fitted = fit(pairs)
    spread = bootstrap(pairs, fitted, rounds=600, seed=3).theta.std(axis=0)
    assert spread == pytest.approx(sandwich(pairs, fitted), rel=0.12)


def test_a_resample_of_counts_is_a_resample_of_rows() -> None:
    """The spread of ratings refitted to resampled rows, drawn one by one, is that of the bootstrap."""
    counts = simulated(7, STRENGTHS[:4], 300, 0.3)
    pairs = Pairs.of(counts)
    fitted = fit(pairs)
    rows = np.repeat(np.arange(counts.n.size), counts.n)
    rng = np.random.default_rng(11)
    slow = []
    for _ in range(400):
        n = np.bincount(rng.choice(rows, rows.size), minlength=counts.n.size)
        again = Counts.from_codes(counts.models, counts.a, counts.b, counts.outcome, n=n)
        slow.append(fit(Pairs.of(again)).theta)
    fast = bootstrap(pairs, fitted, rounds=400, seed=1).theta
    assert fast.mean(axis=0) == pytest.approx(np.mean(slow, axis=0), abs=0.04)
    assert fast.std(axis=0) == pytest.approx(np.std(slow, axis=0), rel=0.15)


def test_the_same_seed_draws_the_same_and_a_prefix_of_more_rounds() -> None:
    pairs = Pairs.of(simulated(1, STRENGTHS, 500, 0.3))
    fitted = fit(pairs)
    few = bootstrap(pairs, fitted, rounds=10, seed=4).theta
    assert np.array_equal(few, bootstrap(pairs, fitted, rounds=25, seed=4).theta[:10])
    assert not np.array_equal(few, bootstrap(pairs, fitted, rounds=10, seed=5).theta)


def test_resamples_are_fitted_to_the_end() -> None:
    """The cheap steps of a refit end where a fit from scratch does."""
    pairs = Pairs.of(simulated(2, STRENGTHS, 400, 0.3))
    draws = bootstrap(pairs, fit(pairs), rounds=20, seed=9).theta
    resampler = Resampler.of(pairs, 9)
    models = [f"m{number}" for number in range(pairs.n_models)]
    for number, theta in enumerate(draws):
        n = resampler.draw(number)
        assert n.sum() == 400
        a, b = pairs.i[pairs.cell_pair], pairs.j[pairs.cell_pair]
        soft = np.full(a.size, int(Outcome.SOFT))
        again = Counts.from_codes(models, a, b, soft, share=pairs.cell_share, n=n)
        assert theta == pytest.approx(fit(Pairs.of(again)).theta, abs=1e-8)


def test_a_model_that_a_resample_loses_is_nan_there_and_counted() -> None:
    counts = tallied(
        ("A", "B", "model_a", 20),
        ("A", "B", "model_b", 20),
        ("C", "A", "model_a", 2),
        ("C", "A", "model_b", 1),
    )
    pairs = Pairs.of(counts)
    draws = bootstrap(pairs, fit(pairs), rounds=2000, seed=0)
    lost = dict(zip(counts.models, draws.unidentified.tolist(), strict=True))
    assert (lost["A"], lost["B"]) == (0, 0)
    none_won, none_lost, none_at_all = (1 - 2 / 43) ** 43, (1 - 1 / 43) ** 43, (1 - 3 / 43) ** 43
    assert lost["C"] / 2000 == pytest.approx(none_won + none_lost - none_at_all, abs=0.04)
    board = rank_counts(counts, ci="bootstrap", rounds=300)
    assert any("C in" in warning for warning in board.warnings)


def test_an_undefeated_model_has_the_wide_interval_of_its_posterior_and_no_bootstrap() -> None:
    counts = tallied(("A", "B", "model_a", 30), ("A", "B", "model_b", 30), ("X", "A", "model_a", 10))
    rows = {row.model: row for row in rank_counts(counts).ratings}
    width = {
        name: (row.ci_high or 0) - (row.ci_low or 0) for name, row in rows.items() if row.ci_low is not None
    }
    assert width["X"] > 4 * width["A"]
    assert rows["X"].ci_low is not None
    assert rows["X"].ci_low > rows["A"].rating
    resampled = {row.model: row for row in rank_counts(counts, ci="bootstrap", rounds=50).ratings}
    assert resampled["X"].ci_low is None
    assert resampled["A"].ci_low is not None


@pytest.mark.parametrize("ci", ["sandwich", "bootstrap"])
def test_only_ties_give_no_interval_but_a_warning(ci: str) -> None:
    board = rank_counts(tallied(("A", "B", "tie", 50)), ci=ci, rounds=20)
    assert [row.ci_low for row in board.ratings] == [None, None]
    assert any("no variation" in warning for warning in board.warnings)


def test_an_anchor_moves_ratings_and_bounds_alike() -> None:
    counts = simulated(1, STRENGTHS, 500, 0.3)
    free = {row.model: row for row in rank_counts(counts).ratings}
    tied = {row.model: row for row in rank_counts(counts, anchor={"m003": 1200.0}).ratings}
    shift = 1200.0 - free["m003"].rating
    assert tied["m003"].rating == 1200.0
    for name, row in free.items():
        moved = (tied[name].rating - shift, tied[name].ci_low or 0, tied[name].ci_high or 0)
        assert moved == pytest.approx((row.rating, (row.ci_low or 0) + shift, (row.ci_high or 0) + shift))


@pytest.mark.parametrize(("rounds", "seed"), [(1, 0), (0, 0), (10, -1)])
def test_a_senseless_bootstrap_is_refused(rounds: int, seed: int) -> None:
    with pytest.raises(UsageError):
        rank_counts(tallied(("A", "B", "tie", 5)), ci="bootstrap", rounds=rounds, seed=seed)


def test_sums_over_few_pairs_are_the_product_of_matrices(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = simulated(5, np.linspace(-1, 1, 30).tolist(), 60, ties=0.2)
    ring = tallied(*((f"m{n:03d}", f"m{(n + 1) % 30:03d}", "model_a", 1) for n in range(30)))
    pairs = Pairs.of(Counts.merge([counts, ring]))
    fitted = fit(pairs)
    assert fitted.core.all()
    found = []
    for sparse in (0, 1_000_000):
        monkeypatch.setattr(intervals, "_SPARSE", sparse)
        found.append(sandwich(pairs, fitted))
    assert found[0] == pytest.approx(found[1], rel=1e-10)
