"""Pulling models before a run, with its progress on standard error."""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from palestra.models.ollama_pull import Pulled
    from palestra.run.pull import Missing

    Told = Callable[[Missing, Pulled], None]

_PARTS = 10
"""Plain lines of one download: one for each so manieth part."""


def pull(missing: Sequence[Missing], *, quiet: bool) -> None:
    """Fetch the models.

    Raises:
        EndpointError: one cannot be fetched.
        typer.Exit: 130 after Ctrl-C.
    """
    show = _nothing if quiet else _bars if sys.stderr.isatty() else _lines
    try:
        with show() as told:
            asyncio.run(_pull(missing, told))
    except asyncio.CancelledError:
        typer.echo("Stopped. What was fetched is kept: run it again and it goes on.", err=True)
        raise typer.Exit(130) from None


async def _pull(missing: Sequence[Missing], told: Told) -> None:
    from palestra.run.pull import pull_models

    task = asyncio.current_task()
    loop = asyncio.get_running_loop()
    assert task is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    try:
        await pull_models(missing, told)
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


@contextmanager
def _nothing() -> Iterator[Told]:
    yield lambda missing, pulled: None


@contextmanager
def _lines() -> Iterator[Told]:
    last: tuple[str, str, int] | None = None

    def told(missing: Missing, pulled: Pulled) -> None:
        nonlocal last
        part = pulled.done * _PARTS // pulled.total if pulled.total else 0
        now = (missing.model, pulled.status, part)
        if now != last:
            size = f" {100 * part // _PARTS} % of {_size(pulled.total)}" if pulled.total else ""
            typer.echo(f"pulling {missing.model}: {pulled.status}{size}", err=True)
        last = now

    yield told


@contextmanager
def _bars() -> Iterator[Told]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (
        TextColumn("{task.fields[model]}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        tasks = {}

        def told(missing: Missing, pulled: Pulled) -> None:
            if missing not in tasks:
                tasks[missing] = progress.add_task("", model=missing.model, total=None)
            progress.update(
                tasks[missing],
                completed=pulled.done,
                total=pulled.total or None,
                description=pulled.status,
            )

        yield told


def _size(n_bytes: float) -> str:
    for unit in ("B", "kB", "MB"):
        if n_bytes < 1000:
            return f"{n_bytes:.0f} {unit}" if unit == "B" else f"{n_bytes:.1f} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.1f} GB"
