"""Options that several commands take, and what reads and writes for them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

BattleFiles = Annotated[
    list[str],
    typer.Argument(
        metavar="FILES",
        help="Battles as JSONL, CSV or Parquet, a run folder, or - for standard input.",
        show_default=False,
    ),
]
Filter = Annotated[
    str | None,
    typer.Option(metavar="SQL", help="Only battles of which this is true, as in \"language = 'en'\"."),
]
Labels = Annotated[
    Literal["hard", "soft"] | None,
    typer.Option(help="Read every row's winner (hard) or share (soft). Default: as the row says."),
]
Anchor = Annotated[
    str | None,
    typer.Option(metavar="MODEL=RATING", help="Give one model this rating. Default: the mean is 1000."),
]
Ci = Annotated[Literal["sandwich", "bootstrap", "none"], typer.Option(help="How intervals are made.")]
Rounds = Annotated[int, typer.Option(min=2, metavar="N", help="Resamples of the bootstrap.")]
Level = Annotated[
    float, typer.Option(metavar="SHARE", help="The share of intervals that shall cover the truth.")
]
Seed = Annotated[int, typer.Option(min=0, metavar="N", help="The seed of whatever is drawn.")]
EloK = Annotated[
    float, typer.Option("--k", metavar="K", help="Elo's K: the most that one battle moves a rating.")
]
EloStart = Annotated[float, typer.Option(metavar="RATING", help="Elo's first rating.")]
Cluster = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN",
        help="Battles that are equal in this column, such as question_id, may depend on each other: "
        "intervals allow for it. Default: question_id for run folders; none: never.",
        show_default=False,
    ),
]


Db = Annotated[
    str | None,
    typer.Option(
        metavar="PLACE", help="The database: a file or a URL. Default: $PALESTRA_DB, else ./palestra.db."
    ),
]
RunSeed = Annotated[int | None, typer.Option(min=0, metavar="N", help="The seed of whatever is drawn.")]
Concurrency = Annotated[int | None, typer.Option(min=1, metavar="N", help="Most calls at once.")]
MaxCost = Annotated[
    float | None, typer.Option(min=0, metavar="USD", help="Stop before more than this is spent.")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what calls, tokens and money to expect, and stop.")
]
RetryFailed = Annotated[
    bool, typer.Option("--retry-failed/--no-retry-failed", help="Ask again for what failed before.")
]
FailOnErrors = Annotated[bool, typer.Option("--fail-on-errors", help="Exit with 1 if anything failed.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
Debug = Annotated[bool, typer.Option("--debug", help="Log each call to standard error.")]


def model_number(text: str, option: str, example: str, *, least: float = -math.inf) -> tuple[str, float]:
    """MODEL=NUMBER.

    Raises:
        UsageError: it is not that, or the number is below `least` or infinite.
    """
    from palestra.errors import UsageError

    model, equals, value = text.rpartition("=")
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not equals or not model or not least <= number < math.inf:
        raise UsageError(f"cannot read {text!r}", key=option, hint=f"as in {option} {example}")
    return model, number


def anchored(text: str | None) -> dict[str, float] | None:
    """What `--anchor` says; None where it is not given."""
    return None if text is None else dict([model_number(text, "--anchor", "Llama=1000")])


def apart(out: Path | None, files: Iterable[str | Path], option: str = "--out") -> None:
    """That what is written does not take the place of what is read: a file, or the rows of a run folder.

    Raises:
        UsageError: it would.
    """
    from palestra.errors import UsageError

    if out is None or not out.exists():
        return
    for name in files:
        path = Path(name)
        rows = [path / "battles.jsonl", path / "verdicts.jsonl"] if path.is_dir() else [path]
        if out.is_file() and any(row.exists() and row.samefile(out) for row in rows):
            raise UsageError(
                "is read, and would be written over", path=out, key=option, hint="write to another file"
            )


def write_text(path: Path, text: str) -> None:
    """Write what `--out` names.

    Raises:
        UsageError: it cannot be written.
    """
    from palestra.errors import UsageError

    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", path=path, key="--out") from None
