from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

Format = Literal["table", "json", "csv", "md"]


def rank(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILES",
            help="Battles as JSONL, CSV or Parquet, a run folder, or - for standard input.",
            show_default=False,
        ),
    ],
    format: Annotated[Format, typer.Option(help="How to print it.")] = "table",
    filter: Annotated[
        str | None,
        typer.Option(metavar="SQL", help="Only battles of which this is true, as in \"language = 'en'\"."),
    ] = None,
    by: Annotated[
        Literal["category", "dataset", "subset", "language", "source", "judge_model"] | None,
        typer.Option(help="A board for each value of this column, too."),
    ] = None,
    anchor: Annotated[
        str | None,
        typer.Option(metavar="MODEL=RATING", help="Give one model this rating. Default: the mean is 1000."),
    ] = None,
    method: Annotated[
        Literal["bradley-terry", "elo", "win-rate"], typer.Option(help="The kind of rating.")
    ] = "bradley-terry",
    ci: Annotated[
        Literal["sandwich", "bootstrap", "none"], typer.Option(help="How intervals are made.")
    ] = "sandwich",
    rounds: Annotated[int, typer.Option(min=2, metavar="N", help="Resamples of the bootstrap.")] = 1000,
    level: Annotated[
        float, typer.Option(metavar="SHARE", help="The share of intervals that shall cover the truth.")
    ] = 0.95,
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="The bootstrap's seed.")] = 0,
    k: Annotated[
        float, typer.Option("--k", metavar="K", help="Elo's K: the most that one battle moves a rating.")
    ] = 4.0,
    start: Annotated[float, typer.Option(metavar="RATING", help="Elo's first rating.")] = 1000.0,
    labels: Annotated[
        Literal["hard", "soft"] | None,
        typer.Option(help="Read every row's winner (hard) or share (soft). Default: as the row says."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write to this file instead of the terminal.",
            show_default=False,
            readable=False,
        ),
    ] = None,
) -> None:
    """Battles (or a run folder) in, leaderboard out."""
    from palestra.interchange.rank import rank_with_groups

    board, groups = rank_with_groups(
        files,
        by=by,
        filter=filter,
        labels=labels,
        method=method,
        ci=ci,
        rounds=rounds,
        level=level,
        seed=seed,
        anchor=None if anchor is None else _anchor(anchor),
        k=k,
        start=start,
    )
    from palestra.report import boards

    render = {
        "table": boards.board_table,
        "json": boards.board_json,
        "csv": boards.board_csv,
        "md": boards.board_markdown,
    }[format]
    text = render(board, None if by is None else {by: groups})
    if out is None:
        typer.echo(text, nl=False)
    else:
        _write(out, text)


def _anchor(text: str) -> dict[str, float]:
    from palestra.errors import UsageError

    model, equals, value = text.rpartition("=")
    try:
        rating = float(value)
    except ValueError:
        rating = None
    if not equals or not model or rating is None:
        raise UsageError(f"cannot read {text!r}", key="--anchor", hint="as in --anchor Llama=1000")
    return {model: rating}


def _write(path: Path, text: str) -> None:
    from palestra.errors import UsageError

    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", path=path, key="--out") from None
