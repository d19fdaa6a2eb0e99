"""Arena-Hard: the win rate against the baseline, a strong verdict counting thrice, plain and at equal style.

Plain: with one baseline, Bradley-Terry's win rate is the weighted share of the games won. Its interval is
that of drawing the prompts again, both games of one together. At equal style: Bradley-Terry with length and
Markdown as further terms, by Arena-Hard's transform; the win rate is 1/(1 + 10^((R_base − R)/400)).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from palestra.errors import PalestraError
from palestra.interchange.styled import rank_styled
from palestra.report.baseline import BaselineTally, Intervals
from palestra.report.words import span
from palestra.run.benchmarks.decided import decided
from palestra.run.benchmarks.result import BenchmarkResult, Table
from palestra.run.pairing import baseline_of

if TYPE_CHECKING:
    from pathlib import Path

    from palestra.run.benchmarks.build import Benchmark

Rates = dict[str, tuple[float, float | None, float | None]]
"""Win rate in per cent and its bounds, by model."""

_BASE_RATING = 1000.0
_NO_CATEGORY = ""
_COLUMNS = ("Model", "Score", "Interval", "Style-controlled", "Interval", "Prompts")


def score(benchmark: Benchmark, folder: Path) -> BenchmarkResult:
    """A table for each category of a finished run in `folder`.

    Raises:
        DataError: the folder cannot be read.
    """
    config = benchmark.config
    made = Intervals(config.ranking.level, max(config.ranking.rounds, 2), config.seed)
    tallies: dict[str, BaselineTally] = {}
    for battle in decided(folder):
        category = battle.category or _NO_CATEGORY
        if category not in tallies:
            tallies[category] = BaselineTally(lambda name: baseline_of(config.schedule, name))
        tallies[category].add(battle)
    tables = []
    for category, tally in tallies.items():
        baseline = str(baseline_of(config.schedule, category or None))
        [overall, *_] = tally.boards(made)
        styled, notes = _styled(folder, category, baseline, many=len(tallies) > 1, level=made.level)
        rows = []
        for row in overall.rows:
            rate, low, high = styled.get(row.model, (math.nan, None, None))
            plain = span(100 * row.low, 100 * row.high, 1)
            rows.append((row.model, 100 * row.rate, plain, rate, span(low, high, 1), row.n_prompts))
        about = (
            f"against {baseline}; strong verdicts weigh {config.judges[0].strong_weight:g}; "
            f"{100 * made.level:g} % intervals: plain by drawing prompts again, {made.rounds} rounds, seed "
            f"{made.seed}; at equal style by sandwich, clustered by prompt"
        )
        title = f"ARENA-HARD: {category}" if category else "ARENA-HARD"
        tables.append(Table(title, _COLUMNS, rows, [about, *notes], decimals=1))
    return BenchmarkResult(benchmark.spec.name, tables or [Table("ARENA-HARD", _COLUMNS, [])])


def _styled(
    folder: Path, category: str, baseline: str, *, many: bool, level: float
) -> tuple[Rates, list[str]]:
    """The win rates at equal style, and what is to be said of them."""
    wanted = None if not many else f"category = '{category.replace(chr(39), chr(39) * 2)}'"
    if many and not category:
        wanted = "category IS NULL"
    try:
        board = rank_styled(
            folder / "battles.jsonl",
            style="arena-hard",
            cluster="question_id",
            anchor={baseline: _BASE_RATING},
            filter=wanted,
            level=level,
        )
    except PalestraError as error:  # too few battles to tell style from strength
        return {}, [f"Warning: not style-controlled: {error.message}"]
    rates: Rates = {
        row.model: (_rate(row.rating) or math.nan, _rate(row.ci_low), _rate(row.ci_high))
        for row in board.ratings
    }
    return rates, [f"Warning: {warning}" for warning in board.warnings]


def _rate(rating: float | None) -> float | None:
    """The win rate in per cent against the baseline at 1000."""
    if rating is None or math.isnan(rating):
        return None
    gap = (_BASE_RATING - rating) / 400.0
    return 0.0 if gap > 300 else 100.0 / (1.0 + 10.0**gap)
