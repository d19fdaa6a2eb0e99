from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer


def serve(
    config: Annotated[
        Path | None,
        typer.Argument(
            metavar="CONFIG",
            help="A config file. Without one, the embedded sample arena is served.",
            show_default=False,
            readable=False,
        ),
    ] = None,
    run: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FOLDER",
            help="A result folder of `palestra run` to show, too. May be repeated.",
            show_default=False,
            readable=False,
        ),
    ] = None,
    host: Annotated[
        str | None,
        typer.Option(
            metavar="HOST",
            help="The address to listen on. Default: 127.0.0.1, which only this machine reaches.",
            show_default=False,
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, metavar="N", help="The port; 0 takes any. Default: 8000.", show_default=False
        ),
    ] = None,
    db: Annotated[
        str | None,
        typer.Option(
            metavar="PLACE",
            help="The database: a file or a URL. Default: $PALESTRA_DB, else ./palestra.db; "
            "of the sample arena, ./palestra-sample.db.",
            show_default=False,
        ),
    ] = None,
    leaderboard_json: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Keep this file current after each vote, in the shape of GPU-Poor's leaderboard.json.",
            show_default=False,
            readable=False,
        ),
    ] = None,
    proxy: Annotated[
        bool,
        typer.Option(
            "--proxy", help="A reverse proxy stands before the server; believe its X-Forwarded-… headers."
        ),
    ] = False,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change one setting, as in serve.pad_start=2."),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Log each call to standard error.")] = False,
) -> None:
    """Serve the web arena: blind battles, side by side, leaderboards."""
    from palestra.cli._serving import Options, serve_arena

    overrides = list(set_ or ())
    overrides += [] if host is None else [f"serve.host={host}"]
    overrides += [] if port is None else [f"serve.port={port}"]
    overrides += ["serve.proxy=true"] if proxy else []
    if leaderboard_json is not None:
        overrides.append(f"serve.leaderboard_json={json.dumps(str(leaderboard_json.absolute()))}")
    serve_arena(Options(config, tuple(run or ()), db, tuple(overrides), debug))
