"""scikit-learn's logistic regression as arenas use it, in words of our own.

Each is the same estimator with the same settings on the same design matrix: +ln 10 in the column of model_a,
−ln 10 in that of model_b, no intercept. `C=inf` is what is meant by no penalty.
"""

from __future__ import annotations

import math
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.ranking.frames import POINTS, START, codes, make_room, ratios, read, read_style
from benchmarks.ranking.ours import ROUNDS
from benchmarks.ranking.task import Task

if TYPE_CHECKING:
    from benchmarks.ranking.frames import Array
    from benchmarks.ranking.task import Ratings

ALPHA = math.log(10.0)
SHARE_OF_B = {"model_a": 0.0, "model_b": 1.0, "tie": 0.5, "tie (bothbad)": 0.5}


def _regression(**settings: Any) -> Any:
    return import_module("sklearn.linear_model").LogisticRegression(fit_intercept=False, **settings)


def _design(pairs: Array, columns: int) -> Array:
    make_room(len(pairs), columns)
    design = np.zeros((len(pairs), columns))
    rows = np.arange(len(pairs))
    design[rows, pairs[:, 0]] = ALPHA
    design[rows, pairs[:, 1]] = -ALPHA
    return design


def _points(models: list[str], regression: Any) -> Ratings:
    return dict(zip(models, (START + POINTS * regression.coef_[0][: len(models)]).tolist(), strict=True))


def _weighted(frame: Any, regression: Any) -> Ratings:
    """Counted by (model_a, model_b, outcome); two rows for each, one per side, weighted by its share."""
    share = frame["winner"].map(SHARE_OF_B)
    counted = frame[["model_a", "model_b"]].assign(share=share).groupby(["model_a", "model_b", "share"])
    rows = counted.size().reset_index(name="count")
    pairs, models = codes(rows)
    to_b = rows["share"].to_numpy(dtype=float)
    often = rows["count"].to_numpy(dtype=float)
    design = _design(np.concatenate([pairs, pairs]), len(models))
    labels = np.repeat([1.0, 0.0], len(rows))
    weights = np.concatenate([(1.0 - to_b) * often, to_b * often])
    return _points(models, regression.fit(design, labels, sample_weight=weights))


def judge_arena_fit() -> Task:
    regression = _regression(C=1e10, tol=1e-6, max_iter=1000)
    return Task(lambda frame: _weighted(frame, regression), read)


def judge_arena_bootstrap() -> Task:
    """The point fit, and one of rows drawn anew for each round."""
    regression = _regression(C=1e10, tol=1e-6, max_iter=1000)

    def run(frame: Any) -> Ratings:
        point = _weighted(frame, regression)
        rng = np.random.default_rng(0)
        for _ in range(ROUNDS):
            seed = int(rng.integers(0, 2**31))
            _weighted(frame.sample(n=len(frame), replace=True, random_state=seed), regression)
        return point

    return Task(run, read)


def fastchat_fit() -> Task:
    """FastChat's older fit: counts of each pair, win or loss twice, a tie once to each side; tol 1e-6."""
    regression = _regression(C=math.inf, tol=1e-6)
    pandas: Any = import_module("pandas")

    def run(frame: Any) -> Ratings:
        tables = []
        for winner in ("model_a", "model_b", "tie"):
            of_kind = frame[frame["winner"].str.startswith(winner)]
            tables.append(pandas.crosstab(of_kind["model_a"], of_kind["model_b"]))
        models = sorted(set().union(*(set(table.index) | set(table.columns) for table in tables)))
        a, b, tie = (
            table.reindex(index=models, columns=models, fill_value=0).to_numpy(dtype=float)
            for table in tables
        )
        wins = 2.0 * (a + b.T) + tie + tie.T
        pairs = np.argwhere(wins + wins.T > 0)
        won = wins[pairs[:, 0], pairs[:, 1]]
        lost = wins[pairs[:, 1], pairs[:, 0]]
        design = _design(np.repeat(pairs, 2, axis=0), len(models))
        labels = np.tile([1.0, 0.0], len(pairs))
        weights = np.column_stack([won, lost]).ravel()
        return _points(models, regression.fit(design, labels, sample_weight=weights))

    return Task(run, read)


def _doubled(frame: Any, extra: int) -> tuple[Array, Array, list[str]]:
    """Every battle twice, (2N, M + extra), and who won: a tie once A and once B."""
    pairs, models = codes(frame)
    design = _design(np.concatenate([pairs, pairs]), len(models) + extra)
    won = (frame["winner"] == "model_a").to_numpy()
    tied = frame["winner"].str.startswith("tie").to_numpy()
    return design, np.concatenate([won | tied, won]).astype(float), models


def fastchat_style() -> Task:
    """Style features, standardised, as further columns; scikit-learn's default penalty and tolerance."""
    regression = _regression()

    def run(frame: Any) -> Ratings:
        features = ratios(frame, 1.0)
        features = (features - features.mean(axis=0)) / features.std(axis=0)
        design, labels, models = _doubled(frame, features.shape[1])
        design[:, len(models) :] = np.concatenate([features, features])
        return _points(models, regression.fit(design, labels))

    return Task(run, read_style)


def arena_hard_bootstrap() -> Task:
    """No penalty, tol 1e-8; the point fit, and one of rows drawn anew for each round."""
    regression = _regression(C=math.inf, tol=1e-8)

    def one(frame: Any) -> Ratings:
        design, labels, models = _doubled(frame, 0)
        return _points(models, regression.fit(design, labels))

    def run(frame: Any) -> Ratings:
        point = one(frame)
        for number in range(ROUNDS):
            one(frame.sample(frac=1.0, replace=True, random_state=number))
        return point

    return Task(run, read)
