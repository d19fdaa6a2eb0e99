from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def push(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER",
            help="A result folder of `palestra run`, or what `palestra export` wrote.",
            readable=False,
        ),
    ],
    to: Annotated[
        str, typer.Option(metavar="USER/NAME", help="The dataset on the hub. It is made if it is not there.")
    ],
    private: Annotated[
        bool,
        typer.Option(
            "--private/--public",
            help="Who may see a dataset that is made now. One that is there stays as it is.",
        ),
    ] = True,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be uploaded, and send nothing.")
    ] = False,
    licence: Annotated[
        str | None,
        typer.Option(
            "--licence",
            "--license",
            metavar="NAME",
            help="The dataset's licence, as in cc-by-4.0, for its card.",
        ),
    ] = None,
    ignore_findings: Annotated[
        bool, typer.Option("--ignore-findings", help="Upload although something looks like a secret.")
    ] = False,
    token_env: Annotated[
        str, typer.Option(metavar="VARIABLE", help="The environment variable that holds the hub's token.")
    ] = "HF_TOKEN",
    endpoint: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Another hub. Default: $HF_ENDPOINT, else https://huggingface.co."),
    ] = None,
) -> None:
    """Upload datasets and results to the Hugging Face hub, with a card."""
    from palestra.cli._pushing import Options, push_folder

    push_folder(folder, Options(to, private, dry_run, licence, ignore_findings, token_env, endpoint))
