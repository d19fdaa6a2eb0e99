"""Measure and print: `python -m benchmarks.web`, in Palestra's own environment."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.web import report
from benchmarks.web.load import Load
from benchmarks.web.measure import measure
from benchmarks.web.servers import Answers

if TYPE_CHECKING:
    from benchmarks.web.measure import Found

WORDS = 60
SECONDS = 2.0
"""What an answer takes."""
THINK = 1.0
RAMP = 3.0
SATURATING = (20, 60, 200)
"""Voters of the second table."""


def main() -> None:
    """Measure what was asked for, and print each table as soon as it is there."""
    given = _options()
    peer: Path | None = None if given.gradio is None else given.gradio.absolute()
    arenas = ["palestra", *(["gradio"] if peer else [])]
    print(_heading(peer), flush=True)
    print(
        f"\n{given.voters} voters, {given.battles} battles each, answers of {WORDS} words in {SECONDS:g} s, "
        f"{THINK:g} s of thought",
        flush=True,
    )
    load = Load(voters=given.voters, battles=given.battles, think=THINK, ramp=RAMP)
    for arena in arenas:
        found = measure(arena, Answers(WORDS, SECONDS), load, peer)
        print("\n".join(report.paced(arena, found)), flush=True)
        if arena == "palestra":
            print("\n".join(report.limits(found)), flush=True)
    print(f"\nAnswers at once, no thought, {given.seconds:g} s", flush=True)
    busy: dict[str, list[tuple[int, Found]]] = {arena: [] for arena in arenas}
    for voters in SATURATING:
        load = Load(voters=voters, battles=10**6, think=0.0, ramp=0.0, seconds=given.seconds)
        for arena in arenas:
            busy[arena].append((voters, measure(arena, Answers(WORDS, 0.0), load, peer)))
    print("\n".join(report.saturated(busy)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench-web ARGS=…", description=__doc__)
    parser.add_argument("--voters", type=int, default=200, help="of the first table; default: 200")
    parser.add_argument("--battles", type=int, default=10, help="of each voter there; default: 10")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each line of the second; default: 10")
    parser.add_argument("--gradio", type=Path, help="the Python that has Gradio; without, Palestra alone")
    return parser.parse_args()


def _heading(peer: Path | None) -> str:
    load = os.getloadavg()[0]
    packages = ", ".join(f"{name} {version(name)}" for name in ("fastapi", "uvicorn", "sqlalchemy"))
    beside = "no Gradio"
    if peer is not None:
        asked = "from importlib.metadata import version as v; print(v('gradio'), '/ fastapi', v('fastapi'))"
        beside = "Gradio " + subprocess.check_output([peer, "-c", asked], text=True).strip()
    return (
        f"Python {platform.python_version()}, {os.cpu_count()} cores, load {load:.1f}"
        f"{' (busy: the figures are noisy)' if load > 0.5 else ''}\n"
        f"palestra {version('palestra')} / {packages}; {beside}"
    )


if __name__ == "__main__":
    main()
