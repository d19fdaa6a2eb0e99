"""MT-Bench: mean grades by turn and category, or wins against a baseline in both orders.

Graded: a model's score is the mean of its grades from 1 to 10, over both turns. Pairwise, as FastChat counts:
a model wins a question if it wins in both orders, loses it if it loses in both, and ties otherwise.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from palestra.records.answer_grade import AnswerGrade
from palestra.records.prompt import Prompt
from palestra.records.verdict import Verdict
from palestra.records.winner import Winner
from palestra.run.benchmarks.result import BenchmarkResult, Cell, Table
from palestra.run.folder import GRADES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from palestra.run.benchmarks.build import Benchmark


@dataclass(slots=True)
class _Grades:
    """One model's, by question, judge and repeat, so that each counts once however many it met."""

    of: dict[tuple[str, str, int], float] = field(default_factory=dict)

    def mean(self, benchmark: Benchmark, turn: int | None = None, questions: set[str] | None = None) -> float:
        found = [
            grade
            for (question, judge, _), grade in self.of.items()
            if (turn is None or benchmark.turns.get(judge) == turn)
            and (questions is None or question in questions)
        ]
        return statistics.fmean(found) if found else math.nan

    def standard_error(self) -> float:
        """Of the mean over questions."""
        by_question: defaultdict[str, list[float]] = defaultdict(list)
        for (question, _, _), grade in self.of.items():
            by_question[question].append(grade)
        means = [statistics.fmean(grades) for grades in by_question.values()]
        return statistics.stdev(means) / math.sqrt(len(means)) if len(means) > 1 else math.nan


def score(benchmark: Benchmark, folder: Path) -> BenchmarkResult:
    """The mean grades of a finished run in `folder`: by turn, and by category.

    Raises:
        OSError: the folder cannot be read.
    """
    categories = _categories(folder)
    models: defaultdict[str, _Grades] = defaultdict(_Grades)
    failed = 0
    for model, place, grade in _given(folder):
        failed += grade is None
        if grade is not None:
            models[model].of[place] = grade
    ranked = sorted(models, key=lambda model: (-models[model].mean(benchmark), model))
    turns = benchmark.spec.turns
    main: list[tuple[Cell, ...]] = [
        (
            model,
            models[model].mean(benchmark),
            models[model].standard_error(),
            *(models[model].mean(benchmark, turn) for turn in turns),
            len(models[model].of),
        )
        for model in ranked
    ]
    by_category: list[tuple[Cell, ...]] = [
        (model, *(models[model].mean(benchmark, questions=questions) for questions in categories.values()))
        for model in ranked
    ]
    notes = ["mean grades from 1 to 10; SE of the mean over questions"]
    if failed:
        notes.append(f"Warning: {failed} grades could not be had and count nowhere")
    heads = ("Model", "Score", "SE", *(f"Turn {turn}" for turn in turns), "Grades")
    tables = [Table("MT-BENCH", heads, main, notes)]
    if categories:
        tables.append(Table("MT-BENCH BY CATEGORY", ("Model", *categories), by_category, ["both turns"]))
    return BenchmarkResult(benchmark.spec.name, tables)


def score_pairs(benchmark: Benchmark, folder: Path) -> BenchmarkResult:
    """Wins, losses and ties against the baseline in a finished run in `folder`."""
    baseline = str(benchmark.config.schedule.baseline)
    games: defaultdict[tuple[str, str, str, int], list[Verdict]] = defaultdict(list)
    for verdict in _verdicts(folder):
        other = verdict.model_b if verdict.model_a == baseline else verdict.model_a
        games[other, verdict.question_id, verdict.judge_model, verdict.repeat].append(verdict)
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for (model, _, _, _), pair in games.items():
        if len(pair) == 2 and all(verdict.ok for verdict in pair):
            counts[model][_outcome(model, pair)] += 1
    rows: list[tuple[Cell, ...]] = []
    for model, count in sorted(counts.items(), key=lambda item: (-_adjusted(item[1]), item[0])):
        total = count.total()
        wins, losses, ties = (count[name] for name in ("win", "loss", "tie"))
        rates = (100 * wins / total, 100 * losses / total, _adjusted(count))
        rows.append((model, wins, losses, ties, *rates))
    columns = ("Model", "Wins", "Losses", "Ties", "Win rate", "Loss rate", "Adjusted")
    note = f"against {baseline}, both turns; a win is one in both orders; adjusted: a tie is half a win"
    return BenchmarkResult(benchmark.spec.name, [Table("MT-BENCH PAIRWISE", columns, rows, [note])])


def _adjusted(count: Counter[str]) -> float:
    return 100 * (count["win"] + count["tie"] / 2) / count.total()


def _outcome(model: str, pair: Iterable[Verdict]) -> str:
    winners = {
        verdict.model_a
        if verdict.winner is Winner.A
        else verdict.model_b
        if verdict.winner is Winner.B
        else None
        for verdict in pair
    }
    if len(winners) > 1 or None in winners:
        return "tie"
    return "win" if winners == {model} else "loss"


def _given(folder: Path) -> Iterator[tuple[str, tuple[str, str, int], float | None]]:
    """Model, (question, judge, repeat) and grade, None where it failed: from `grades.jsonl`, or from the
    verdicts of a judge that was recorded.
    """
    if (folder / GRADES).exists():
        with (folder / GRADES).open(encoding="utf-8") as file:
            for line in file:
                row = AnswerGrade.model_validate_json(line)
                yield row.model, (row.question_id, row.judge_model, row.repeat), row.score
        return
    for verdict in _verdicts(folder):
        place = (verdict.question_id, verdict.judge_model, verdict.repeat)
        yield verdict.model_a, place, verdict.score_a
        yield verdict.model_b, place, verdict.score_b


def _verdicts(folder: Path) -> Iterator[Verdict]:
    with (folder / "verdicts.jsonl").open(encoding="utf-8") as file:
        yield from (Verdict.model_validate_json(line) for line in file)


def _categories(folder: Path) -> dict[str, set[str]]:
    """The questions of each category, in the order of the prompts."""
    found: dict[str, set[str]] = {}
    with (folder / "prompts.jsonl").open(encoding="utf-8") as file:
        for line in file:
            prompt = Prompt.model_validate_json(line)
            if prompt.category is not None:
                found.setdefault(prompt.category, set()).add(prompt.question_id)
    return found
