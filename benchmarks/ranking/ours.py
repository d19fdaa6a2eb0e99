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
    """Ratings with four style features held equal, of battles that are in memory as arrays."""
    _import_all()
    from palestra.interchange.styled import styled_rows
    from palestra.ranking.contextual import fit as contextual_fit
    from palestra.ranking.scale import POINTS
    from palestra.ranking.style import differences, standardise

    def load(path: Path) -> Any:
        return styled_rows(path, style=True)

    def run(found: Any) -> Ratings:
        rows = found.rows
        features = standardise(differences(found.style_a, found.style_b, "lmarena")).x
        fitted = contextual_fit(len(rows.models), rows.a, rows.b, rows.share, features)
        return dict(zip(rows.models, (START + POINTS * fitted.theta).tolist(), strict=True))

    return Task(run, load)
