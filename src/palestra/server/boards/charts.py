"""The data of charts as columns, and the same as CSV. Models are in the order of the board."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from palestra.analysis.meetings import observed, predicted
from palestra.server.boards.standings import shown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    import numpy.typing as npt

    from palestra.analysis.history import History
    from palestra.server.boards.board import Board

ChartName = Literal["intervals", "matrix", "history", "performance", "counts"]
Chart = dict[str, Any]


def chart(name: ChartName, board: Board, history: History | None, hidden: Collection[str]) -> Chart:
    """The data of one chart; `history` is asked for by the chart of that name only."""
    if name == "intervals":
        return intervals(board, hidden)
    if name == "matrix":
        return matrix(board, hidden)
    if name == "performance":
        return performance(board, hidden)
    if name == "counts":
        return {"models": _models(board, hidden), "n": _met(board, hidden)}
    return over_time(board, history, hidden)


def intervals(board: Board, hidden: Collection[str]) -> Chart:
    """Each model's rating and interval."""
    rows = shown(board.table, hidden)
    return {
        "models": [row.model for row in rows],
        "rating": [row.rating for row in rows],
        "low": [row.ci_low for row in rows],
        "high": [row.ci_high for row in rows],
    }


def matrix(board: Board, hidden: Collection[str]) -> Chart:
    """The row model's share of the win against the column model, as it was and as the ratings expect it."""
    models = _models(board, hidden)
    share, n = observed(board.counts, models)
    among = replace(board.table, ratings=shown(board.table, hidden))
    return {
        "models": models,
        "observed": listed(share),
        "predicted": listed(predicted(among)),
        "n": n.tolist(),
    }


def over_time(board: Board, history: History | None, hidden: Collection[str]) -> Chart:
    """Each model's rating at each time; None while its battles do not determine it."""
    if history is None:
        return {"models": [], "t": [], "rating": {}}
    position = {name: index for index, name in enumerate(history.models)}
    models = [name for name in _models(board, hidden) if name in position]
    return {
        "models": models,
        "t": history.ends.tolist(),
        "rating": {name: listed(history.rating[:, position[name]]) for name in models},
    }


def performance(board: Board, hidden: Collection[str]) -> Chart:
    """Wins, losses and ties of each model, and its GPU-Poor score, by which they are sorted."""
    rows = shown(board.table, hidden)
    rows.sort(key=lambda row: (-board.gladiator[row.model], -row.n_battles, row.model))
    return {
        "models": [row.model for row in rows],
        "wins": [row.wins for row in rows],
        "losses": [row.losses for row in rows],
        "ties": [row.ties for row in rows],
        "score": [board.gladiator[row.model] for row in rows],
    }


def as_csv(name: ChartName, data: Chart) -> str:
    """A chart's data as CSV: a row for each model, each pair, or each model and time."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    header, rows = _table(name, data)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def listed(values: npt.NDArray[np.float64]) -> list[Any]:
    """An array as lists, in which None stands for what is unknown."""
    found = values.astype(object)
    found[np.isnan(values)] = None
    told: list[Any] = found.tolist()
    return told


def _table(name: ChartName, data: Chart) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
    models = data["models"]
    if name == "matrix":
        cells = (data["observed"], data["predicted"], data["n"])
        header = ["model", "opponent", "observed", "predicted", "battles"]
        return header, _pairs(models, *cells)
    if name == "counts":
        return ["model", "opponent", "battles"], _pairs(models, data["n"])
    if name == "history":
        times = ((m, t, r) for m in models for t, r in zip(data["t"], data["rating"][m], strict=True))
        return ["model", "time", "rating"], times
    columns = [column for column in data if column != "models"]
    return ["model", *columns], zip(models, *(data[column] for column in columns), strict=True)


def _pairs(models: list[str], *cells: list[list[Any]]) -> Iterator[tuple[Any, ...]]:
    for i, model in enumerate(models):
        for j, opponent in enumerate(models):
            if i != j:
                yield model, opponent, *(cell[i][j] for cell in cells)


def _models(board: Board, hidden: Collection[str]) -> list[str]:
    return [row.model for row in shown(board.table, hidden)]


def _met(board: Board, hidden: Collection[str]) -> list[list[int]]:
    counts: list[list[int]] = observed(board.counts, _models(board, hidden))[1].tolist()
    return counts
