"""Scoring a finished run as its benchmark does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from palestra.run.benchmarks import alpaca_eval, arena_hard, mt_bench

if TYPE_CHECKING:
    from pathlib import Path

    from palestra.run.benchmarks.build import Benchmark
    from palestra.run.benchmarks.result import BenchmarkResult

NOTHING = "Warning: no verdict could be had, so there is no score; why is told above"


def score(benchmark: Benchmark, folder: Path) -> BenchmarkResult:
    """What a finished run in `folder` comes to.

    Raises:
        DataError: the folder, or files of the benchmark, cannot be read.
        UsageError: files of the benchmark that make no sense.
    """
    result = _scored(benchmark, folder)
    if any(table.rows for table in result.tables):
        return result
    first, *rest = result.tables
    return replace(result, tables=[replace(first, notes=[*first.notes, NOTHING]), *rest])


def _scored(benchmark: Benchmark, folder: Path) -> BenchmarkResult:
    metric = benchmark.spec.metric
    if metric == "alpaca-eval":
        return alpaca_eval.score(benchmark, folder)
    if metric == "arena-hard":
        return arena_hard.score(benchmark, folder)
    if metric == "mt-bench":
        return mt_bench.score(benchmark, folder)
    return mt_bench.score_pairs(benchmark, folder)
