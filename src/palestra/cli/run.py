from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from palestra.cli._options import (
    Concurrency,
    Db,
    Debug,
    DryRun,
    FailOnErrors,
    MaxCost,
    Quiet,
    RetryFailed,
    RunSeed,
)


def run(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="CONFIG",
            help="A config file. With --benchmark: files with models' answers.",
            show_default=False,
            readable=False,
        ),
    ] = None,
    benchmark: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="alpaca-eval, arena-hard, mt-bench, mt-bench-pairwise or m-arena-hard-LANG: run it as its "
            "authors do. --prompts, --baseline and --judge take the place of theirs.",
            show_default=False,
        ),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="With --benchmark: the model that all others meet."),
    ] = None,
    difficulty: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="With --benchmark alpaca-eval: the prompts' difficulties, for its own length control.",
            show_default=False,
            readable=False,
        ),
    ] = None,
    gamed: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="With --difficulty: the rows of baselines made longer and shorter.",
            show_default=False,
            readable=False,
        ),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODEL", help="A competitor, as in ollama:llama3.2 or openai:gpt-4o. Repeat it for each."
        ),
    ] = None,
    judge: Annotated[
        list[str] | None,
        typer.Option(
            metavar="JUDGE",
            help="A judge, as in anthropic:claude-sonnet-4-6 or metric:rougeL. May be repeated.",
        ),
    ] = None,
    prompts: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", help="A file of prompts. May be repeated.", show_default=False, readable=False
        ),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change one setting, as in schedule.swap=once."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FOLDER",
            help="The result folder. Default: runs/<arena name>.",
            show_default=False,
            readable=False,
        ),
    ] = None,
    db: Db = None,
    seed: RunSeed = None,
    concurrency: Concurrency = None,
    max_cost: MaxCost = None,
    pull: Annotated[
        bool, typer.Option("--pull", help="First fetch the models that an Ollama of the config lacks.")
    ] = False,
    dry_run: DryRun = False,
    retry_failed: RetryFailed = True,
    fail_on_errors: FailOnErrors = False,
    quiet: Quiet = False,
    rankings: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write the rankings after each prompt here while the run is under way, a JSON line each.",
            show_default=False,
            readable=False,
        ),
    ] = None,
    debug: Debug = False,
) -> None:
    """Pair, generate, judge, rank. Run it again and it goes on where it stopped."""
    from palestra.cli._running import Options, run_arena
    from palestra.config.flags import Flags
    from palestra.config.load import load_config
    from palestra.errors import ConfigError, UsageError

    options = Options(
        out=out,
        db=db,
        max_cost=max_cost,
        dry_run=dry_run,
        retry_failed=retry_failed,
        fail_on_errors=fail_on_errors,
        quiet=quiet,
        rankings=rankings,
        pull=pull,
        debug=debug,
    )
    overrides = list(set_ or ())
    overrides += [] if seed is None else [f"seed={seed}"]
    overrides += [] if concurrency is None else [f"concurrency={concurrency}"]
    if benchmark is not None:
        from palestra.cli._benchmark import run_benchmark
        from palestra.run.benchmarks.build import Wishes

        wishes = Wishes(
            benchmark,
            files=files or (),
            models=model or (),
            judges=judge or (),
            prompts=prompts or (),
            baseline=baseline,
            overrides=overrides,
            difficulty=difficulty,
            gamed=gamed,
        )
        run_benchmark(wishes, options)
        return
    alone = {"--baseline": baseline, "--difficulty": difficulty, "--gamed": gamed}
    for name, given in alone.items():
        if given is not None:
            raise UsageError("goes with --benchmark only", key=name)
    if files and files[1:]:
        raise UsageError("a run takes one config", hint="answer files go with --benchmark")
    config = files[0] if files else None
    flags = Flags(tuple(model or ()), tuple(judge or ()), tuple(map(str, prompts or ())))
    if config is None and not (flags.models and flags.judges and flags.prompts):
        raise UsageError(
            "there is nothing to run",
            hint="give a config (`palestra init` writes one), or --model twice, --judge and --prompts",
        )
    loaded = load_config(config, flags=flags, overrides=overrides)
    for warning in loaded.warnings:
        typer.echo(f"Warning: {warning}", err=True)
    try:
        if loaded.config.schedule.kind == "place":
            from palestra.cli._place import run_placement
            from palestra.run.place.settings import resolve

            run_placement(resolve(loaded.config), options)
        else:
            run_arena(loaded.config, options)
    except ConfigError as error:
        if error.path is None and config is not None:
            error.path = str(config)  # a plan knows the config, not where it came from
        raise
