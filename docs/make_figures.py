"""Draw the figures of the guide anew: `python docs/make_figures.py [FOLDER]`.

Each is drawn by `palestra plot` from the battles in examples/data/. A test draws them again and compares
every byte.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
BATTLES = ROOT / "examples" / "data" / "battles.jsonl"
FIGURES = {
    "intervals.svg": (),
    "intervals-dark.svg": ("--ci", "bootstrap", "--rounds", "200", "--theme", "dark"),
    "matrix.svg": ("--kind", "matrix"),
    "history.svg": ("--kind", "history", "--top", "5"),
    "history-elo.svg": ("--kind", "history", "--method", "elo", "--k", "16", "--slices", "40"),
    "davidson.svg": ("--method", "davidson"),
    "win-rate.svg": ("--method", "win-rate"),
    "maths.svg": ("--filter", "category = 'maths'"),
    "undefeated.svg": ("--filter", "category = 'writing' AND tstamp < 1767900000"),
    "simultaneous.svg": (),
    "style.svg": (),
}
"""File → the options that draw it."""
RANKED = {
    "simultaneous.svg": ("--ci", "bootstrap", "--cluster", "question_id", "--simultaneous"),
    "style.svg": ("--style", "lmarena", "--side"),
}
"""What is drawn from a leaderboard.json: file → the options of `palestra rank` that make it."""


def draw(folder: Path) -> None:
    """Draw every figure into `folder`."""
    with tempfile.TemporaryDirectory() as place:
        for name, options in FIGURES.items():
            source = BATTLES
            if name in RANKED:
                source = Path(place, "leaderboard.json")
                palestra("rank", str(BATTLES), *RANKED[name], "--format", "json", "--out", str(source))
            palestra("plot", str(source), *options, "--out", str(folder / name))


def palestra(*arguments: str) -> None:
    """Run the command; by numpy, as compiled kernels draw other random numbers."""
    command = [sys.executable, "-W", "error", "-m", "palestra", *arguments]
    environment = {**os.environ, "PALESTRA_COMPILED": "0"}
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES)
