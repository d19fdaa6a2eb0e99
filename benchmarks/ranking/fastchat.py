"""FastChat's ratings, in words of our own: the same estimates, optimiser and settings.

Bradley-Terry by SciPy's L-BFGS-B over the distinct (model_a, model_b, outcome), at most 100 steps, gradient
below 1e-6, from zero; bootstrap by multinomial counts over a pool of processes; style with a ridge of ½;
Elo in a loop over the rows of a DataFrame.
"""

from __future__ import annotations

import math
import multiprocessing
import os
from collections import defaultdict
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.ranking.frames import POINTS, START, codes, ratios, read, read_style
from benchmarks.ranking.ours import ROUNDS, K
from benchmarks.ranking.task import Task

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.ranking.frames import Array
    from benchmarks.ranking.task import Ratings

OPTIONS = {"maxiter": 100, "gtol": 1e-6}
RIDGE = 0.5
ALPHA = math.log(10.0)
SHARE = {"model_a": 1.0, "model_b": 0.0, "tie": 0.5, "tie (bothbad)": 0.5}
SIGNS = np.array([1.0, -1.0])


def _distinct(frame: Any) -> tuple[Array, Array, Array, list[str]]:
    """The distinct rows: pairs (R, 2), A's share (R,), how often (R,); and the models."""
    pairs, models = codes(frame)
    rows = np.empty((len(frame), 3), dtype=np.int32)
    rows[:, :2] = pairs
    rows[:, 2] = 1
    rows[(frame["winner"] == "model_a").to_numpy(), 2] = 2
    rows[(frame["winner"] == "model_b").to_numpy(), 2] = 0
    found, often = np.unique(rows, return_counts=True, axis=0)
    return found[:, :2], found[:, 2] / 2.0, often.astype(float), models


def _loss(theta: Array, pairs: Array, share: Array, weight: Array) -> tuple[float, Array]:
    expit = import_module("scipy.special").expit
    both = theta[pairs]
    p = expit(ALPHA * (both[:, 0] - both[:, 1]))
    loss = -np.sum(weight * (share * np.log(p) + (1.0 - share) * np.log(1.0 - p)))
    gradient = np.zeros_like(theta)
    np.add.at(gradient, pairs, (-ALPHA * weight * (share - p))[:, None] * SIGNS)
    return float(loss), gradient


def _fitted(pairs: Array, share: Array, n_models: int, weight: Array) -> Array:
    optimize: Any = import_module("scipy.optimize")
    found = optimize.minimize(
        _loss, np.zeros(n_models), args=(pairs, share, weight), jac=True, method="L-BFGS-B", options=OPTIONS
    )
    theta: Array = found.x
    return theta


def _points(models: list[str], theta: Array) -> Ratings:
    return dict(zip(models, (START + POINTS * theta).tolist(), strict=True))


def fit() -> Task:
    import_module("scipy.optimize")
    import_module("scipy.special")

    def run(frame: Any) -> Ratings:
        pairs, share, weight, models = _distinct(frame)
        return _points(models, _fitted(pairs, share, len(models), weight))

    return Task(run, read)


def bootstrap() -> Task:
    import_module("scipy.optimize")
    import_module("scipy.special")

    def run(frame: Any) -> Ratings:
        pairs, share, weight, models = _distinct(frame)
        point = _fitted(pairs, share, len(models), weight)
        drawn = np.random.default_rng(0).multinomial(len(frame), weight / weight.sum(), size=ROUNDS)
        one = partial(_fitted, pairs, share, len(models))
        with multiprocessing.Pool(os.cpu_count()) as pool:
            fits = np.array(list(pool.imap_unordered(one, drawn / len(frame))))
        np.quantile(fits, [0.025, 0.975], axis=0)
        return _points(models, point)

    return Task(run, read)


def _style_loss(
    values: Array, n_models: int, pairs: Array, features: Array, share: Array
) -> tuple[float, Array]:
    expit = import_module("scipy.special").expit
    both = values[:n_models][pairs]
    p = expit(ALPHA * (both[:, 0] - both[:, 1]) + features @ values[n_models:])
    loss = -np.sum(share * np.log(p) + (1.0 - share) * np.log(1.0 - p)) + RIDGE / 2.0 * (values @ values)
    gradient = RIDGE * values
    np.add.at(gradient[:n_models], pairs, (-ALPHA * (share - p))[:, None] * SIGNS)
    gradient[n_models:] -= features.T @ (share - p)
    return float(loss), gradient


def style() -> Task:
    optimize: Any = import_module("scipy.optimize")
    import_module("scipy.special")

    def run(frame: Any) -> Ratings:
        pairs, models = codes(frame)
        share = frame["winner"].map(SHARE).to_numpy(dtype=float)
        features = ratios(frame, 1.0)
        features = (features - features.mean(axis=0)) / features.std(axis=0)
        found = optimize.minimize(
            _style_loss,
            np.zeros(len(models) + features.shape[1]),
            args=(len(models), pairs, features, share),
            jac=True,
            method="L-BFGS-B",
            options=OPTIONS,
        )
        return _points(models, found.x[: len(models)])

    return Task(run, read_style)


def elo() -> Task:
    """Over a frame of Python strings: pandas' own string type would make the loop slower."""

    def load(path: Path) -> Any:
        return read(path).astype(object)

    def run(frame: Any) -> Ratings:
        ratings: dict[str, float] = defaultdict(lambda: START)
        for _, a, b, winner in frame[["model_a", "model_b", "winner"]].itertuples():
            rating_a, rating_b = ratings[a], ratings[b]
            expected_a = 1 / (1 + 10 ** ((rating_b - rating_a) / POINTS))
            expected_b = 1 / (1 + 10 ** ((rating_a - rating_b) / POINTS))
            if winner == "model_a":
                share = 1.0
            elif winner == "model_b":
                share = 0.0
            elif winner in ("tie", "tie (bothbad)"):
                share = 0.5
            else:
                raise ValueError(f"unexpected winner {winner!r}")
            ratings[a] = rating_a + K * (share - expected_a)
            ratings[b] = rating_b + K * (1 - share - expected_b)
        return ratings

    return Task(run, load)
