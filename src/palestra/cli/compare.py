from __future__ import annotations

from typing import Annotated, Literal

import typer


def compare(
    board: Annotated[
        str,
        typer.Argument(
            metavar="BOARD",
            help="A leaderboard (JSON or CSV, ours or another's), battles, or a run folder.",
            show_default=False,
        ),
    ],
    reference: Annotated[
        str,
        typer.Argument(
            metavar="REFERENCE", help="The board that is taken as the truth; the same.", show_default=False
        ),
    ],
    format: Annotated[Literal["table", "json"], typer.Option(help="How to print it.")] = "table",
    top: Annotated[
        int, typer.Option(min=0, metavar="N", help="How many of the models that moved most to show.")
    ] = 10,
) -> None:
    """Hold a board against another: what each separates, and how far they agree."""
    from palestra.errors import UsageError
    from palestra.interchange.boards import read_board

    if board == reference == "-":
        raise UsageError("standard input can be read once only")
    ours, truth = read_board(board), read_board(reference)
    from palestra.cli import _comparison

    found = _comparison.compared(ours, truth)
    if format == "json":
        text = _comparison.comparison_json(ours, truth, found)
    else:
        text = _comparison.comparison_text(ours, truth, found, top)
    typer.echo(text, nl=False)
