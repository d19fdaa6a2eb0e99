from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from palestra.cli._options import Filter, Level, Rounds, Seed, apart, write_text

Format = Literal["table", "json", "csv", "md"]


def agree(
    judged: Annotated[
        list[str],
        typer.Argument(
            metavar="JUDGED",
            help="What judges decided: run folders, verdicts.jsonl, or battles as JSONL, CSV or Parquet; - "
            "for standard input.",
            show_default=False,
        ),
    ],
    human: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE", help="People's battles. May be given again.", show_default=False),
    ] = None,
    gold: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE",
            help="In place of --human: battles with the right winner. May be given again.",
            show_default=False,
        ),
    ] = None,
    on: Annotated[
        Literal["question_id", "prompt"] | None,
        typer.Option(
            help="What tells that two rows are about the same prompt: its id or its text. Default: the id, "
            "if any is shared.",
            show_default=False,
        ),
    ] = None,
    by: Annotated[
        Literal["category", "dataset", "subset", "language", "none"],
        typer.Option(help="The column whose values are looked at one by one, too."),
    ] = "category",
    filter: Filter = None,
    human_filter: Annotated[
        str | None,
        typer.Option(metavar="SQL", help="The same for people's battles or gold labels.", show_default=False),
    ] = None,
    by_file: Annotated[
        bool, typer.Option("--by-file", help="The same judge_model in two files is two judges.")
    ] = False,
    family: Annotated[
        list[str] | None,
        typer.Option(
            metavar="JUDGE=MODEL,…",
            help="The models of a judge's own family. May be given again. Default: as names tell.",
            show_default=False,
        ),
    ] = None,
    cluster: Annotated[
        Literal["prompt", "matchup"] | None,
        typer.Option(
            help="What the bootstrap resamples. Default: prompts if there are 20 or more, else matchups.",
            show_default=False,
        ),
    ] = None,
    rounds: Rounds = 1000,
    level: Level = 0.95,
    seed: Seed = 0,
    format: Annotated[
        Format | None,
        typer.Option(
            help="How to print it. Default: as the ending of --out says, else table.", show_default=False
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help="Write to this file (.json, .csv, .md or any other) instead of the terminal.",
            show_default=False,
            readable=False,
        ),
    ] = None,
) -> None:
    """Is the judge any good? Judges against people, beside people against people."""
    from palestra.errors import UsageError

    if bool(human) == bool(gold):
        raise UsageError("give either --human, people's battles, or --gold, battles with the right winner")
    if [*judged, *(human or gold or ())].count("-") > 1:
        raise UsageError("standard input can be read once only")
    apart(out, [*judged, *(human or gold or ())])
    from palestra.report import agreement_forms
    from palestra.report.agreement import agree as hold

    report = hold(
        judged,
        human=human or None,
        gold=gold or None,
        on=on,
        by=None if by == "none" else by,
        filter=filter,
        human_filter=human_filter,
        by_file=by_file,
        families=_families(family or ()),
        cluster=cluster,
        rounds=rounds,
        level=level,
        seed=seed,
    )
    render = {
        "table": agreement_forms.agreement_text,
        "json": agreement_forms.agreement_json,
        "csv": agreement_forms.agreement_csv,
        "md": agreement_forms.agreement_markdown,
    }[format or _told_by(out)]
    text = render(report.findings)
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_text(out, text)


def _told_by(out: Path | None) -> Format:
    """The form that a file's ending names."""
    endings: dict[str, Format] = {".json": "json", ".csv": "csv", ".md": "md"}
    return "table" if out is None else endings.get(out.suffix.lower(), "table")


def _families(told: list[str] | tuple[()]) -> dict[str, list[str]] | None:
    """What --family says; None where it is not given.

    Raises:
        UsageError: it is not JUDGE=MODEL,MODEL.
    """
    from palestra.errors import UsageError

    found: dict[str, list[str]] = {}
    for text in told:
        judge, equals, models = text.partition("=")
        if not equals or not judge:
            raise UsageError(
                f"cannot read {text!r}", key="--family", hint="as in --family gpt-4=gpt-4,gpt-4o"
            )
        found.setdefault(judge, []).extend(name for name in models.split(",") if name)
    return found or None
