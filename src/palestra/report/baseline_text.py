"""The boards of a run against a baseline as text, in EvalScope's layout, and as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from palestra.records.plain import json_text
from palestra.report.baseline_metrics import ARENA, metrics_csv, metrics_table
from palestra.report.words import number, percent, visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from palestra.report.baseline import Intervals
    from palestra.report.baseline_boards import Standing, Standings
    from palestra.report.baseline_coverage import Coverage
    from palestra.report.baseline_metrics import Metric

_MOST_METRICS = 200
"""More rows are not printed."""


@dataclass(frozen=True, slots=True)
class BaselineReport:
    """All that such a run tells beyond its ratings."""

    boards: tuple[Standings, ...]
    """The overall one first."""
    metrics: tuple[Metric, ...]
    """Of answers against references, then of battles."""
    coverage: tuple[Coverage, ...]
    intervals: Intervals

    def files(self) -> dict[str, str]:
        """File name → content."""
        return {
            "leaderboard.txt": self.leaderboard(),
            "metrics.csv": metrics_csv(self.metrics),
            "win_rates.json": self.json(),
        }

    def leaderboard(self) -> str:
        """Every board, then ratings and coverage, ending with a line break."""
        return "\n".join([*(_board(board) for board in self.boards), *self._ending(), ""])

    def shown(self) -> str:
        """What a person is told when the run ends: the overall board, ratings and coverage, metrics."""
        parts = [_board(self.boards[0]), *self._ending()]
        shown = [row for row in self.metrics if len(self.metrics) <= _MOST_METRICS or row.model == ARENA[0]]
        if shown and len(shown) <= _MOST_METRICS:
            parts += ["", metrics_table(shown).rstrip("\n")]
        if len(shown) < len(self.metrics):
            parts += ["", f"metrics.csv holds all {len(self.metrics):,} metrics"]
        return "\n".join([*parts, ""])

    def json(self) -> str:
        """Everything with full precision; what is not finite is null."""
        made = self.intervals
        data = {
            "interval": {"kind": "bootstrap", "cluster": "question_id", **asdict(made)},
            "boards": [
                {
                    "dataset": board.dataset,
                    "subset": board.subset,
                    "baseline": board.baseline,
                    "rows": [row._asdict() for row in board.rows],
                }
                for board in self.boards
            ],
            "coverage": [row.to_dict() for row in self.coverage],
            "metrics": [row._asdict() for row in self.metrics],
        }
        return json_text(data)

    def _ending(self) -> Iterator[str]:
        overall = self.boards[0]
        yield _table("ELO", ("Model", "Elo", "CI", "Prompts", "Battles"), map(_elo_row, overall.rows))
        heads = ("Model", "Prompts", "Both answered", "Decided", "Consistent", "Flips")
        yield _table("COVERAGE", heads, map(_coverage_row, self.coverage))
        yield from self._notes()

    def _notes(self) -> Iterator[str]:
        made = self.intervals
        yield (
            f"{100 * made.level:g} % intervals by bootstrap of prompts, {made.rounds} rounds, "
            f"seed {made.seed}; baseline {visible(self.boards[0].baseline)}"
        )
        for row in self.boards[0].rows:
            if row.swept:
                all_of = "won" if row.rate > 0.5 else "lost"
                yield (
                    f"Note: {visible(row.model)} {all_of} everything, which drawing prompts again cannot "
                    "change; its interval is what so many prompts in a row leave open"
                )
        for each in self.coverage:
            for what, counts in (("not judged", each.unanswered), ("verdicts failed", each.failed_verdicts)):
                if counts:
                    kinds = ", ".join(f"{n} {visible(kind)}" for kind, n in sorted(counts.items()))
                    yield f"Note: {visible(each.model)}: {what}: {kinds}"


def _board(board: Standings) -> str:
    rows = ((visible(row.model), f"{100 * row.rate:.1f}", _reach(row)) for row in board.rows)
    return _table(visible(board.title), ("Model", "WinRate (%)", "CI (%)"), rows)


def _reach(row: Standing) -> str:
    """How far the bounds are from the rate, as `(-13.3 / +12.2)`."""
    low, high = (round(100 * (end - row.rate), 1) + 0.0 for end in (row.low, row.high))
    return f"({low:+.1f} / {high:+.1f})"


def _elo_row(row: Standing) -> tuple[str, ...]:
    reach = f"{number(row.elo_low, 0)} to {number(row.elo_high, 0)}"
    return visible(row.model), number(row.elo, 1), reach, str(row.n_prompts), str(row.n_battles)


def _coverage_row(row: Coverage) -> tuple[str, ...]:
    counts = (str(row.prompts), str(row.both_answered), str(row.decided))
    return visible(row.model), *counts, percent(row.consistency), str(row.flips)


def _table(title: str, heads: Sequence[str], rows: Any) -> str:
    """A heading line, then columns two spaces apart, names flush left, numbers right; then an empty line."""
    from rich.cells import cell_len

    cells = [tuple(heads), *(tuple(row) for row in rows)]
    widths = [max(map(cell_len, column)) for column in zip(*cells, strict=True)]
    left = {0, *(place for place, head in enumerate(heads) if head.startswith("CI"))}
    lines = [_line(row, widths, left) for row in cells]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join([f"=== {title} ===", *lines, ""])


def _line(row: Sequence[str], widths: Sequence[int], left: set[int]) -> str:
    from rich.cells import cell_len

    padded = []
    for place, (cell, width) in enumerate(zip(row, widths, strict=True)):
        space = " " * (width - cell_len(cell))
        padded.append(cell + space if place in left else space + cell)
    return "  ".join(padded).rstrip()
