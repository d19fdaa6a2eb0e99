"""The result folder: files appear in it whole or not at all."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from palestra.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ARTIFACTS = (
    "config.yaml",
    "manifest.json",
    "prompts.jsonl",
    "responses.jsonl",
    "verdicts.jsonl",
    "battles.jsonl",
    "elo_ratings.json",
    "leaderboard.txt",
    "leaderboard.md",
    "leaderboard.csv",
    "leaderboard.json",
    "progressions.json",
    "preferences.jsonl",
    "training_data.json",
    "report.html",
)
"""What a run writes."""

BASELINE_ARTIFACTS = ("metrics.csv", "win_rates.json")
"""What a run against a baseline writes, too."""

GRADES = "grades.jsonl"
"""What a run with judges that grade single answers writes, too."""

BENCHMARK_ARTIFACTS = ("benchmark.json",)
"""What a benchmark writes, too. Nothing else in the folder is ever touched."""

PREVIOUS = ".previous"


@contextmanager
def replacing(path: Path) -> Iterator[IO[str]]:
    """A text file that takes the place of `path` when it is complete."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8", newline="") as file:
            yield file
        temporary.replace(path)
    except OSError as error:
        raise StoreError(f"cannot be written: {error.strerror}", path=path) from error
    finally:
        temporary.unlink(missing_ok=True)


def make(folder: Path) -> None:
    """Make the folder if it is not there.

    Raises:
        StoreError: it cannot be made.
    """
    with _told(folder):
        folder.mkdir(parents=True, exist_ok=True)


def prepare(folder: Path, config_text: str) -> None:
    """Make the folder; if it holds the results of another config, move those to `.previous/`.

    Raises:
        StoreError: the folder cannot be made or written.
    """
    make(folder)
    with _told(folder):
        known = folder / "config.yaml"
        if known.exists() and known.read_text(encoding="utf-8", errors="replace") != config_text:
            _set_aside(folder)
    with replacing(folder / "config.yaml") as file:
        file.write(config_text)


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"cannot be written: {error.strerror}", path=folder, hint="name another with --out"
        ) from error


def _set_aside(folder: Path) -> None:
    previous = folder / PREVIOUS
    shutil.rmtree(previous, ignore_errors=True)
    previous.mkdir()
    for name in (*ARTIFACTS, *BASELINE_ARTIFACTS, *BENCHMARK_ARTIFACTS, GRADES):
        if (folder / name).exists():
            (folder / name).rename(previous / name)
