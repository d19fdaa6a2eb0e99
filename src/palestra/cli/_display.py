"""A run's progress on standard error: a live display in a terminal, plain lines elsewhere."""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from palestra.run.live import standings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from rich.console import Group

    from palestra.run.pipeline import Run
    from palestra.run.progress import Progress, Tally

_LIVE_SECONDS = 0.25
_LINE_SECONDS = 10.0
_SHOWN = 10


@asynccontextmanager
async def showing(run: Run, *, quiet: bool) -> AsyncIterator[None]:
    """Show the progress of `run` while the block lasts."""
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
    try:
        while True:
            await asyncio.sleep(_LINE_SECONDS)
            print(_line(run.progress), file=sys.stderr, flush=True)
    finally:
        print(_line(run.progress), file=sys.stderr, flush=True)


async def _show_live(run: Run) -> None:
    from rich.console import Console
    from rich.live import Live

    began = time.monotonic()
    with Live(console=Console(stderr=True), auto_refresh=False, transient=True) as live:
        try:
            while True:
                live.update(_panel(run.progress), refresh=True)
                await asyncio.sleep(_LIVE_SECONDS if time.monotonic() - began < 60 else 4 * _LIVE_SECONDS)
        finally:
            live.update("")
            live.console.print(_line(run.progress), highlight=False, markup=False)


def _line(progress: Progress) -> str:
    parts = [_tally("answers", progress.answers), _tally("verdicts", progress.verdicts, progress.skipped)]
    if progress.asked:
        parts.append(f"{progress.rate:.1f} calls/s")
    left = progress.seconds_left
    if left:
        parts.append(f"{_duration(left)} left")
    if progress.cost_usd:
        parts.append(f"${progress.cost_usd:.4f}")
    leading = standings(progress)[:3]
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


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def _panel(progress: Progress) -> Group:
    from rich.console import Group
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    bars = Table.grid(padding=(0, 2))
    for name, tally, gone in (
        ("answers", progress.answers, 0),
        ("verdicts", progress.verdicts, progress.skipped),
    ):
        done = tally.done + gone
        bar = ProgressBar(total=max(tally.total, 1), completed=done, width=40)
        failed = Text(f"{tally.n_failed} failed", style="red") if tally.n_failed else Text("")
        bars.add_row(name, bar, f"{done}/{tally.total}", failed)
    left = progress.seconds_left
    facts = [f"{progress.rate:.1f} calls/s"] if progress.asked else []
    facts.append(f"{_duration(progress.elapsed)} gone")
    facts += [f"{_duration(left)} left"] if left else []
    facts += [f"${progress.cost_usd:.4f}"] if progress.cost_usd else []
    if progress.stopping:
        facts.append("stopping")
    board = Table.grid(padding=(0, 2))
    for place, (name, rating) in enumerate(standings(progress)[:_SHOWN], start=1):
        board.add_row(Text(f"{place:>3}", style="dim"), Text(name), f"{rating:.0f}")
    return Group(bars, Text(" · ".join(facts), style="dim"), board)
