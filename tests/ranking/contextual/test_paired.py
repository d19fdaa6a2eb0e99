from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from palestra.ranking.contextual import paired
from palestra.ranking.contextual.paired import PairedRows

if TYPE_CHECKING:
    from palestra.ranking.contextual.moments import Sums


def drawn(size: int, n: int, seed: int, *, times: bool = False) -> tuple[dict[str, Any], PairedRows]:
    """Battles of three models whose numbers are below `size`, with two features."""
    rng = np.random.default_rng(seed)
    known = np.sort(rng.choice(size, 3, replace=False))
    a, step = rng.integers(3, size=n), rng.integers(1, 3, size=n)
    given = {
        "a": known[a],
        "b": known[(a + step) % 3],
        "share": rng.random(n),
        "weight": rng.random(n) + 0.5,
        "features": rng.normal(size=(2, n)),
        "times": rng.integers(1, 4, n) if times else None,
    }
    return given, PairedRows.of(size, **given)


@pytest.mark.usefixtures("route")
@pytest.mark.parametrize("size", [3, 300, 70_000])
@pytest.mark.parametrize("n", [1, 513, 40_000])
@pytest.mark.parametrize("times", [False, True])
def test_the_sums_of_blocks_are_the_sums_of_rows(size: int, n: int, times: bool) -> None:
    """In one block and in several."""
    given, rows = drawn(size, n, size + n, times=times)
    a, b, share, x = given["a"], given["b"], given["share"], given["features"]
    count = given["times"] if times else np.ones(n)
    weight = given["weight"] * count
    theta, beta = np.random.default_rng(1).normal(size=size), np.array([0.3, -2.0])
    p = 1 / (1 + np.exp(-(theta[a] - theta[b] + beta @ x)))
    rest = weight * (share - p)
    sums = rows.sums(theta, beta, whole=True)
    assert sums.scatter is not None
    gradient = np.zeros(size)
    np.add.at(gradient, a, rest)
    np.add.at(gradient, b, -rest)
    assert np.allclose(rows.by_node(sums.pull[None])[0], gradient, atol=1e-8)
    assert sums.pull_x == pytest.approx(x @ rest, abs=1e-8)
    for moments, v in ((sums.bend, weight * p * (1 - p)), (sums.scatter, rest**2 / count)):
        assert moments.mass.sum() == pytest.approx(v.sum(), rel=1e-12)
        assert moments.mass_xx == pytest.approx((x * v) @ x.T, rel=1e-9)
        cross = np.zeros((2, size))
        np.add.at(cross.T, a, (v * x).T)
        np.add.at(cross.T, b, -(v * x).T)
        assert np.allclose(rows.by_node(moments.mass_x), cross, atol=1e-8)
    told = float(weight @ (share * np.log(p) + (1 - share) * np.log(1 - p)))
    assert sums.log_likelihood == pytest.approx(told, rel=1e-12)
    assert rows.log_likelihood(theta, beta) == pytest.approx(told, rel=1e-12)
    assert np.allclose(rows.residuals(theta, beta), rest, atol=1e-12)
    assert rows.sums(theta, beta).scatter is None


def test_pairs_are_numbered_in_order_and_know_their_wins() -> None:
    given, rows = drawn(300, 2000, 5)
    assert np.all(np.diff(rows.i * rows.size + rows.j) > 0)
    ends = np.sort(np.stack([given["a"], given["b"]]), axis=0)
    assert np.array_equal(np.stack([rows.i[rows.pair], rows.j[rows.pair]]), ends)
    assert np.array_equal(rows.sign > 0, given["a"] < given["b"])
    of_i, of_j = rows.wins
    for number, (i, j) in enumerate(zip(rows.i.tolist(), rows.j.tolist(), strict=True)):
        forth, back = ((given["a"] == one) & (given["b"] == other) for one, other in ((i, j), (j, i)))
        won, lost = given["weight"] * given["share"], given["weight"] * (1 - given["share"])
        assert of_i[number] == pytest.approx(won[forth].sum() + lost[back].sum(), rel=1e-12)
        assert of_j[number] == pytest.approx(lost[forth].sum() + won[back].sum(), rel=1e-12)
        assert rows.battles[number] == forth.sum() + back.sum()


