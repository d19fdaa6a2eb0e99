"""Intermediate ratings: where the models stand while a run is under way."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from palestra.run.progress import Progress


def standings(progress: Progress) -> list[tuple[str, float]]:
    """Models and their Bradley-Terry ratings so far, best first; empty before the first battle."""
    if not progress.battles:
        return []
    from palestra.ranking.counts import Outcome, Rows, outcome_of
    from palestra.ranking.leaderboard import rank_counts

    kinds = list(progress.battles)
    models = sorted({model for a, b, *_ in kinds for model in (a, b)})
    number = {model: index for index, model in enumerate(models)}
    rows = Rows.from_codes(
        models,
        [number[a] for a, *_ in kinds],
        [number[b] for _, b, *_ in kinds],
        [Outcome.SOFT if winner is None else outcome_of(winner) for _, _, winner, *_ in kinds],
        share=[share for *_, share, _ in kinds],
        weight=[weight for *_, weight in kinds],
        n=list(progress.battles.values()),
    )
    board = rank_counts(rows.counts(), ci="none")
    return [(row.model, row.rating) for row in board.ratings]
