"""The compiled loops do what numpy does; and nobody waits for a compiler who has little to do."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ranking.boards import Row, boards, counted, simulated, tallied

from palestra.ranking import compiled, graph
from palestra.ranking.bootstrap.refit import SETTLED, Core
from palestra.ranking.bootstrap.resample import Resampler
from palestra.ranking.bradley_terry import LEAST, fit
from palestra.ranking.bradley_terry.games import Games
from palestra.ranking.bradley_terry.newton import maximise
from palestra.ranking.elo import play
from palestra.ranking.leaderboard import rank_counts
from palestra.ranking.pairs import Pairs

if TYPE_CHECKING:
    from pathlib import Path

STRENGTHS = np.linspace(-1.0, 1.0, 7).tolist()


@pytest.fixture(scope="module")
def fast() -> Any:
    """The compiled loops."""
    pytest.importorskip("numba", reason="the extra palestra[fast] is not installed")
    from palestra.ranking import kernels

    return kernels


def table_of(core: Core, pairs: Pairs) -> np.ndarray:
    wins = np.zeros((core.theta.size, core.theta.size))
    wins[core.i, core.j], wins[core.j, core.i] = pairs.wins_i[core.pairs], pairs.wins_j[core.pairs]
    return wins


@settings(max_examples=50)
@given(rows=boards(), seed=st.integers(0, 2**32 - 1))
def test_wins_are_tabulated_as_numpy_adds_them(fast: Any, rows: list[Row], seed: int) -> None:
    pairs = Pairs.of(counted(rows))
    n = np.random.default_rng(seed).integers(0, 4, pairs.cell_n.size)
    of_i = pairs.cell_weight * pairs.cell_share
    wins_i, wins_j = pairs.wins(n)
    for part in fit(pairs).parts:
        if not part.core.any():
            continue
        core = Core.of(pairs, part)
        found = np.full(core.inverse.shape, np.nan)
        fast.tabulate(n, *core.ends_of_cells(pairs), of_i, pairs.cell_weight - of_i, found)
        expected = np.zeros(core.inverse.shape)
        expected[core.i, core.j], expected[core.j, core.i] = wins_i[core.pairs], wins_j[core.pairs]
        assert found == pytest.approx(expected, abs=1e-9)


@settings(max_examples=100)
@given(
    wins=st.integers(1, 6).flatmap(
        lambda size: st.lists(
            st.lists(st.sampled_from([0.0, 0.0, 1e-7, 0.5, 3.0]), min_size=size, max_size=size),
            min_size=size,
            max_size=size,
        )
    ),
    pivot=st.integers(0, 5),
)
def test_strong_connection_is_what_the_graph_says(fast: Any, wins: list[list[float]], pivot: int) -> None:
    table = np.array(wins)
    winners, losers = np.nonzero(table > LEAST)
    one = len(np.unique(graph.strong_components(len(wins), winners, losers))) == 1
    assert fast.is_strong(table, LEAST, pivot % len(wins)) == one


def test_refits_settle_where_newton_does(fast: Any) -> None:
    """From the point estimate of one board to the maximum of another like it."""
    pairs = Pairs.of(simulated(3, STRENGTHS, 1500, 0.3))
    core = Core.of(pairs, fit(pairs).parts[0])
    for seed in range(20):
        n = np.random.default_rng(seed).poisson(pairs.cell_n)
        games = Games(core.i, core.j, *(wins[core.pairs] for wins in pairs.wins(n)))
        table = np.zeros(core.inverse.shape)
        table[core.i, core.j], table[core.j, core.i] = games.wins_i, games.wins_j
        found = core.theta.copy()
        assert fast.settle(table, core.inverse, found, SETTLED)
        expected = maximise(games, core.theta)
        assert found - found.mean() == pytest.approx(expected - expected.mean(), abs=1e-8)


def test_steps_that_do_not_shrink_are_given_up(fast: Any) -> None:
    """Far from the point estimate its curvature leads nowhere; Newton's method is then asked."""
    pairs = Pairs.of(simulated(3, STRENGTHS, 1500, 0.3))
    core = Core.of(pairs, fit(pairs).parts[0])
    other_way = table_of(core, pairs).T * 40.0
    assert not fast.settle(other_way, core.inverse, core.theta.copy(), SETTLED)


