"""A placement from the command line: what `palestra place` and `palestra run` share."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from palestra.cli._running import _Interrupt, _provide

if TYPE_CHECKING:
    from palestra.cli._running import Options
    from palestra.config.schema import Config
    from palestra.run.pipeline import Run
    from palestra.run.place.job import Job
    from palestra.run.place.perform import Finished
    from palestra.store.database import Database


def run_placement(config: Config, options: Options) -> Path:
    """Place by a resolved config, write the result folder, and print the board.

    Raises:
        BudgetReached: the money limit stopped the run; the folder holds what was reached.
        typer.Exit: 130 after Ctrl-C, 1 with `--fail-on-errors` after a failure.
    """
    from palestra.cli._logging import set_up
    from palestra.config.load import environment
    from palestra.models.keys import keys_in_use
    from palestra.run.place.job import make_job
    from palestra.run.place.sources import arena_files
    from palestra.run.whole import refuse_unpriced
    from palestra.store.database import Database

    env = environment(Path.cwd())
    set_up(debug=options.debug, secrets=keys_in_use((*config.models, *config.judges), env))
    with arena_files(config.schedule.into) as files:
        job = make_job(config, Path.cwd(), env, files=files)
        if options.max_cost is not None:
            refuse_unpriced(job.plan, options.max_cost)
        with Database(options.database()) as database:
            if options.dry_run:
                typer.echo(_estimate(job, database, options))
                return options.folder(config)
            _provide(job.plan, database, env, options)
            try:
                return asyncio.run(_run(job, database, options))
            except asyncio.CancelledError:
                typer.echo("Stopped at once. Run it again and it goes on.", err=True)
                raise typer.Exit(130) from None


def _run_of(job: Job, database: Database, options: Options) -> Run:
    from palestra.run.place.perform import make_run

    return make_run(job, database, max_cost=options.max_cost, retry_failed=options.retry_failed)


def _estimate(job: Job, database: Database, options: Options) -> str:
    """What is to come, without a line for each of the arena's models, which are read from its files."""
    from palestra.run.estimate import describe, estimate
    from palestra.run.place.api import announcement

    parts = asyncio.run(estimate(job.plan, database, retry_failed=options.retry_failed))
    own = [part for part in parts if part.role == "judge" or part.label == job.label]
    return f"{announcement(job)}\n{describe(own)}"


async def _run(job: Job, database: Database, options: Options) -> Path:
    from palestra.run.place.api import announcement
    from palestra.run.place.perform import perform
    from palestra.run.whole import check_ended

    run = _run_of(job, database, options)
    folder = options.folder(job.config)
    if not options.quiet:
        typer.echo(announcement(job), err=True)
    done = await perform(run, job, folder, quiet=options.quiet, asking=_Interrupt(run))
    _conclude(run, done)
    if not check_ended(run, done.folder, done.manifest):
        typer.echo("Stopped. Run it again and it goes on.", err=True)
        raise typer.Exit(130)
    if options.fail_on_errors and any(row.failed for row in done.manifest.spend):
        raise typer.Exit(1)
    return folder


def _conclude(run: Run, done: Finished) -> None:
    from palestra.report.placement import marked_board, summary_lines
    from palestra.run.summary import summary

    told: tuple[str, ...] = ("Stopped before anything could be said of the model",)
    if done.placed is not None:
        typer.echo(marked_board(done.placed))
        told = tuple(summary_lines(done.placed))
    for line in summary(run, done.manifest, done.folder, told):
        typer.echo(line)
