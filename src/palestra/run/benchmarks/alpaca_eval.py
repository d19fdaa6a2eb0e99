"""AlpacaEval 2: the win rate from weighted preferences, and the same at equal length.

Win rate: 100 times the mean of the model's share; its standard error is 100 · s/√n, s the sample standard
deviation. The discrete win rate counts a share above ½ as a win and ½ as half of one.
"""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from palestra.interchange.length_controlled import Against, rank_length_controlled
from palestra.run.benchmarks.decided import decided
from palestra.run.benchmarks.result import BenchmarkResult, Table

if TYPE_CHECKING:
    from pathlib import Path

    from palestra.records.battle import Battle, Text
    from palestra.run.benchmarks.build import Benchmark


@dataclass(slots=True)
class _Candidate:
    shares: list[float] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)


def score(benchmark: Benchmark, folder: Path) -> BenchmarkResult:
    """The table of a finished run in `folder`.

    Raises:
        DataError: the folder cannot be read, or a prompt has no difficulty.
        UsageError: difficulties or gamed rows that make no sense.
    """
    baseline = str(benchmark.config.schedule.baseline)
    found = _read(folder, baseline)
    notes = [f"against {baseline}; one game per prompt, the side drawn by seed {benchmark.config.seed}"]
    controlled: dict[str, tuple[float, float | None]] = {}
    if found:
        against = Against(baseline, benchmark.difficulty, benchmark.gamed)
        board, _ = rank_length_controlled(folder / "battles.jsonl", against, cluster="question_id")
        controlled = {row.model: (row.rating, _half(row.ci_low, row.ci_high)) for row in board.ratings}
        form = "by prompt, with AlpacaEval's regression" if benchmark.gamed else "by length alone"
        notes.append(f"length-controlled {form}, {100 * board.interval.level:g} % interval ±")
        notes += [f"Warning: {warning}" for warning in board.warnings]
    rows = []
    for model, candidate in found.items():
        rate, half = controlled.get(model, (math.nan, None))
        rows.append(
            (
                model,
                rate,
                half,
                100 * statistics.fmean(candidate.shares),
                _standard_error(candidate.shares),
                100 * statistics.fmean(_discrete(share) for share in candidate.shares),
                statistics.fmean(candidate.lengths) if candidate.lengths else math.nan,
                len(candidate.shares),
            )
        )
    rows.sort(key=lambda row: (-row[3], row[0]))
    columns = ("Model", "LC win rate", "±", "Win rate", "SE", "Discrete", "Length", "N")
    return BenchmarkResult(benchmark.spec.name, [Table("ALPACAEVAL", columns, rows, notes)])


def _read(folder: Path, baseline: str) -> dict[str, _Candidate]:
    found: defaultdict[str, _Candidate] = defaultdict(_Candidate)
    for battle in decided(folder):
        model, share, answer = _told(battle, baseline)
        found[model].shares.append(share)
        if answer is not None:
            found[model].lengths.append(_letters(answer))
    return dict(found)


def _told(battle: Battle, baseline: str) -> tuple[str, float, Text | None]:
    """The candidate, its share and its answer."""
    share = battle.winner.share if battle.pref is None else battle.pref
    if battle.model_a == baseline:
        return battle.model_b, 1 - share, battle.response_b
    return battle.model_a, share, battle.response_a


def _letters(answer: Text) -> int:
    return len(answer) if isinstance(answer, str) else len(answer[-1].content)


def _discrete(share: float) -> float:
    return 0.5 if share == 0.5 else float(share > 0.5)


def _standard_error(shares: list[float]) -> float:
    if len(shares) < 2:
        return math.nan
    return 100 * statistics.stdev(shares) / math.sqrt(len(shares))


def _half(low: float | None, high: float | None) -> float | None:
    return None if low is None or high is None else (high - low) / 2
