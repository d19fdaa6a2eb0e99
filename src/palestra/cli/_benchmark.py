"""A benchmark from the command line: a run like any other, then its authors' score."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from palestra.cli._running import Options
    from palestra.run.benchmarks.build import Wishes


def run_benchmark(wishes: Wishes, options: Options) -> None:
    """Run a benchmark, print its score, and write it to the result folder.

    Raises:
        PalestraError: what was wished for cannot be had.
        typer.Exit: as `run_arena`.
    """
    from palestra.cli._running import run_arena
    from palestra.run.benchmarks.build import make_benchmark
    from palestra.run.benchmarks.score import score

    benchmark = make_benchmark(wishes, Path.cwd())
    folder = options.folder(benchmark.config)
    try:
        run_arena(benchmark.config, options)
    except typer.Exit as ended:
        if ended.exit_code != 1:  # with --fail-on-errors the run is whole all the same
            raise
        failed: typer.Exit | None = ended
    else:
        failed = None
    if options.dry_run:
        return
    result = score(benchmark, folder)
    result.write(folder)
    typer.echo("\n" + result.text(), nl=False)
    if failed is not None:
        raise failed
