"""Measure and print: `python -m benchmarks.ranking`, in the environment of requirements/peers.txt."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from benchmarks.ranking import measure
from benchmarks.ranking.data import SIZES, SMALL, Size
from benchmarks.ranking.measure import Measured, Sample
from benchmarks.ranking.plan import FIGURES, FOLDER, MEMORY, Entry, Figure
from benchmarks.ranking.report import judged, lines

if TYPE_CHECKING:
    from pathlib import Path

PACKAGES = (
    "numpy",
    "numba",
    "duckdb",
    "pyarrow",
    "pandas",
    "scipy",
    "scikit-learn",
    "choix",
    "evalica",
    "arena-rank",
)
MAKING = 600.0
"""Seconds that the making of a file may take."""


def main() -> None:
    """Measure what was asked for, size by size, and print each table as soon as it is there."""
    given = _options()
    print(_heading(), flush=True)
    summary = []
    _prepare(SMALL)
    for size in (size for size in SIZES if size.name in given.sizes):
        _prepare(size)
        for figure in FIGURES:
            if figure.name in given.rows and size.name in figure.sizes:
                summary += _table(figure, size, given.runs, given.limit)
    print("\nAll limits\n" + "\n".join(summary))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench-ranking ARGS=…", description=__doc__)
    sizes, rows = [size.name for size in SIZES], [figure.name for figure in FIGURES]
    parser.add_argument("--sizes", nargs="+", choices=sizes, help="default: all")
    parser.add_argument("--rows", nargs="+", choices=rows, default=rows, help="default: all")
    parser.add_argument("--runs", type=int, help="fresh processes of each, less for slow ones; default: 7")
    parser.add_argument("--limit", type=float, help="seconds that one process may take; default: 240")
    parser.add_argument("--quick", action="store_true", help="100k, three runs and 30 s, unless said")
    given = parser.parse_args()
    given.sizes = given.sizes or (["100k"] if given.quick else sizes)
    given.runs = max(1, given.runs or (3 if given.quick else 7))
    given.limit = given.limit or (30.0 if given.quick else 240.0)
    return given


def _heading() -> str:
    def found(package: str) -> str:
        try:
            return f"{package} {version(package)}"
        except PackageNotFoundError:
            return f"no {package}"

    load = os.getloadavg()[0]
    return (
        f"Python {platform.python_version()}, {os.cpu_count()} cores, load {load:.1f}"
        f"{' (busy: the figures are noisy)' if load > 0.5 else ''}\n"
        f"{', '.join(map(found, PACKAGES))}\n"
        "Each call in a fresh process, imports and a first call on a small file not counted, the file in the "
        "file cache; medians of ×N runs."
    )


def _prepare(size: Size) -> None:
    """Make the files of this size where they are missing, in a process of its own, and read them once."""
    command = [sys.executable, "-m", "benchmarks.ranking.data", size.name, str(FOLDER)]
    ended = measure.run(command, MAKING)
    if ended.code != 0:
        sys.exit(f"the battles could not be made: {ended.complaint}")
    for path in (size.parquet(FOLDER), size.jsonl(FOLDER)):
        if path.exists():
            measure.warm(path)


def _table(figure: Figure, size: Size, runs: int, limit: float) -> list[str]:
    """Measure one figure and print its table; returns the lines of its limits for the summary."""
    path = size.jsonl(FOLDER) if figure.jsonl else size.parquet(FOLDER)
    entries = [entry for entry in figure.entries if size.name in entry.sizes]
    print(f"\n{figure.title}: {size.battles:,} battles, {size.models} models", flush=True)
    for entry in entries:
        if entry.warmed:
            _once(entry, path, limit)
    found = {entry.label: Measured() for entry in entries}
    for _ in range(runs):
        for entry in entries:
            if not found[entry.label].enough(runs):
                found[entry.label] = found[entry.label].plus(_once(entry, path, limit))
    limits = [judged(wanted, size.name, figure.what, found) for wanted in figure.wanted]
    if figure.name == "process":
        limits.append(judged(MEMORY, size.name, "peak_mb", found))
    print("\n".join([*lines(figure, found), *limits]), flush=True)
    return [f"{size.name:>5} {figure.name:14} {line.strip()}" for line in limits if "no limit" not in line]


def _once(entry: Entry, path: Path, limit: float) -> Sample | str:
    if entry.task is not None:
        small = SMALL.parquet(FOLDER).with_suffix(path.suffix)
        return measure.task(entry.task, path, small, limit, entry.env)
    return measure.whole([*entry.command, str(path)], limit, entry.env)


if __name__ == "__main__":
    main()
