from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def report(
    run_dir: Annotated[
        Path,
        typer.Argument(
            metavar="RUN_DIR", help="The result folder of a run.", show_default=False, readable=False
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The file to write. Default: report.html in that folder.",
            show_default=False,
            readable=False,
        ),
    ] = None,
) -> None:
    """Make a result folder into one offline HTML page."""
    from palestra.report.html import write_report

    typer.echo(write_report(run_dir, out))
