"""The bootstrap of counts is the bootstrap of the rows: of the same law, on every route, for any threads."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.ranking.alike import alike, distance, limit
from tests.ranking.boards import simulated, tallied

from palestra.ranking import compiled
from palestra.ranking.bootstrap import bootstrap
from palestra.ranking.bootstrap.resample import Resampler
from palestra.ranking.bradley_terry import fit
from palestra.ranking.counts import Counts
from palestra.ranking.pairs import Pairs

if TYPE_CHECKING:
    from palestra.ranking.arrays import Floats

SEEDS, ROUNDS = 40, 50
STRENGTHS = [-0.4, -0.1, 0.1, 0.4]
BATTLES = {"drawn row by row": 120, "drawn cell by cell": 600}
"""Few battles a cell, or many: the two ways to draw a resample of independent battles."""


def plain(battles: int) -> Counts:
    return simulated(5, STRENGTHS, battles, 0.3)


@cache
def clustered() -> Counts:
    """60 prompts of two to six battles each; most prompts have a favourite that wins most of theirs."""
    rng = np.random.default_rng(8)
    prompt = np.repeat(np.arange(60), rng.integers(2, 7, 60))
    a = rng.integers(4, size=prompt.size)
    b = (a + rng.integers(1, 4, size=prompt.size)) % 4
    leaning = rng.normal(0, 2, (60, 4))
    gap = leaning[prompt, a] - leaning[prompt, b]
    outcome = np.where(rng.random(prompt.size) < 1 / (1 + np.exp(-gap)), 0, 1)
    return Counts.from_codes(list("ABCD"), a, b, outcome, cluster=prompt)


def refitted(counts: Counts, rows: np.ndarray) -> Floats:
    """The strengths of these rows, one by one, told by the cells that they are of."""
    cells = (counts.a[rows], counts.b[rows], counts.outcome[rows])
    return fit(Pairs.of(Counts.from_codes(counts.models, *cells))).theta


@cache
def by_rows(battles: int) -> Floats:
    """Strengths of resamples of rows, drawn one by one with replacement, (2000, 4)."""
    counts = plain(battles)
    row = np.repeat(np.arange(counts.n.size), counts.n)
    rng = np.random.default_rng(17)
    return np.array([refitted(counts, rng.choice(row, row.size)) for _ in range(SEEDS * ROUNDS)])


@cache
def by_clusters() -> Floats:
    """Strengths of resamples of prompts with all their rows, (2000, 4)."""
    counts = clustered()
    assert counts.cluster is not None
    rows = [np.repeat(np.flatnonzero(own), counts.n[own]) for own in counts.cluster == np.arange(60)[:, None]]
    rng = np.random.default_rng(18)
    picks = [rng.integers(0, 60, 60) for _ in range(SEEDS * ROUNDS)]
    return np.array([refitted(counts, np.concatenate([rows[one] for one in pick])) for pick in picks])


def by_counts(counts: Counts) -> Floats:
    """Strengths of the bootstrap's resamples by many seeds, (2000, 4)."""
    pairs = Pairs.of(counts)
    fitted = fit(pairs)
    return np.concatenate([bootstrap(pairs, fitted, rounds=ROUNDS, seed=seed).theta for seed in range(SEEDS)])


@pytest.mark.parametrize("battles", BATTLES.values(), ids=BATTLES)
def test_resamples_of_counts_are_resamples_of_rows(battles: int, route: str) -> None:
    counts = plain(battles)
    one_by_one = Resampler.of(Pairs.of(counts), 0).units is not None
    assert one_by_one == (battles == BATTLES["drawn row by row"]), route
    found = by_counts(counts)
    assert not np.isnan(found).any()
    assert alike(found, by_rows(battles))


def test_resamples_of_clusters_are_resamples_of_prompts(route: str) -> None:
    found = by_counts(clustered())
    assert not np.isnan(found).any()
    assert alike(found, by_clusters()), route


def test_the_comparison_sees_a_bootstrap_that_forgets_the_prompts() -> None:
    """And one a seventh too narrow: what is called alike above is so."""
    counts = clustered()
    alone = Counts.from_codes(counts.models, counts.a, counts.b, counts.outcome, n=counts.n)
    assert not alike(by_counts(alone), by_clusters())
    assert not alike(by_counts(plain(600)) * 6 / 7, by_rows(600))


def test_compiled_and_plain_intervals_are_of_one_law_but_not_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Bounds of 150 bootstraps of 60 rounds each, with seeds of their own on either route."""
    pytest.importorskip("numba", reason="the extra palestra[fast] is not installed")
    pairs = Pairs.of(plain(120))
    fitted = fit(pairs)
    draws = {}
    for wish, first in (("0", 0), ("1", 0), ("1", 1000)):
        monkeypatch.setenv("PALESTRA_COMPILED", wish)
        draws[wish, first] = [
            bootstrap(pairs, fitted, rounds=60, seed=seed) for seed in range(first, first + 150)
        ]
    plain_ones, compiled_ones, others = (
        np.array([np.concatenate(one.bounds(0.9)) for one in found]) for found in draws.values()
    )
    assert alike(plain_ones, compiled_ones)
    assert alike(plain_ones, others)
    assert not np.array_equal(plain_ones, compiled_ones)


def whole_boards() -> dict[str, Counts]:
    """Boards of every kind of resample, two parts, and a model that some resamples lose."""
    parts = [
        *(("A", "B", winner, 9) for winner in ("model_a", "model_b", "tie")),
        *(("X", "Y", winner, 4) for winner in ("model_a", "model_b")),
        ("C", "A", "model_a", 2),
        ("C", "B", "model_b", 1),
    ]
    return {"rows": plain(120), "cells": plain(600), "prompts": clustered(), "parts": tallied(*parts)}


@pytest.mark.parametrize("kind", whole_boards())
def test_any_number_of_threads_gives_the_same_bits(kind: str, route: str) -> None:
    pairs = Pairs.of(whole_boards()[kind])
    fitted = fit(pairs)
    one, two, five = (bootstrap(pairs, fitted, rounds=103, seed=6, threads=threads) for threads in (1, 2, 5))
    assert one.theta.tobytes() == two.theta.tobytes() == five.theta.tobytes(), route
    assert (np.isnan(one.theta).any()) == (kind == "parts")


def test_the_route_is_the_one_that_was_asked_for(route: str) -> None:
    assert (compiled.kernels(0.0) is not None) == (route == "compiled")


def test_the_distance_is_that_of_the_textbook() -> None:
    """By hand: the functions are furthest apart at 2, where all of the first and a third of the other are."""
    one, other = np.array([1.0, 2.0, 2.0]), np.array([2.0, 3.0, 4.0])
    assert distance(one, other) == pytest.approx(2 / 3)
    assert distance(one, one) == 0.0
    many = np.zeros(100)
    assert limit(many, many, chance=0.05) == pytest.approx(1.358 * np.sqrt(2 / 100), abs=1e-3)
