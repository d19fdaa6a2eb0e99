from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from palestra.cli._options import Anchor, Ci, EloK, EloStart, Filter, Labels, Level, Rounds, Seed, anchored

_OF_BATTLES = ("method", "ci", "rounds", "level", "seed", "k", "start", "anchor", "filter", "labels")
"""Options that say how battles are rated."""


def plot(
    context: typer.Context,
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILES",
            help="Battles as JSONL, CSV or Parquet, a run folder, or - for standard input; for intervals "
            "also a leaderboard.json.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help="The picture to write, .svg or .png.",
            show_default=False,
            readable=False,
        ),
    ],
    kind: Annotated[
        Literal["intervals", "matrix", "history"],
        typer.Option(help="Ratings with their intervals, every pair's win rates, or ratings over time."),
    ] = "intervals",
    top: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Only the first N models of the board. Default: all; 10 over time."
        ),
    ] = None,
    slices: Annotated[
        str | None,
        typer.Option(
            metavar="UNIT",
            help="Over time, a point for each hour, day, week, month, quarter or year, or a number of points "
            "with equally many battles between them. Default: what gives some 6 to 40 points.",
            show_default=False,
        ),
    ] = None,
    theme: Annotated[Literal["light", "dark"], typer.Option(help="The colours.")] = "light",
    width: Annotated[
        int | None,
        typer.Option(
            metavar="PIXELS",
            help="The width; a PNG has two dots for each pixel. A matrix gets as wide as its names need. "
            "Default: 900, and what a matrix takes.",
            show_default=False,
        ),
    ] = None,
    filter: Filter = None,
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
        ],
        typer.Option(help="The kind of rating."),
    ] = "bradley-terry",
    ci: Ci = "sandwich",
    rounds: Rounds = 1000,
    level: Level = 0.95,
    seed: Seed = 0,
    k: EloK = 4.0,
    start: EloStart = 1000.0,
    labels: Labels = None,
) -> None:
    """Draw a leaderboard, who beats whom, or ratings over time."""
    from palestra.cli import _plot
    from palestra.errors import UsageError
    from palestra.report.plots.frame import check_width
    from palestra.report.plots.write import check_target, write_picture
    from palestra.report.words import visible

    check_target(out)
    check_width(width)
    if slices is not None and kind != "history":
        raise UsageError("only ratings over time have slices", key="--slices", hint="add --kind history")
    how: dict[str, Any] = {"method": method, "ci": ci, "rounds": rounds, "level": level, "seed": seed}
    how |= {"k": k, "start": start, "anchor": anchored(anchor)}
    what = _plot.Battles(files, filter, labels, how)
    look = _plot.Look(theme, width, top)
    if kind == "intervals":
        given = [name for name in _OF_BATTLES if _is_given(context, name)]
        draw, warnings = _plot.intervals(what, look, given)
    elif kind == "matrix":
        draw, warnings = _plot.matrix(what, look)
    else:
        draw, warnings = _plot.history(what, look, slices)
    write_picture(out, draw)
    for warning in warnings:
        typer.echo(f"Warning: {visible(warning)}", err=True)
    typer.echo(out)


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name != "DEFAULT"
