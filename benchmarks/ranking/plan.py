"""What is measured, on which sizes, and what is wanted of it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks.ranking.measure import ROOT

OURS = "palestra, compiled"
PLAIN = "palestra, not compiled"
COMMAND = "palestra, as it comes"
"""Which decides by itself whether compiled kernels are worth loading."""
COUNTING = Path(__file__).with_name("counting.py")
ALL = ("100k", "2m", "10m")
LARGE = ("2m", "10m")
FOLDER = ROOT / ".cache" / "bench"
JAX_CACHE = {
    "JAX_COMPILATION_CACHE_DIR": str(FOLDER / "jax"),
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
}
What = Literal["total", "run", "peak_mb"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a table: a task in a fresh process, or a whole command."""

    label: str
    task: str | None = None
    """A name of `task.TASKS`."""
    command: tuple[str, ...] = ()
    """Otherwise a command, to which the file is added."""
    compiled: bool | None = None
    """Ours, with or without the compiled kernels; None for all others."""
    jax: bool = False
    """Its compiler may keep its results between processes, as ours does."""
    warmed: bool = False
    """Run once without being measured, which fills its compiler's cache."""
    sizes: tuple[str, ...] = ALL

    @property
    def env(self) -> dict[str, str]:
        if self.compiled is not None:
            return {"PALESTRA_COMPILED": str(int(self.compiled))}
        return JAX_CACHE if self.jax else {}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A limit: how many times faster than the fastest of some, or how much at most."""

    text: str
    ours: str
    against: tuple[str, ...] = ()
    """Labels of which the fastest counts; none if ours is to be read by itself."""
    at_least: float | None = None
    """Times faster."""
    at_most: float | None = None
    """Times their time, or, by itself, the figure."""
    sizes: tuple[str, ...] = ALL


@dataclass(frozen=True, slots=True)
class Figure:
    """One table for each size."""

    name: str
    title: str
    entries: tuple[Entry, ...]
    wanted: tuple[Wanted, ...]
    what: What = "total"
    sizes: tuple[str, ...] = ALL
    jsonl: bool = False


def _ours(task: str) -> tuple[Entry, Entry]:
    return Entry(OURS, task, compiled=True, warmed=True), Entry(PLAIN, task, compiled=False)


def _faster(peers: tuple[Entry, ...], times: float, sizes: tuple[str, ...] = ALL, ours: str = OURS) -> Wanted:
    return Wanted(f"fastest peer / {ours}", ours, tuple(peer.label for peer in peers), times, sizes=sizes)


CHOIX = Entry("choix, on counts", "choix fit")
TAKE_BATTLES = (
    Entry("evalica", "evalica fit"),
    Entry("FastChat, L-BFGS", "FastChat fit"),
    Entry("FastChat, scikit-learn", "FastChat fit sklearn"),
    Entry("JudgeArena, scikit-learn", "JudgeArena fit"),
    Entry("arena-rank", "arena-rank fit", jax=True, warmed=True),
)
BOOTSTRAP = (
    Entry("evalica", "evalica bootstrap", sizes=("100k",)),
    Entry("FastChat, L-BFGS", "FastChat bootstrap", sizes=("100k",)),
    Entry("Arena-Hard, scikit-learn", "Arena-Hard bootstrap", sizes=("100k",)),
    Entry("JudgeArena, scikit-learn", "JudgeArena bootstrap", sizes=("100k",)),
    Entry("arena-rank", "arena-rank bootstrap", jax=True, sizes=("100k",)),
)
SANDWICH = (Entry("arena-rank", "arena-rank sandwich", jax=True, warmed=True),)
STYLE = (
    Entry("FastChat, L-BFGS", "FastChat style"),
    Entry("FastChat, scikit-learn", "FastChat style sklearn"),
    Entry("arena-rank", "arena-rank style", jax=True, warmed=True, sizes=("100k", "2m")),
)
ELO = (Entry("FastChat", "FastChat elo"), Entry("evalica", "evalica elo"))
PALESTRA = (sys.executable, "-m", "palestra", "rank")
BARE = Entry("bare process", command=(sys.executable, str(COUNTING)))
DUCKDB = Entry("DuckDB, read and group", "DuckDB group")

FIGURES = (
    Figure(
        "fit",
        "Read and fit",
        (*_ours("palestra fit"), CHOIX, *TAKE_BATTLES),
        (
            _faster((CHOIX, *TAKE_BATTLES), 10, LARGE),
            Wanted(
                f"fastest that takes battles / {OURS}",
                OURS,
                tuple(peer.label for peer in TAKE_BATTLES),
                at_least=75,
                sizes=LARGE,
            ),
        ),
    ),
    Figure(
        "bootstrap",
        "Read, fit and 100 bootstraps",
        (*_ours("palestra bootstrap"), *BOOTSTRAP),
        (_faster(BOOTSTRAP, 150, ("100k",)), _faster(BOOTSTRAP, 20, ("100k",), PLAIN)),
    ),
    Figure(
        "sandwich",
        "Read, fit and sandwich intervals",
        (*_ours("palestra sandwich"), *SANDWICH),
        (_faster(SANDWICH, 75),),
    ),
    Figure(
        "style",
        "Fit with four style features, of battles in memory (ours as arrays, the peers' as DataFrames)",
        (*_ours("palestra style"), *STYLE),
        (_faster(STYLE, 40, ("100k", "2m")),),
        what="run",
    ),
    Figure("elo", "Read and sequential Elo", (*_ours("palestra elo"), *ELO), ()),
    Figure(
        "elo-in-memory",
        "Sequential Elo of battles in memory (ours as arrays, the peers' as DataFrames)",
        (*_ours("palestra elo in memory"), *ELO),
        (_faster(ELO, 100),),
        what="run",
    ),
    Figure(
        "process",
        "Whole process: `palestra rank FILE.parquet` with sandwich intervals",
        (
            Entry(COMMAND, command=PALESTRA),
            BARE,
        ),
        (Wanted(f"{COMMAND} / bare process", COMMAND, (BARE.label,), at_most=3, sizes=("10m",)),),
    ),
    Figure(
        "jsonl",
        "A JSONL file, read and fit",
        (*_ours("palestra fit"), DUCKDB),
        (Wanted(f"{OURS} / DuckDB", OURS, (DUCKDB.label,), at_most=2, sizes=("2m",)),),
        sizes=("100k", "2m"),
        jsonl=True,
    ),
)
MEMORY = Wanted(f"{COMMAND}, peak MB", COMMAND, at_most=500, sizes=("10m",))
"""Of the whole process."""
