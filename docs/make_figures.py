"""Draw the figures of the guide anew: `python docs/make_figures.py [FOLDER]`.

Each is drawn by `palestra plot` from the battles in examples/data/. A test draws them again and compares
every byte.
"""

from __future__ import annotations

import subprocess
import sys
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
}
"""File → the options that draw it."""


def draw(folder: Path) -> None:
    """Draw every figure into `folder`."""
    for name, options in FIGURES.items():
        command = [sys.executable, "-W", "error", "-m", "palestra", "plot", str(BATTLES), *options]
        subprocess.run([*command, "--out", str(folder / name)], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES)