@pytest.mark.parametrize("cells", [1, 7, 1000])
def test_drawn_rows_are_rows_drawn_evenly(fast: Any, cells: int) -> None:
    """χ² of 400 resamples of a million rows in all, against its mean by six standard deviations."""
    size = 2500
    cell_of_row = np.sort(np.random.default_rng(cells).integers(0, cells, size)).astype(np.int32)
    expected = np.bincount(cell_of_row, minlength=cells) * 400.0
    total, n = np.zeros(cells), np.empty(cells, dtype=np.int32)
    for seed in range(400):
        state = np.random.SeedSequence([seed]).generate_state(4, np.uint64)
        fast.draw_rows(state, cell_of_row, n)
        assert n.sum() == size
        total += n
    there = expected > 0
    assert not total[~there].any()
    chi = float(((total - expected)[there] ** 2 / expected[there]).sum())
    freedom = np.count_nonzero(there) - 1
    assert abs(chi - freedom) <= 6 * math.sqrt(2 * freedom)


def test_drawn_cells_are_a_multinomial(fast: Any) -> None:
    """Of few rows each and of many: means, variances, and how two cells go together, by five errors."""
    pairs = Pairs.of(
        tallied(*((f"m{a}", f"m{b}", "model_a", 1 + 7 * a * b) for a in range(5) for b in range(a)))
    )
    rows = pairs.cell_n
    size, rounds = int(rows.sum()), 20_000
    draw = Resampler(rows, 1, None, None).compiled(fast)
    found = np.empty((rounds, rows.size), dtype=np.int64)
    for number, n in enumerate(found):
        draw(n, number)
    assert (found.sum(axis=1) == size).all()
    share = rows / size
    spread = np.sqrt(rows * (1 - share) / rounds)
    assert (np.abs(found.mean(axis=0) - rows) <= 5 * spread).all()
    together = np.cov(found, rowvar=False)
    expected = size * (np.diag(share) - np.outer(share, share))
    error = np.sqrt((np.outer(expected.diagonal(), expected.diagonal()) + expected**2) / rounds)
    assert (np.abs(together - expected) <= 6 * error).all()


@pytest.mark.parametrize("rows", [3, 30, 3000])
def test_each_number_of_a_cell_is_as_likely_as_a_binomial_says(fast: Any, rows: int) -> None:
    """χ² of 40,000 draws of one cell beside another of as many rows, by six standard deviations."""
    draw = Resampler(np.array([rows, rows]), 2, None, None).compiled(fast)
    found, n = np.empty(40_000, dtype=np.int64), np.empty(2, dtype=np.int64)
    for number in range(found.size):
        draw(n, number)
        found[number] = n[0]
    numbers = np.arange(2 * rows + 1)
    log_chance = [
        math.lgamma(2 * rows + 1) - math.lgamma(k + 1) - math.lgamma(2 * rows - k + 1) for k in numbers
    ]
    expected = found.size * np.exp(np.array(log_chance) - 2 * rows * math.log(2.0))
    often = expected > 10
    seen = np.bincount(found, minlength=numbers.size)
    chi = float(((seen - expected)[often] ** 2 / expected[often]).sum())
    assert abs(chi - often.sum()) <= 6 * math.sqrt(2 * often.sum())


def test_one_resample_scatters_as_a_multinomial_does(fast: Any) -> None:
    """The number of rows drawn at least once is N(1 − 1/e), give or take √(N(1/e − 2/e²))."""
    size = 100_000
    n = np.empty(size, dtype=np.int32)
    fast.draw_rows(
        np.random.SeedSequence([1]).generate_state(4, np.uint64), np.arange(size, dtype=np.int32), n
    )
    drawn = np.count_nonzero(n)
    spread = math.sqrt(size * (math.exp(-1) - 2 * math.exp(-2)))
    assert drawn == pytest.approx(size * (1 - math.exp(-1)), abs=5 * spread)


