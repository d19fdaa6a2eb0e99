from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from palestra.cli._options import BattleFiles, Cluster, Filter, Labels, apart, model_number, write_text


def plan(
    files: BattleFiles,
    format: Annotated[Literal["table", "json"], typer.Option(help="How to print it.")] = "table",
    pairs: Annotated[
        int | None,
        typer.Option(
            min=0,
            metavar="N",
            help="How many pairs to show, nearest on the board first. Default: each model with the next.",
        ),
    ] = None,
    chance: Annotated[
        float, typer.Option(metavar="SHARE", help="The chance with which the battles shall tell two apart.")
    ] = 0.8,
    level: Annotated[float, typer.Option(metavar="SHARE", help="The coverage of the intervals.")] = 0.95,
    cluster: Cluster = None,
    separability: Annotated[
        float, typer.Option(metavar="SHARE", help="The share of pairs that shall be separated.")
    ] = 0.9,
    next: Annotated[
        int, typer.Option("--next", min=0, metavar="N", help="Draw so many pairs to battle next.")
    ] = 0,
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="The seed of that draw.")] = 0,
    floor: Annotated[
        float, typer.Option(metavar="SHARE", help="The share of that draw that is even over all pairs.")
    ] = 0.1,
    favour: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODEL=WEIGHT",
            help="Draw a model so much more often; 0 leaves it out. Again for another.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help="Write the pairs to battle next to this file, one JSON object a line.",
            show_default=False,
            readable=False,
        ),
    ] = None,
    filter: Filter = None,
    labels: Labels = None,
) -> None:
    """Which models are told apart, how many battles the others need, and what to battle next."""
    from palestra.errors import UsageError
    from palestra.interchange.counts import count_battles

    if out is not None and not next:
        raise UsageError("there are no pairs to write", key="--out", hint="say how many with --next")
    apart(out, files)
    weights = dict(model_number(text, "--favour", "Llama=2", least=0) for text in favour or [])
    together = _cluster(files, cluster)
    tally = count_battles(files, filter=filter, labels=labels, cluster=together)
    from palestra.analysis.plan import Draw, make_plan
    from palestra.cli import _plan

    made = make_plan(
        tally.battles,
        level=level,
        chance=chance,
        target=separability,
        n_pairs=pairs,
        draw=Draw(next, seed, floor, weights) if next else None,
        cluster=together,
        n_failed=tally.n_failed,
    )
    if out is not None:
        write_text(out, _plan.pairs_jsonl(made.next_pairs))
    typer.echo(_plan.plan_json(made) if format == "json" else _plan.plan_text(made), nl=False)


def _cluster(files: list[str], cluster: str | None) -> str | None:
    from palestra.interchange.rank import PROMPT

    if cluster is not None:
        return None if cluster == "none" else cluster
    return PROMPT if all(Path(file).is_dir() for file in files) else None
