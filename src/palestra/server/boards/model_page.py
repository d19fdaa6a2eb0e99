"""One model: its row, its opponents, its history, the categories in which it wins and loses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from palestra.analysis.meetings import predicted
from palestra.ranking.counts import Counts
from palestra.ranking.pairs import Records
from palestra.ranking.win_rate import wilson
from palestra.server.boards.charts import listed
from palestra.server.boards.view import rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from palestra.analysis.history import History
    from palestra.ranking.arrays import Ints
    from palestra.server.boards.board import Board
    from palestra.server.boards.facts import ModelFacts


def model_page(
    label: str,
    board: Board,
    history: History | None,
    categories: Mapping[str, Counts],
    facts: ModelFacts,
    *,
    min_votes: int,
) -> dict[str, Any]:
    """All that is told of a model but its latest battles; `categories` are its battles by category.

    A retired model is ranked among all, another one among those that are not retired.
    """
    hidden = facts.retired()
    listed_rows = rows(board, facts, hidden=() if label in hidden else hidden, min_votes=min_votes)
    own = next((row for row in listed_rows if row["model"] == label), None)
    return {
        "label": label,
        **facts.of(label),
        "row": own,
        "opponents": [] if own is None else list(opponents(label, board)),
        "history": _history(label, history),
        "categories": list(_by_category(label, categories)),
    }


def opponents(label: str, board: Board) -> Iterator[dict[str, Any]]:
    """The record against each opponent, in the order of the board; and what the ratings expect of it."""
    chance = predicted(board.table)
    order = [row.model for row in board.table.ratings]
    expected = listed(chance[order.index(label)])
    counts = board.counts
    own = counts.models.index(label)
    for place, name in enumerate(order):
        other = counts.models.index(name)
        met = ((counts.a == own) & (counts.b == other)) | ((counts.a == other) & (counts.b == own))
        if not met.any():
            continue
        record = _record(_cells(counts, np.flatnonzero(met)), own)
        yield {
            "model": name,
            **{field: record[field] for field in ("n", "wins", "losses", "ties", "win_rate")},
            "predicted": expected[place],
        }


def _by_category(label: str, categories: Mapping[str, Counts]) -> Iterator[dict[str, Any]]:
    for name, counts in categories.items():
        record = _record(counts, counts.models.index(label))
        yield {"category": name, **{field: record[field] for field in ("n", "win_rate", "low", "high")}}


def _record(counts: Counts, model: int) -> dict[str, float | int | None]:
    records = Records.of(counts)
    rate = records.win_rate
    low, high = wilson(rate, records.effective_n)
    told = listed(np.array([rate[model], low[model], high[model]]))
    return {
        "n": int(records.n_battles[model]),
        "wins": float(records.wins[model]),
        "losses": float(records.losses[model]),
        "ties": float(records.ties[model]),
        "win_rate": told[0],
        "low": told[1],
        "high": told[2],
    }


def _cells(counts: Counts, cells: Ints) -> Counts:
    """These cells only, with all models."""
    return Counts.from_codes(
        counts.models,
        counts.a[cells],
        counts.b[cells],
        counts.outcome[cells],
        share=counts.share[cells],
        weight=counts.weight[cells],
        n=counts.n[cells],
    )


def _history(label: str, history: History | None) -> dict[str, list[float | None]]:
    """The rating and its bounds at each time from the model's first rating on."""
    nothing: dict[str, list[float | None]] = {"t": [], "rating": [], "low": [], "high": []}
    if history is None or label not in history.models:
        return nothing
    column = history.models.index(label)
    known = ~np.isnan(history.rating[:, column])
    return {
        "t": history.ends[known].tolist(),
        "rating": listed(history.rating[known, column]),
        "low": listed(history.low[known, column]),
        "high": listed(history.high[known, column]),
    }
