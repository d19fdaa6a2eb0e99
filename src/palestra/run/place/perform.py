"""One placement from its job to its folder."""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from palestra.config.write import dump_config
from palestra.run.display import showing
from palestra.run.folder import prepare
from palestra.run.pipeline import Run
from palestra.run.place.artifacts import PLACEMENT, TEXT, write_placement
from palestra.run.progress import Progress

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from palestra.analysis.placing import Placed
    from palestra.records.battle import Battle
    from palestra.records.manifest import Manifest
    from palestra.run.place.job import Job
    from palestra.store.database import Database


@dataclass(frozen=True, slots=True)
class Finished:
    """What a placement's run came to."""

    folder: Path
    manifest: Manifest
    placed: Placed | None
    """None where the run was stopped before anything could be said."""


class _Unranked(Progress):
    """Progress without ratings so far: those of a handful of judged battles are no placement."""

    def add_battle(self, battle: Battle) -> None:
        """Not counted."""


def make_run(
    job: Job, database: Database, *, max_cost: float | None = None, retry_failed: bool = True
) -> Run:
    """The run that plays a job; see `Run`."""
    run = Run(job.plan, database, max_cost, retry_failed, _Unranked())
    run.progress.live = None
    return run


async def perform(
    run: Run,
    job: Job,
    folder: Path,
    *,
    quiet: bool = False,
    asking: AbstractContextManager[object] | None = None,
) -> Finished:
    """Ask for what is missing, fit, and write the folder; the connections are closed at the end.

    `quiet` shows no progress; `asking` lasts as long as calls may go out.

    Raises:
        DataError: every battle of the new model failed.
        StoreError: the database or the folder cannot be written.
    """
    started = time.time()
    text = dump_config(job.config)
    _forget(folder, text)
    prepare(folder, text)
    try:
        async with showing(run, quiet=quiet):
            with asking or nullcontext():
                await run.ask()
        manifest, placed = await write_placement(run, job, folder, started)
    finally:
        await run.aclose()
    if placed is not None:
        from palestra.report.html import write_report

        write_report(folder)
    return Finished(folder, manifest, placed)


def _forget(folder: Path, config_text: str) -> None:
    """Remove what an earlier placement by another config wrote and `prepare` does not know of."""
    known = folder / "config.yaml"
    if known.is_file() and known.read_text(encoding="utf-8", errors="replace") != config_text:
        for name in (PLACEMENT, TEXT):
            (folder / name).unlink(missing_ok=True)
