from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from palestra.cli._options import (
    Anchor,
    Concurrency,
    Db,
    Debug,
    DryRun,
    FailOnErrors,
    MaxCost,
    Quiet,
    RetryFailed,
    RunSeed,
    anchored,
)


def place(
    model: Annotated[
        str | None,
        typer.Argument(
            metavar="MODEL",
            help="The model to place, as in ollama:llama3.2, or a file with its answers.",
            show_default=False,
        ),
    ] = None,
    into: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE",
            help="Human battles to place it among: a file, or hub:owner/name. May be repeated.",
            show_default=False,
        ),
    ] = None,
    judge: Annotated[
        str | None, typer.Option(metavar="JUDGE", help="The judge, as in anthropic:claude-sonnet-4-6.")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="CONFIG", help="A config of kind place; options win over it.", show_default=False
        ),
    ] = None,
    battles: Annotated[
        int | None,
        typer.Option(min=0, metavar="N", help="Human battles to draw; 0: all. Default: 200."),
    ] = None,
    per_language: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="At most so many of each language.")
    ] = None,
    language: Annotated[
        list[str] | None,
        typer.Option(metavar="LANGUAGE", help="Only battles in this language. May be repeated."),
    ] = None,
    max_prompt_chars: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Leave longer prompts out.")
    ] = None,
    max_turns: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Leave longer conversations out.")
    ] = None,
    min_battles: Annotated[
        int | None,
        typer.Option(
            min=0,
            metavar="N",
            help="Leave models of the arena with fewer human battles out. Default: 500.",
        ),
    ] = None,
    labels: Annotated[
        Literal["soft", "hard"] | None,
        typer.Option(help="Whether the judge's share of the win counts, or who won. Default: soft."),
    ] = None,
    temperature: Annotated[
        float | None,
        typer.Option(metavar="T", help="Of the softmax over the judge's scores. Default: 0.3."),
    ] = None,
    calibrate: Annotated[
        int | None,
        typer.Option(
            min=0,
            metavar="N",
            help="Fit T: let the judge decide N human battles, too, and compare with people.",
        ),
    ] = None,
    swap: Annotated[
        Literal["once", "both-combine", "both-keep"] | None,
        typer.Option(help="Which orders the judge sees. Default: both-combine."),
    ] = None,
    anchor: Anchor = None,
    ci: Annotated[
        Literal["bootstrap", "sandwich", "none"] | None,
        typer.Option(help="How intervals are made. Default: bootstrap."),
    ] = None,
    rounds: Annotated[
        int | None, typer.Option(min=2, metavar="N", help="Resamples of the bootstrap. Default: 1000.")
    ] = None,
    level: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE", help="The share of intervals that shall cover the truth. Default: 0.95."
        ),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change one setting, as in judges.0.temperature=0."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FOLDER",
            help="The result folder. Default: runs/<arena name>, or runs/place-<model>.",
            show_default=False,
            readable=False,
        ),
    ] = None,
    db: Db = None,
    seed: RunSeed = None,
    concurrency: Concurrency = None,
    max_cost: MaxCost = None,
    dry_run: DryRun = False,
    retry_failed: RetryFailed = True,
    fail_on_errors: FailOnErrors = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Place one model into an arena of human battles. Run it again and it goes on where it stopped."""
    from palestra.cli._place import run_placement
    from palestra.cli._running import Options
    from palestra.run.place.api import load

    settings = {
        "battles": battles,
        "per_language": per_language,
        "languages": language,
        "max_prompt_chars": max_prompt_chars,
        "max_turns": max_turns,
        "min_battles": min_battles,
        "labels": labels,
        "temperature": temperature,
        "calibrate": calibrate,
        "swap": swap,
        "anchor": anchored(anchor),
        "ci": ci,
        "rounds": rounds,
        "level": level,
        "seed": seed,
        "concurrency": concurrency,
    }
    found = load(model, into, judge, config=config, overrides=set_ or (), settings=settings)
    options = Options(
        out=out,
        db=db,
        max_cost=max_cost,
        dry_run=dry_run,
        retry_failed=retry_failed,
        fail_on_errors=fail_on_errors,
        quiet=quiet,
        debug=debug,
    )
    run_placement(found, options)
