"""How soon the command line answers, beside the import of the library that talks to providers."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

ROUNDS = 7
HELP = (sys.executable, "-m", "palestra", "--help")
IMPORT = (sys.executable, "-c", "import pydantic_ai")
LIMIT = 1 / 3


def seconds(command: tuple[str, ...]) -> float:
    """Wall time of a fresh process."""
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def main() -> None:
    """Time both in turn, after a warm-up, and print the medians."""
    times: dict[tuple[str, ...], list[float]] = {HELP: [], IMPORT: []}
    for number in range(ROUNDS + 1):
        for command, taken in times.items():
            measured = seconds(command)
            if number:
                taken.append(measured)
    ours, theirs = (statistics.median(taken) for taken in times.values())
    print("Start-up, medians of", ROUNDS)
    print(f"  palestra --help                   {ours:6.3f} s")
    print(f"  python -c 'import pydantic_ai'    {theirs:6.3f} s")
    print(f"  ratio                             {ours / theirs:6.3f}   (wanted: under {LIMIT:.3f})")


if __name__ == "__main__":
    main()
