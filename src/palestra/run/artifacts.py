"""The files of a result folder, written from the store in schedule order."""

from __future__ import annotations

import json
import platform
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import IO, TYPE_CHECKING

from palestra._version import __version__
from palestra.config.write import dump_config
from palestra.interchange.preferences import preferences, ranked_prompt
from palestra.judges.grading import GradingJudge
from palestra.records.keys import digest
from palestra.records.manifest import Manifest
from palestra.report.progressions import Progressions
from palestra.run.baselines import BaselineResults
from palestra.run.boards import Boards, make_boards
from palestra.run.folder import GRADES, replacing
from palestra.run.spending import Spending

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from palestra.records.base import Record
    from palestra.records.prompt import Prompt
    from palestra.run.pipeline import Run
    from palestra.run.plan import Plan
    from palestra.run.play import Played

_VERSIONED = ("duckdb", "numpy", "ollama", "pydantic-ai-slim", "rouge-score", "sacrebleu")


@dataclass(slots=True)
class Totals:
    """What the written rows add up to."""

    battles: int = 0
    unjudged: int = 0
    complete: bool = True
    spending: Spending = field(default_factory=Spending)
    progressions: Progressions = field(default_factory=Progressions)
    baseline: BaselineResults | None = None
    """For runs against a baseline."""


async def write_artifacts(run: Run, folder: Path, started: float) -> tuple[Manifest, Boards]:
    """Write everything but `config.yaml` and the report. `started` is in UTC epoch seconds.

    Raises:
        StoreError: the folder cannot be written.
    """
    with replacing(folder / "prompts.jsonl") as file:
        file.writelines(f"{prompt.json_line()}\n" for prompt in run.plan.prompts)
    totals = await _write_rows(run, folder)
    with replacing(folder / "progressions.json") as file:
        json.dump(totals.progressions.data(run.plan.config.ranking), file, ensure_ascii=False, indent=1)
        file.write("\n")
    boards = make_boards(folder, run.plan.config, totals.baseline)
    for name, text in boards.files(run.plan.config).items():
        with replacing(folder / name) as file:
            file.write(text)
    manifest = _manifest(run, totals, started)
    with replacing(folder / "manifest.json") as file:
        file.write(manifest.model_dump_json(indent=2) + "\n")
    return manifest, boards


async def _write_rows(run: Run, folder: Path) -> Totals:
    """Responses, verdicts, battles and training rows; one prompt is in memory at a time."""
    plan = run.plan
    totals = Totals(baseline=BaselineResults(plan) if plan.config.schedule.kind == "baseline" else None)
    names = ("responses.jsonl", "verdicts.jsonl", "battles.jsonl", "preferences.jsonl", "training_data.json")
    with ExitStack() as stack:
        *lists, training = [stack.enter_context(replacing(folder / name)) for name in names]
        grading = any(isinstance(judge, GradingJudge) for judge in plan.judges)
        grades = stack.enter_context(replacing(folder / GRADES)) if grading else None
        separator = "[\n"
        for index, prompt in enumerate(run.plan.prompts):
            played = await run.played(index)
            _write_lists(lists, played)
            if grades is not None:
                grades.writelines(f"{grade.json_line()}\n" for grade in played.answer_grades)
            ranked = _ranked(prompt, played)
            if ranked is not None:
                training.write(separator + ranked)
                separator = ",\n"
            totals.battles += len(played.battles)
            totals.unjudged += played.unjudged
            totals.complete &= played.complete
            totals.spending.add(played)
            totals.progressions.add(prompt.question_id, played.battles)
            if totals.baseline is not None:
                totals.baseline.add(prompt, played)
        training.write("[]\n" if separator == "[\n" else "\n]\n")
    return totals


def _write_lists(files: Sequence[IO[str]], played: Played) -> None:
    rows: tuple[Sequence[Record], ...] = (
        played.responses,
        played.verdicts,
        played.battles,
        preferences(played.battles),
    )
    for file, records in zip(files, rows, strict=True):
        file.writelines(f"{record.json_line()}\n" for record in records)


def _ranked(prompt: Prompt, played: Played) -> str | None:
    answers: dict[str, str] = {}
    for row in played.responses:
        if isinstance(row.text, str):  # of several repeats the first stands for the model
            answers.setdefault(row.model, row.text)
    ranked = ranked_prompt(prompt.text, answers, played.battles, played.verdicts)
    return None if ranked is None else ranked.json_line()


def _manifest(run: Run, totals: Totals, started: float) -> Manifest:
    plan = run.plan
    return Manifest(
        palestra=__version__,
        versions={"python": platform.python_version()} | {name: version(name) for name in _VERSIONED},
        run_id=run.run_id,
        arena=plan.config.arena.name,
        seed=plan.config.seed,
        config_hash=digest(dump_config(plan.config)),
        prompt_hash=digest([prompt.model_dump(mode="json") for prompt in plan.prompts]),
        template_hashes={judge.label: digest(judge.template) for judge in plan.judges if judge.template},
        started=started,
        finished=time.time(),
        complete=totals.complete,
        n_prompts=len(plan.prompts),
        n_matchups=plan.n_matchups,
        n_battles=totals.battles,
        n_unjudged=totals.unjudged,
        spend=tuple(totals.spending.rows(plan)),
        notes=tuple(_notes(plan)),
    )


def _notes(plan: Plan) -> list[str]:
    return [
        f"{part.label}: the provider takes no seed, so a fresh answer need not repeat"
        for part in plan.parts
        if not (part.is_free or part.takes_seed)
    ] + plan.warnings()
