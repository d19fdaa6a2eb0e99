"""Intermediate ratings: where the models stand while a run is under way."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from palestra.run.progress import Progress


def standings(progress: Progress) -> list[tuple[str, float]]:
    """Models and their Bradley-Terry ratings so far, best first; empty before the first battle."""
    scores = {pair: score for pair, score in progress.scores.items() if score[1] > 0}
    if not scores:
        return []
    from palestra.ranking.counts import Outcome, Rows
    from palestra.ranking.leaderboard import rank_counts

    models = sorted({model for pair in scores for model in pair})
    number = {model: index for index, model in enumerate(models)}
    rows = Rows.from_codes(
        models,
        [number[a] for a, _ in scores],
        [number[b] for _, b in scores],
        [Outcome.SOFT] * len(scores),
        share=[share / weight for share, weight in scores.values()],
        weight=[weight for _, weight in scores.values()],
    )
    board = rank_counts(rows.counts(), ci="none")
    return [(row.model, row.rating) for row in board.ratings]
