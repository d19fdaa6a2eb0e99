"""A run's progress on standard error: a live display in a terminal, plain lines elsewhere."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import asdict
from typing import TYPE_CHECKING

from palestra.errors import StoreError
from palestra.run.progress import duration

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence
    from pathlib import Path

    from rich.console import Group
    from rich.table import Table

    from palestra.run.live import Live, Standing, Step
    from palestra.run.pipeline import Run
    from palestra.run.progress import Progress, Tally

_LIVE_SECONDS = 0.25
_LINE_SECONDS = 10.0
_SHOWN = 10
_LINES = 20
"""Plain lines with rankings, at most: beyond so many prompts, one for each so many prompts."""
_ROWS = 1000
"""Likewise in a file of rankings."""


@asynccontextmanager
async def showing(run: Run, *, quiet: bool, rankings: Path | None = None) -> AsyncIterator[None]:
    """Show the progress of `run` while the block lasts, and write the rankings to a file if one is named.

    Raises:
        StoreError: the file cannot be written.
    """
    with _rankings_to(rankings, run.progress.live):
        if quiet:
            yield
            return
        show = _show_live if sys.stderr.isatty() else _show_lines
        task = asyncio.create_task(show(run))
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError, OSError):  # whoever read standard error may be gone
                await task


async def _show_lines(run: Run) -> None:
    live = run.progress.live
    stop = _listen(live, _LINES, lambda step: _say(_step_line(step))) if live else None
    try:
        while True:
            await asyncio.sleep(_LINE_SECONDS)
            print(_line(run.progress), file=sys.stderr, flush=True)
    finally:
        if stop is not None:
            stop()
        print(_line(run.progress), file=sys.stderr, flush=True)


async def _show_live(run: Run) -> None:
    from rich.console import Console
    from rich.live import Live as Screen

    began = time.monotonic()
    with Screen(console=Console(stderr=True), auto_refresh=False, transient=True) as screen:
        try:
            while True:
                screen.update(_panel(run.progress), refresh=True)
                await asyncio.sleep(_LIVE_SECONDS if time.monotonic() - began < 60 else 4 * _LIVE_SECONDS)
        finally:
            screen.update("")
            screen.console.print(_line(run.progress), highlight=False, markup=False)


def _listen(live: Live, most: int, tell: Callable[[Step], None]) -> Callable[[], None]:
    """Have the rankings told after each prompt, or `most` times; returns what ends it."""
    every = -(-live.of // most)

    def heard() -> None:
        if live.done % every == 0 or live.done == live.of:
            tell(live.step())

    live.listeners.append(heard)
    return lambda: live.listeners.remove(heard)


def _say(text: str) -> None:
    with suppress(OSError):  # whoever read standard error may be gone
        print(text, file=sys.stderr, flush=True)


@contextmanager
def _rankings_to(path: Path | None, live: Live | None) -> Iterator[None]:
    """Write a JSON line after each prompt, each as soon as it is known."""
    if path is None or live is None:
        yield
        return
    try:
        file = path.open("w", encoding="utf-8", newline="\n", buffering=1)
    except OSError as error:
        raise StoreError(f"cannot be written: {error.strerror}", path=path) from error

    def write(step: Step) -> None:
        ratings = [{"model": name, "rating": rating} for name, rating in step.ratings]
        row = {**asdict(step), "ratings": ratings, "method": live.method, "tstamp": time.time()}
        try:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
        except OSError as error:
            raise StoreError(f"cannot be written: {error.strerror}", path=path) from error

    stop = _listen(live, _ROWS, write)
    try:
        yield
    finally:
        stop()
        with suppress(OSError):  # told at the write before
            file.close()


def _step_line(step: Step) -> str:
    shown = ", ".join(f"{name} {rating:.1f}" for name, rating in step.ratings[:_SHOWN])
    more = f", and {len(step.ratings) - _SHOWN} more" if len(step.ratings) > _SHOWN else ""
    return f"after prompt {step.prompts}/{step.of} · {shown or 'no battle yet'}{more}"


def _line(progress: Progress) -> str:
    parts = [_tally("answers", progress.answers), _tally("verdicts", progress.verdicts, progress.skipped)]
    if progress.asked:
        parts.append(f"{progress.rate:.1f} calls/s")
    left = progress.seconds_left
    if left:
        parts.append(f"{duration(left)} left")
    if progress.cost_usd:
        parts.append(f"${progress.cost_usd:.4f}")
    leading = progress.standings()[:3]
    if leading:
        parts.append("leading: " + ", ".join(f"{name} {rating:.0f}" for name, rating in leading))
    return " · ".join(parts)


def _tally(name: str, tally: Tally, skipped: int = 0) -> str:
    text = f"{name} {tally.done}/{tally.total}"
    notes = []
    if tally.n_failed:
        notes.append(f"{tally.n_failed} failed")
    if skipped:
        notes.append(f"{skipped} not asked")
    return f"{text} ({', '.join(notes)})" if notes else text


def _panel(progress: Progress) -> Group:
    from rich.console import Group
    from rich.text import Text

    left = progress.seconds_left
    facts = [f"{progress.rate:.1f} calls/s"] if progress.asked else []
    facts.append(f"{duration(progress.elapsed)} gone")
    facts += [f"{duration(left)} left"] if left else []
    facts += [f"${progress.cost_usd:.4f}"] if progress.cost_usd else []
    if progress.stopping:
        facts.append("stopping")
    return Group(_bars(progress), Text(" · ".join(facts), style="dim"), _board(progress.standings()))


def _bars(progress: Progress) -> Table:
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    bars = Table.grid(padding=(0, 2))
    rows = [
        ("answers", progress.answers.total, progress.answers.done, progress.answers.n_failed),
        (
            "verdicts",
            progress.verdicts.total,
            progress.verdicts.done + progress.skipped,
            progress.verdicts.n_failed,
        ),
    ]
    if progress.live is not None:
        rows.append(("prompts", progress.live.of, progress.live.done, 0))
    for name, total, done, n_failed in rows:
        failed = Text(f"{n_failed} failed", style="red") if n_failed else Text("")
        bars.add_row(
            name, ProgressBar(total=max(total, 1), completed=done, width=40), f"{done}/{total}", failed
        )
    return bars


def _board(rows: Sequence[Standing]) -> Table:
    from rich.table import Table
    from rich.text import Text

    board = Table.grid(padding=(0, 2))
    for place, (name, rating) in enumerate(rows[:_SHOWN], start=1):
        board.add_row(Text(f"{place:>3}", style="dim"), Text(name), f"{rating:.1f}")
    if len(rows) > _SHOWN:
        board.add_row("", Text(f"and {len(rows) - _SHOWN} more", style="dim"), "")
    return board