def arrays(sums: Sums) -> list[Any]:
    return [*sums.arrays, sums.log_likelihood]


def test_the_number_of_threads_changes_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numba", reason="the extra palestra[fast] is not installed")
    monkeypatch.setenv("PALESTRA_COMPILED", "1")
    monkeypatch.setattr(paired, "_ROWS_A_PART", 10_000)
    _, rows = drawn(50, 35_001, 3)
    theta, beta = np.random.default_rng(2).normal(size=50), np.array([0.5, -0.1])
    found = []
    for threads in (1, 2, 5):
        monkeypatch.setattr(paired, "processors", lambda threads=threads: threads)
        found.append(arrays(rows.sums(theta, beta, whole=True)))
    for other in found[1:]:
        assert all(np.array_equal(one, two) for one, two in zip(found[0], other, strict=True))
    monkeypatch.setenv("PALESTRA_COMPILED", "0")
    for one, two in zip(found[0], arrays(rows.sums(theta, beta, whole=True)), strict=True):
        assert one == pytest.approx(two, rel=1e-9, abs=1e-9)


@pytest.mark.usefixtures("route")
def test_certain_battles_keep_their_digits() -> None:
    """A loss against odds of e^600 is neither impossible nor an error."""
    rows = PairedRows.of(2, np.array([0]), np.array([1]), np.array([0.0]), np.ones(1), np.array([[600.0]]))
    sums = rows.sums(np.zeros(2), np.ones(1), whole=True)
    assert sums.pull.tolist() == [-1.0]
    assert 0 < sums.bend.mass[0] < 1e-250
    assert sums.log_likelihood == rows.log_likelihood(np.zeros(2), np.ones(1)) == -600.0


@pytest.mark.usefixtures("route")
def test_residuals_that_are_rounding_are_none() -> None:
    share = np.array([0.5, 0.5 + 4e-10, 0.5 + 4e-9])
    weight = np.full(3, 1e6)
    rows = PairedRows.of(2, np.zeros(3, int), np.ones(3, int), share, weight, np.zeros((0, 3)))
    scatter = rows.sums(np.zeros(2), np.zeros(0), whole=True).scatter
    assert scatter is not None
    assert scatter.mass == pytest.approx([(4e-9 * 1e6) ** 2], rel=1e-6)
    assert rows.residuals(np.zeros(2), np.zeros(0)) == pytest.approx([0.0, 0.0, 4e-3], rel=1e-6)


@pytest.mark.usefixtures("route")
def test_no_rows_have_no_pairs() -> None:
    rows = PairedRows.of(0, *(np.zeros(0, int),) * 2, *(np.zeros(0),) * 2, np.zeros((2, 0)))
    assert (rows.i.size, rows.pair.size) == (0, 0)
    assert rows.sums(np.zeros(0), np.zeros(2), whole=True).log_likelihood == 0.0
    assert rows.wins[0].size == rows.battles.size == 0


def test_the_compiled_exponential_is_the_exponential() -> None:
    pytest.importorskip("numba", reason="the extra palestra[fast] is not installed")
    from palestra.ranking.kernels.rows import exponential

    x = np.r_[np.linspace(-700, 700, 100_001), np.linspace(-1, 1, 10_001), 0.0, 1e-300, -1e-300]
    found = np.empty(x.size)
    exponential(x, np.empty(x.size, dtype=np.int64), found)
    assert np.abs(found / np.exp(x) - 1).max() < 1e-13
    near = np.abs(x) <= 1
    assert np.abs(found / np.exp(x) - 1)[near].max() < 1e-15
