"""Palestra's side, through its public functions."""

from __future__ import annotations

import pkgutil
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

from benchmarks.ranking.task import Task

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.ranking.task import Ratings

ROUNDS = 100
K = 4.0
START = 1000.0


def _import_all() -> None:
    """Import what a call would import by and by; imports are not measured, as with the peers."""
    for name in ("duckdb", "numpy", "pyarrow.parquet", "palestra.interchange.rank"):
        with suppress(ImportError):
            import_module(name)
    ranking = import_module("palestra.ranking")
    for module in pkgutil.walk_packages(ranking.__path__, "palestra.ranking."):
        with suppress(ImportError):  # the compiled part, where the compiler is not installed
            import_module(module.name)


def _ratings(board: Any) -> Ratings:
    return {row.model: row.rating for row in board.ratings}


def _ranked(**options: Any) -> Task:
    _import_all()
    from palestra import rank

    def run(path: Path) -> Ratings:
        return _ratings(rank(path, **options))

    return Task(run)


def fit() -> Task:
    return _ranked(ci="none")


def bootstrap() -> Task:
    return _ranked(ci="bootstrap", rounds=ROUNDS)


def sandwich() -> Task:
    return _ranked(ci="sandwich")


def elo() -> Task:
    return _ranked(method="elo", k=K, start=START)


def elo_in_memory() -> Task:
    """Only the updates, of battles that are in memory as arrays."""
    _import_all()
    from palestra.interchange.counts import order_battles
    from palestra.ranking.elo import elo

    def load(path: Path) -> Any:
        return order_battles(path).battles

    def run(rows: Any) -> Ratings:
        return dict(zip(rows.models, elo(rows, k=K, start=START).tolist(), strict=True))

    return Task(run, load)


def style() -> Task:
    """Ratings with four style features held equal."""
    _import_all()
    import palestra

    rank_styled = getattr(palestra, "rank_styled", None)
    if rank_styled is None:
        raise NotImplementedError("not there yet")

    def run(path: Path) -> Ratings:
        return _ratings(rank_styled(path))

    return Task(run)
