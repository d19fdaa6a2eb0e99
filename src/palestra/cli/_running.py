"""Running an arena from the command line: what `palestra run` and `palestra demo` share."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from palestra.errors import BudgetReached, StoreError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from palestra.config.schema import Config, Endpoint
    from palestra.records.manifest import Manifest
    from palestra.run.boards import Boards
    from palestra.run.pipeline import Run
    from palestra.run.plan import Plan
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
    from palestra.store.database import Database

    env = environment(Path.cwd())
    set_up(debug=options.debug, secrets=keys_in_use((*config.models, *config.judges), env))
    plan = make_plan(config, Path.cwd(), env)
    if options.max_cost is not None:
        _refuse_unpriced(plan, options.max_cost)
    with Database(options.database()) as database:
        if options.dry_run:
            from palestra.run.estimate import describe, estimate

            parts = asyncio.run(estimate(plan, database, retry_failed=options.retry_failed))
            typer.echo(describe(parts))
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
    from palestra.cli._display import showing
    from palestra.config.write import dump_config
    from palestra.run.artifacts import write_artifacts
    from palestra.run.folder import prepare

    started = time.time()
    folder = options.folder(run.plan.config)
    prepare(folder, dump_config(run.plan.config))
    _announce(run.plan, options)
    try:
        async with showing(run, quiet=options.quiet, rankings=options.rankings):
            with _Interrupt(run):
                await run.ask()
        manifest, boards = await write_artifacts(run, folder, started)
    finally:
        await run.aclose()
    from palestra.report.html import write_report

    write_report(folder)
    _conclude(run, manifest, boards, folder)
    _exit_as_it_ended(run, manifest, folder, options)
    return folder


def _announce(plan: Plan, options: Options) -> None:
    if options.quiet:
        return
    calls = plan.calls()
    needed = f"at most {calls.paid} calls" if calls.paid else "no calls are needed"
    typer.echo(
        f"{len(plan.models)} models, {len(plan.prompts)} prompts, {plan.n_matchups} matchups: "
        f"{calls.answers} answers and {calls.verdicts} verdicts, {needed}",
        err=True,
    )


class _Interrupt:
    """First Ctrl-C: start no more calls. Second: drop those under way."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()

    def __enter__(self) -> None:
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


def _conclude(run: Run, manifest: Manifest, boards: Boards, folder: Path) -> None:
    from palestra.run.summary import summary

    typer.echo(boards.text())
    for line in summary(run, manifest, folder, boards.sentences):
        typer.echo(line)


def _exit_as_it_ended(run: Run, manifest: Manifest, folder: Path, options: Options) -> None:
    if run.progress.stopping == "budget":
        raise BudgetReached(
            f"stopped with ${run.progress.cost_usd:.4f} of --max-cost {options.max_cost:g} spent, as another "
            f"call might overrun it; what was paid for is kept, and {folder} shows it",
            hint="run it again with a higher --max-cost and it goes on",
        )
    if run.progress.stopping is not None and not manifest.complete:
        typer.echo("Stopped. Run it again and it goes on.", err=True)
        raise typer.Exit(130)
    if not manifest.complete:
        raise StoreError(
            "some answers or verdicts are not in the database after all",
            path=options.database(),
            hint="did something else change it meanwhile? Run it again and it goes on",
        )
    if options.fail_on_errors and any(row.failed for row in manifest.spend):
        raise typer.Exit(1)


def _refuse_unpriced(plan: Plan, limit: float) -> None:
    """A money limit is only as good as the prices."""
    from palestra.models.pricing import expected_cost, has_list_price

    endpoints: tuple[Endpoint, ...] = (*plan.config.models, *plan.config.judges)
    for part, endpoint in zip(plan.parts, endpoints, strict=True):
        if not part.is_free and has_list_price(endpoint) and expected_cost(endpoint, 1, 1) is None:
            raise UsageError(
                f"--max-cost {limit:g} cannot be kept: no price is known for {part.label} ({endpoint.model})",
                hint="give it one in the config, in USD per million tokens: price: {input: 2.5, output: 10}",
            )
