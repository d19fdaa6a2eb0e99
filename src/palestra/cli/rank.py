from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from palestra.cli._options import (
    Anchor,
    BattleFiles,
    Ci,
    Cluster,
    EloK,
    EloStart,
    Filter,
    Labels,
    Level,
    Rounds,
    Seed,
    anchored,
    apart,
    model_number,
    write_text,
)

Format = Literal["table", "json", "csv", "md"]


def rank(
    files: BattleFiles,
    format: Annotated[Format, typer.Option(help="How to print it.")] = "table",
    filter: Filter = None,
    by: Annotated[
        Literal["category", "dataset", "subset", "language", "source", "judge_model"] | None,
        typer.Option(help="A board for each value of this column, too."),
    ] = None,
    shrink: Annotated[
        bool,
        typer.Option(
            "--shrink", help="With --by: pull each board towards that of all battles as far as it is unsure."
        ),
    ] = False,
    anchor: Anchor = None,
    method: Annotated[
        Literal[
            "bradley-terry",
            "davidson",
            "rao-kupper",
            "win-rate",
            "gladiator",
            "elo",
            "elo-average",
            "size-elo",
            "length-controlled",
        ],
        typer.Option(help="The kind of rating."),
    ] = "bradley-terry",
    ci: Ci = "sandwich",
    rounds: Rounds = 1000,
    level: Level = 0.95,
    seed: Seed = 0,
    cluster: Cluster = None,
    simultaneous: Annotated[
        bool, typer.Option("--simultaneous", help="Intervals that hold all true values at once.")
    ] = False,
    details: Annotated[
        bool,
        typer.Option(
            "--details", help="In JSON, also how likely each model is better than each, and at each rank."
        ),
    ] = False,
    style: Annotated[
        Literal["lmarena", "arena-hard"] | None,
        typer.Option(help="Adjust for the answers' length and markdown.", show_default=False),
    ] = None,
    side: Annotated[bool, typer.Option("--side", help="Adjust for which answer was shown first.")] = False,
    k: EloK = 4.0,
    start: EloStart = 1000.0,
    orders: Annotated[
        int, typer.Option(min=2, metavar="N", help="How many orders elo-average is over.")
    ] = 100,
    by_time: Annotated[
        bool,
        typer.Option("--by-time", help="For elo and size-elo: in the order of tstamp, not of the rows."),
    ] = False,
    size: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODEL=BILLIONS",
            help="A model's parameters, for size-elo. Default: as its name says.",
            show_default=False,
        ),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="For length-controlled: the model that all others are measured against.",
            show_default=False,
        ),
    ] = None,
    difficulty: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="For AlpacaEval 2's regression: question_id and difficulty of each prompt, as CSV, JSONL or "
            "Parquet. With --gamed.",
            show_default=False,
        ),
    ] = None,
    gamed: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="For AlpacaEval 2's regression: length_feature, difficulty and share of each row of the "
            "gamed baselines. With --difficulty.",
            show_default=False,
        ),
    ] = None,
    official_order: Annotated[
        bool,
        typer.Option(
            "--official-order",
            help="Take difficulties by the position of a row among its model's, which repeats a fault of "
            "AlpacaEval's published figures.",
        ),
    ] = False,
    labels: Labels = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help="Write to this file instead of the terminal.",
            show_default=False,
            readable=False,
        ),
    ] = None,
) -> None:
    """Battles (or a run folder) in, leaderboard out."""
    from palestra.interchange.rank import AUTO, rank_with_groups

    apart(out, files)
    board, groups = rank_with_groups(
        files,
        by=by,
        shrink=shrink,
        filter=filter,
        labels=labels,
        cluster=AUTO if cluster is None else (None if cluster == "none" else cluster),
        style=style,
        side=side,
        anchor=anchored(anchor),
        method=method,
        ci=ci,
        rounds=rounds,
        level=level,
        seed=seed,
        simultaneous=simultaneous,
        details=details,
        k=k,
        start=start,
        orders=orders,
        by_time=by_time,
        baseline=baseline,
        difficulty=difficulty,
        gamed=gamed,
        official_order=official_order,
        sizes=dict(model_number(text, "--size", "Llama=8") for text in size or ()),
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
        write_text(out, text)
