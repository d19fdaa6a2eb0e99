"""evalica, arena-rank and choix, each through its own functions with its own defaults."""

from __future__ import annotations

import multiprocessing
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.ranking.data import FEATURES
from benchmarks.ranking.frames import POINTS, START, ratios, read, read_style
from benchmarks.ranking.ours import ROUNDS, K
from benchmarks.ranking.task import Task

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.ranking.task import Ratings

EVALICA_WINNERS = {"model_a": 1, "model_b": 2, "tie": 0, "tie (bothbad)": 0}
"""evalica.Winner's X, Y and Draw as the integers that they are, which spares it a conversion."""


def choix_fit() -> Task:
    """choix takes no battles: it gets the matrix of wins, counted as fast as can be, ties half to each."""
    choix: Any = import_module("choix")
    from benchmarks.ranking.counting import count

    def run(path: Path) -> Ratings:
        models, winners, counts = count(path)
        column = {winner: counts[:, :, place] for place, winner in enumerate(winners)}
        ties = sum(found for winner, found in column.items() if winner.startswith("tie"))
        wins = column["model_a"] + column["model_b"].T + 0.5 * (ties + ties.T)
        theta = choix.ilsr_pairwise_dense(wins)
        return dict(zip(models, (POINTS / np.log(10.0) * theta).tolist(), strict=True))

    return Task(run)


def _evalica_input(frame: Any) -> tuple[list[str], list[str], list[int]]:
    winners = frame["winner"].map(EVALICA_WINNERS).tolist()
    return frame["model_a"].tolist(), frame["model_b"].tolist(), winners


def _evalica_points(scores: Any) -> Ratings:
    return dict(zip(scores.index, (POINTS * np.log10(scores.to_numpy())).tolist(), strict=True))


def evalica_fit() -> Task:
    evalica: Any = import_module("evalica")

    def run(frame: Any) -> Ratings:
        return _evalica_points(evalica.bradley_terry(*_evalica_input(frame)).scores)

    return Task(run, read)


def evalica_bootstrap() -> Task:
    """By percentiles: its default, BCa, fits once more for each battle."""
    evalica: Any = import_module("evalica")

    def run(frame: Any) -> Ratings:
        done = evalica.bootstrap(
            evalica.bradley_terry,
            *_evalica_input(frame),
            n_resamples=ROUNDS,
            bootstrap_method="percentile",
            random_state=0,
        )
        return _evalica_points(done.result.scores)

    return Task(run, read)


def evalica_elo() -> Task:
    evalica: Any = import_module("evalica")

    def run(frame: Any) -> Ratings:
        scores = evalica.elo(*_evalica_input(frame), initial=START, k=K).scores
        return dict(zip(scores.index, scores.tolist(), strict=True))

    return Task(run, read)


def _arena_rank(ci: str | None) -> Task:
    models: Any = import_module("arena_rank.models.bradley_terry")
    data: Any = import_module("arena_rank.utils.data_utils")

    def run(frame: Any) -> Ratings:
        dataset = data.PairDataset.from_pandas(frame)
        model = models.BradleyTerry(len(dataset.competitors))
        if ci is None:
            model.fit(dataset)
            points = np.asarray(model.params["ratings"]) * model.alpha + model.init_rating
        else:
            done = model.compute_ratings_and_cis(dataset, ci_method=ci, num_bootstrap=ROUNDS)
            np.asarray(done["rating_lower"]), np.asarray(done["rating_upper"])
            points = np.asarray(done["ratings"])
        return dict(zip(dataset.competitors, points.tolist(), strict=True))

    return Task(run, read)


def arena_rank_fit() -> Task:
    return _arena_rank(None)


def arena_rank_sandwich() -> Task:
    return _arena_rank("sandwich")


def arena_rank_bootstrap() -> Task:
    """Its workers are started afresh: forked ones, the default, can hang on the locks of JAX's threads."""
    multiprocessing.set_start_method("spawn", force=True)
    return _arena_rank("bootstrap")


def arena_rank_style() -> Task:
    """Without its ridge and its weights by pair, which would estimate something else."""
    models: Any = import_module("arena_rank.models.contextual_bradley_terry")
    data: Any = import_module("arena_rank.utils.data_utils")

    def run(frame: Any) -> Ratings:
        columns = [f"{feature}_ratio" for feature in FEATURES]
        frame[columns] = ratios(frame, 0.0)
        dataset = data.ContextualPairDataset.from_pandas(frame, columns, reweighted=False)
        model = models.ContextualBradleyTerry(len(dataset.competitors), len(columns), reg=0.0)
        done = model.compute_ratings_and_cis(dataset, ci_method="sandwich")
        np.asarray(done["rating_lower"]), np.asarray(done["rating_upper"])
        return dict(zip(dataset.competitors, np.asarray(done["ratings"]).tolist(), strict=True))

    return Task(run, read_style)