@settings(max_examples=50)
@given(rows=boards(), k=st.sampled_from([4.0, 32.0, 5000.0]))
def test_elo_is_the_same_to_the_last_digits(rows: list[Row], k: float) -> None:
    """Also where K throws ratings so far apart that the odds are cut off."""
    pytest.importorskip("numba", reason="the extra palestra[fast] is not installed")
    names = sorted({name for row in rows for name in (row.a, row.b)})
    a = np.array([names.index(row.a) for row in rows])
    b = np.array([names.index(row.b) for row in rows])
    share, weight = np.array([row.share for row in rows]), np.array([row.weight for row in rows])
    found = []
    for wish in ("0", "1"):
        ratings = np.full(len(names), 1000.0)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PALESTRA_COMPILED", wish)
            play(a, b, share, weight, ratings, k)
        found.append(ratings)
    assert found[0] == pytest.approx(found[1], abs=1e-9, rel=1e-12)


def test_point_estimates_are_the_same_on_either_route(route: str) -> None:
    """They are numpy's on both; what is compiled starts from them."""
    expected = {"m0": 0.0, "m1": 400 * math.log10(3), "m2": 400 * math.log10(12)}
    names = [("m1", "m0", 3), ("m0", "m1", 1), ("m2", "m1", 4), ("m1", "m2", 1)]
    board = rank_counts(
        tallied(*((a, b, "model_a", n) for a, b, n in names)), ci="bootstrap", rounds=10, anchor={"m0": 0.0}
    )
    assert {row.model: row.rating for row in board.ratings} == pytest.approx(expected, abs=1e-9), route


@pytest.mark.parametrize(
    ("wish", "seconds", "loads"),
    [("0", 1e9, False), ("1", 0.0, True), ("", 0.001, False)],
)
def test_who_asks_gets_compiled_loops_or_none(
    monkeypatch: pytest.MonkeyPatch, wish: str, seconds: float, loads: bool
) -> None:
    pytest.importorskip("numba", reason="the extra palestra[fast] is not installed")
    monkeypatch.setenv("PALESTRA_COMPILED", wish)
    assert (compiled.kernels(seconds) is not None) == loads


SMALL_JOBS = """
import sys
import numpy as np
from palestra.ranking.counts import Rows
from palestra.ranking.leaderboard import rank_counts, rank_rows

def work(battles, models, rounds):
    rng = np.random.default_rng(0)
    a = rng.integers(models, size=battles)
    b = (a + rng.integers(1, models, size=battles)) % models
    names = [f"m{index:03}" for index in range(models)]
    rows = Rows.from_codes(names, a, b, rng.integers(0, 4, battles))
    assert rank_counts(rows.counts(), simultaneous=True, details=True).n_battles == battles
    rank_counts(rows.counts(), ci="bootstrap", rounds=rounds)
    rank_rows(rows, method="elo")

work(100, 5, 1000)
work(100_000, 130, ROUNDS)
print("numba" in sys.modules)
"""


def run(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.mark.parametrize(("cache", "rounds"), [(True, 100), (False, 1000)], ids=["cached", "never compiled"])
def test_a_small_job_never_loads_the_compiler(cache: bool, rounds: int, tmp_path: Path) -> None:
    """100 battles, and 100,000 in memory: rated with intervals, resampled, and by Elo. Where kernels lie
    compiled from earlier, a thousand rounds of the latter would be enough work to load them.
    """
    where = {} if cache else {"NUMBA_CACHE_DIR": str(tmp_path)}
    assert run(SMALL_JOBS.replace("ROUNDS", str(rounds)), **where) == "False"


def test_importing_the_ratings_imports_numpy_and_little_else() -> None:
    heavy = "numba", "pyarrow", "duckdb", "pandas", "scipy", "pydantic", "threadpoolctl", "rich", "typer"
    code = f"""
import sys
import numpy
before = set(sys.modules)
import palestra.ranking.leaderboard
print(sorted({{name.split(".")[0] for name in set(sys.modules) - before}} & set({heavy!r})))
"""
    assert run(code) == "[]"
