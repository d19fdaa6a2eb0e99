from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer


def _list_formats(asked: bool) -> None:
    if asked:
        from palestra.interchange.outside.registry import formats

        for one in formats().values():
            typer.echo(f"{one.name:<24}{one.title}: {one.shape}")
        raise typer.Exit


def convert(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILES",
            help="Files of others, as JSONL, JSON, CSV, TSV (also with .gz) or Parquet.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help="Write battles to this .jsonl, .csv or .parquet. Default: JSONL on standard output, unless "
            "--verdicts or --responses is given.",
            show_default=False,
        ),
    ] = None,
    from_: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="FORMAT",
            help="Whose files they are; --formats lists them. Default: found by the columns where that is "
            "unmistakable.",
            show_default=False,
        ),
    ] = None,
    verdicts: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write what judges said to this .jsonl, too.", show_default=False),
    ] = None,
    responses: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write what models answered to this .jsonl, too.", show_default=False
        ),
    ] = None,
    map: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="COLUMN=FIELD",
            help="The files are tables in which this column is that field of a battle, such as "
            "left=model_a. Again for another.",
            show_default=False,
        ),
    ] = None,
    winner: Annotated[
        list[str] | None,
        typer.Option(
            "--winner",
            metavar="WORD=WINNER",
            help="With --map: what the table's word for an outcome means, such as left=model_a. Again for "
            "another.",
            show_default=False,
        ),
    ] = None,
    leaks: Annotated[
        Literal["keep", "flag", "drop"],
        typer.Option(help="Battles of a FastChat log in which a model's or maker's name was said."),
    ] = "keep",
    swap: Annotated[
        Literal["both-keep", "both-combine"],
        typer.Option(help="A judge's two orders: a battle each, or combined into one."),
    ] = "both-keep",
    strong_weight: Annotated[
        float,
        typer.Option(min=0, metavar="WEIGHT", help="The weight of a strong verdict (A>>B) in one order."),
    ] = 1.0,
    baseline: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Whom the models of an Arena-Hard v0.1 judgement met. Default: gpt-4-0314.",
            show_default=False,
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="End at the first damaged row, and write nothing.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress and no account on standard error.")
    ] = False,
    formats: Annotated[
        bool,
        typer.Option("--formats", is_eager=True, callback=_list_formats, help="List the formats, and end."),
    ] = False,
) -> None:
    """Everyone's files in, battles out: LMArena, FastChat, AlpacaEval, Arena-Hard, MT-Bench and more."""
    from palestra.cli._convert import convert_files, pairs
    from palestra.interchange.outside.base import Options

    options = Options(
        leaks=leaks,
        swap=swap,
        strong_weight=strong_weight,
        baseline=baseline,
        columns=pairs(map or [], "--map", "left=model_a"),
        winners=pairs(winner or [], "--winner", "left=model_a"),
    )
    convert_files(
        files,
        out,
        verdicts=verdicts,
        responses=responses,
        format=from_,
        options=options,
        strict=strict,
        quiet=quiet,
    )
