"""The files of a placement's result folder, written from the store."""

from __future__ import annotations

import json
import platform
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from palestra._version import __version__
from palestra.config.write import dump_config
from palestra.errors import DataError
from palestra.records.keys import digest
from palestra.records.manifest import Manifest
from palestra.report.boards import board_csv, board_json, board_markdown, board_table
from palestra.report.placement import marked_board, placement_data, summary_lines
from palestra.run.folder import replacing
from palestra.run.place.evidence import Findings
from palestra.run.place.human import write_human
from palestra.run.place.outcome import placed_of
from palestra.run.spending import Spending

if TYPE_CHECKING:
    from pathlib import Path

    from palestra.analysis.placing import Placed
    from palestra.run.pipeline import Run
    from palestra.run.place.job import Job

PLACEMENT = "placement.json"
TEXT = "placement.txt"
_VERSIONED = ("duckdb", "numpy", "ollama", "pydantic-ai-slim")


@dataclass(slots=True)
class Collected:
    """What the store holds of a job."""

    findings: Findings = field(default_factory=Findings)
    spending: Spending = field(default_factory=Spending)
    unjudged: int = 0
    complete: bool = True


async def write_placement(run: Run, job: Job, folder: Path, started: float) -> tuple[Manifest, Placed | None]:
    """Write everything but `config.yaml` and the report; `started` is in UTC epoch seconds. No placement, and
    no boards, where the run was stopped before anything could be said.

    Raises:
        DataError: every battle of the new model failed, or there is nothing to calibrate on.
        StoreError: the folder cannot be written.
    """
    found = await _write_rows(run, job, folder)
    placed = None
    try:
        placed = placed_of(job, found.findings)
    except DataError:
        if found.complete:
            raise
    manifest = _manifest(run, job, found, started)
    if placed is not None:
        _write_battles(job, found.findings, placed, folder)
        for name, text in _texts(job, placed).items():
            with replacing(folder / name) as file:
                file.write(text)
    with replacing(folder / "manifest.json") as file:
        file.write(manifest.model_dump_json(indent=2) + "\n")
    return manifest, placed


async def _write_rows(run: Run, job: Job, folder: Path) -> Collected:
    """Prompts, answers and verdicts; one prompt's texts are in memory at a time, but for the judged
    battles.
    """
    found = Collected()
    panel = job.config.panel is not None
    with ExitStack() as stack:
        prompts, responses, verdicts = (
            stack.enter_context(replacing(folder / f"{name}.jsonl"))
            for name in ("prompts", "responses", "verdicts")
        )
        for index, prompt in enumerate(run.plan.prompts):
            played = await run.played(index)
            prompts.write(prompt.json_line() + "\n")
            responses.writelines(f"{row.json_line()}\n" for row in played.responses)
            verdicts.writelines(f"{row.json_line()}\n" for row in played.verdicts)
            found.findings.add(played, job.label, panel=panel)
            found.spending.add(played)
            found.unjudged += played.unjudged
            found.complete &= played.complete
    return found


def _write_battles(job: Job, findings: Findings, placed: Placed, folder: Path) -> None:
    with replacing(folder / "battles.jsonl") as file:
        write_human(job, file)
        soft = placed.labels == "soft"
        for battle in findings.rows(soft=soft, temperature=placed.temperature):
            file.write(battle.json_line() + "\n")


def _texts(job: Job, placed: Placed) -> dict[str, str]:
    board = placed.board
    return {
        "leaderboard.txt": board_table(board, {}),
        "leaderboard.md": board_markdown(board, {}),
        "leaderboard.csv": board_csv(board, {}),
        "leaderboard.json": board_json(board, {}),
        "elo_ratings.json": _json(elo_ratings(job, placed)),
        PLACEMENT: _json({**placement_data(placed), "arena": _arena(job)}),
        TEXT: "\n".join([marked_board(placed), *summary_lines(placed)]) + "\n",
    }


def _json(data: Any) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _arena(job: Job) -> dict[str, Any]:
    arena = job.arena
    return {
        "name": arena.name,
        "n_battles": int(arena.rows.n.sum()),
        "n_read": arena.n_read,
        "n_models": len(arena.rows.models),
        "left_out": arena.left_out,
        "n_drawn": sum(drawn.places for drawn in job.drawn.battles),
        "n_misfit": job.drawn.n_misfit,
        "n_calibrating": job.n_calibrating,
        "opponents": job.opponents(),
    }


def elo_ratings(job: Job, placed: Placed) -> dict[str, Any]:
    """The board in the shape of JudgeArena's `elo_ratings.json`."""
    config, board = job.config, placed.board
    return {
        "arena": job.arena.name,
        "model": placed.model,
        "judge_model": ", ".join(judge.label for judge in config.judges),
        "n_bootstraps": board.interval.rounds or 0,
        "seed": config.seed,
        "ratings": [
            {
                "model": row.model,
                "rating": row.rating,
                "ci_low": row.ci_low,
                "ci_high": row.ci_high,
                "n_battles": row.n_battles,
                "source": "evaluated" if row.model == placed.model else "human",
            }
            for row in board.ratings
        ],
    }


def _manifest(run: Run, job: Job, found: Collected, started: float) -> Manifest:
    plan = run.plan
    return Manifest(
        palestra=__version__,
        versions={"python": platform.python_version()} | {name: version(name) for name in _VERSIONED},
        run_id=run.run_id,
        arena=job.config.arena.name,
        seed=job.config.seed,
        config_hash=digest(dump_config(job.config)),
        prompt_hash=digest([prompt.model_dump(mode="json") for prompt in plan.prompts]),
        template_hashes={judge.label: digest(judge.template) for judge in plan.judges if judge.template},
        started=started,
        finished=time.time(),
        complete=found.complete,
        n_prompts=len(plan.prompts),
        n_matchups=plan.n_matchups,
        n_battles=len(found.findings.battles),
        n_unjudged=found.unjudged,
        spend=tuple(
            row for row in found.spending.rows(plan) if row.role == "judge" or row.label == job.label
        ),
        notes=tuple(
            f"{part.label}: the provider takes no seed, so a fresh answer need not repeat"
            for part in plan.parts
            if not (part.is_free or part.takes_seed)
        ),
    )
