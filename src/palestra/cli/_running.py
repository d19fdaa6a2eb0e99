"""Running an arena from the command line: what `palestra run` and `palestra demo` share."""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from palestra.config.schema import Config
    from palestra.run.pipeline import Run
    from palestra.run.plan import Plan
    from palestra.run.whole import Ended
    from palestra.store.database import Database


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says beyond the config."""

    out: Path | None = None
    db: str | None = None
    max_cost: float | None = None
    dry_run: bool = False
    retry_failed: bool = True
    fail_on_errors: bool = False
    quiet: bool = False
    rankings: Path | None = None
    pull: bool = False
    debug: bool = False

    def folder(self, config: Config) -> Path:
        """The result folder."""
        return self.out or Path("runs") / config.arena.name

    def database(self) -> str:
        """Where answers and verdicts are kept."""
        return self.db or os.environ.get("PALESTRA_DB") or "palestra.db"


def run_arena(config: Config, options: Options) -> Path:
    """Run a config to its result folder, and print the leaderboard.

    Raises:
        BudgetReached: the money limit stopped the run; the folder holds what was reached.
        typer.Exit: 130 after Ctrl-C, 1 with `--fail-on-errors` after a failure.
    """
    from palestra.cli._logging import set_up
    from palestra.config.load import environment
    from palestra.models.keys import keys_in_use
    from palestra.run.plan import make_plan
    from palestra.run.whole import refuse_unpriced
    from palestra.store.database import Database

    env = environment(Path.cwd())
    set_up(debug=options.debug, secrets=keys_in_use((*config.models, *config.judges), env))
    plan = make_plan(config, Path.cwd(), env)
    if options.max_cost is not None:
        refuse_unpriced(plan, options.max_cost)
    with Database(options.database()) as database:
        if options.dry_run:
            from palestra.run.estimate import describe, estimate

            parts = asyncio.run(estimate(plan, database, retry_failed=options.retry_failed))
            typer.echo(describe(parts))
            for warning in plan.warnings():
                typer.echo(f"Warning: {warning}", err=True)
            return options.folder(config)
        _provide(plan, database, env, options)
        from palestra.run.pipeline import Run

        run = Run(plan, database, max_cost=options.max_cost, retry_failed=options.retry_failed)
        try:
            return asyncio.run(_run(run, options))
        except asyncio.CancelledError:
            typer.echo("Stopped at once. Run it again and it goes on.", err=True)
            raise typer.Exit(130) from None


def _provide(plan: Plan, database: Database, env: Mapping[str, str], options: Options) -> None:
    """Pull the models that an Ollama lacks, or say so if the run needs them."""
    from palestra.run.pull import missing_models, not_there, ollama_address

    endpoints = (*plan.config.models, *plan.config.judges)
    if not any(map(ollama_address, endpoints)):
        return
    missing = asyncio.run(missing_models(endpoints, env))
    if missing and options.pull:
        from palestra.cli._pulling import pull

        pull(missing, quiet=options.quiet)
    elif missing:
        from palestra.run.estimate import estimate

        parts = asyncio.run(estimate(plan, database, retry_failed=options.retry_failed))
        needed = {part.label for part in parts if part.calls > part.stored}
        if lacking := [each for each in missing if needed.intersection(each.labels)]:
            raise not_there(lacking)


async def _run(run: Run, options: Options) -> Path:
    from palestra.run.whole import announcement, run_whole

    if not options.quiet:
        typer.echo(announcement(run.plan), err=True)
    folder = options.folder(run.plan.config)
    ended = await run_whole(
        run, folder, quiet=options.quiet, rankings=options.rankings, asking=_Interrupt(run)
    )
    _conclude(run, ended)
    _exit_as_it_ended(run, ended, options)
    return folder


class _Interrupt:
    """First Ctrl-C: start no more calls. Second: drop those under way."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def __enter__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        for number in (signal.SIGINT, signal.SIGTERM):
            self._loop.add_signal_handler(number, self._on_signal)

    def __exit__(self, *_: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._loop.remove_signal_handler(number)

    def _on_signal(self) -> None:
        if self._run.progress.stopping is None:
            self._run.stop()
            typer.echo(
                "\nStopping: calls under way are finished and kept. Ctrl-C again drops them.", err=True
            )
        elif self._task is not None:
            self._task.cancel()


def _conclude(run: Run, ended: Ended) -> None:
    from palestra.run.summary import summary

    typer.echo(ended.boards.text())
    for line in summary(run, ended.manifest, ended.folder, ended.boards.sentences):
        typer.echo(line)


def _exit_as_it_ended(run: Run, ended: Ended, options: Options) -> None:
    from palestra.run.whole import check_ended

    if not check_ended(run, ended.folder, ended.manifest):
        typer.echo("Stopped. Run it again and it goes on.", err=True)
        raise typer.Exit(130)
    if options.fail_on_errors and any(row.failed for row in ended.manifest.spend):
        raise typer.Exit(1)
