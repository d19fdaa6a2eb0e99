"""What `palestra convert` shows on standard error, and its options as pairs."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from palestra.cli._options import apart
from palestra.errors import UsageError, nearest
from palestra.interchange.battle_columns import COLUMNS
from palestra.interchange.outside.convert import convert
from palestra.records.winner import Winner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from palestra.interchange.outside.base import Options
    from palestra.interchange.outside.work import Step

_LINE_SECONDS = 10.0


def pairs(texts: Sequence[str], option: str, example: str) -> dict[str, str]:
    """`LEFT=RIGHT` of each text; the right side is a column of a battle, or for `--winner` an outcome.

    Raises:
        UsageError: it is not that, or one side is said twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        left, equals, right = text.rpartition("=")
        if not equals or not left or not right:
            raise UsageError(f"cannot read {text!r}", key=option, hint=f"as in {option} {example}")
        if option == "--winner":
            right = _winner(right)
        elif right not in COLUMNS:
            raise UsageError(f"battles have no column {right!r}", key=option, hint=nearest(right, COLUMNS))
        if left in found or (option == "--map" and right in found.values()):
            raise UsageError(f"{text!r} says again what was said before", key=option)
        found[left] = right
    return found


def _winner(word: str) -> str:
    try:
        return Winner.parse(word).value
    except ValueError as error:
        raise UsageError(str(error), key="--winner") from None


def convert_files(
    files: list[str],
    out: Path | None,
    *,
    verdicts: Path | None,
    responses: Path | None,
    format: str | None,
    options: Options,
    strict: bool,
    quiet: bool,
) -> None:
    """Convert, showing how far it is and at the end what became of the rows.

    Raises:
        UsageError, DataError: see `palestra.interchange.outside.convert`.
        typer.Exit: 130 after Ctrl-C.
    """
    if options.winners and not options.columns:
        raise UsageError("--winner explains the words of a table", key="--winner", hint="add --map")
    _check_outputs({"--out": out, "--verdicts": verdicts, "--responses": responses}, files)
    try:
        with tempfile.TemporaryDirectory(prefix="palestra-") as folder, _showing(quiet) as progress:
            aside = Path(folder) / "battles.jsonl"
            to_screen = out is None and verdicts is None and responses is None
            tally = convert(
                files,
                aside if to_screen else out,
                verdicts=verdicts,
                responses=responses,
                format=format,
                options=options,
                strict=strict,
                progress=progress,
            )
            if to_screen:
                with aside.open("rb") as file:
                    shutil.copyfileobj(file, sys.stdout.buffer, 1 << 20)
    except KeyboardInterrupt:
        print("Stopped; nothing was written.", file=sys.stderr)
        raise typer.Exit(130) from None
    if not quiet:
        print("\n".join(tally.lines()), file=sys.stderr)


def _check_outputs(outputs: dict[str, Path | None], files: list[str]) -> None:
    """That each goes to a file of its own, and none to one that is read."""
    seen: dict[Path, str] = {}
    for option, path in outputs.items():
        apart(path, files, option)
        if path is not None and (other := seen.setdefault(path.resolve(), option)) != option:
            raise UsageError(f"{other} writes to the same file", path=path, key=option)


@contextmanager
def _showing(quiet: bool) -> Iterator[Callable[[Step], None] | None]:
    """A display of the progress on standard error: a live line in a terminal, plain lines elsewhere."""
    if quiet:
        yield None
    elif sys.stderr.isatty():
        with _live() as show:
            yield show
    else:
        yield _Lines()


class _Lines:
    """A line now and then."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self, step: Step) -> None:
        now = time.monotonic()
        if now - self._last >= _LINE_SECONDS:
            self._last = now
            print(_words(step), file=sys.stderr, flush=True)


@contextmanager
def _live() -> Iterator[Callable[[Step], None]]:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    with Live(console=Console(stderr=True), auto_refresh=False, transient=True) as live:

        def show(step: Step) -> None:
            live.update(Text(_words(step)), refresh=True)

        yield show


def _words(step: Step) -> str:
    done: Any = f"{step.rows:,}"
    if step.total:
        done = f"{done} of {step.total:,}"
    return f"{step.file}: {done} rows"
