"""What one process measures: a task in two steps, and the table of all tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

Ratings = Mapping[str, float]


def _as_it_is(path: Path) -> Any:
    return path


@dataclass(frozen=True, slots=True)
class Task:
    """A call to measure. Whoever makes one imports what the call needs: imports are not measured."""

    run: Callable[[Any], Ratings]
    """From what `load` gave to ratings in rating points; empty where there are none to compare."""
    load: Callable[[Path], Any] = _as_it_is
    """Reads the file, where the reading is measured apart; otherwise `run` gets the path."""


TASKS: Mapping[str, str] = {
    "palestra fit": "ours:fit",
    "palestra bootstrap": "ours:bootstrap",
    "palestra sandwich": "ours:sandwich",
    "palestra style": "ours:style",
    "palestra elo": "ours:elo",
    "palestra elo in memory": "ours:elo_in_memory",
    "choix fit": "peers:choix_fit",
    "evalica fit": "peers:evalica_fit",
    "evalica bootstrap": "peers:evalica_bootstrap",
    "evalica elo": "peers:evalica_elo",
    "arena-rank fit": "peers:arena_rank_fit",
    "arena-rank bootstrap": "peers:arena_rank_bootstrap",
    "arena-rank sandwich": "peers:arena_rank_sandwich",
    "arena-rank style": "peers:arena_rank_style",
    "FastChat fit": "fastchat:fit",
    "FastChat bootstrap": "fastchat:bootstrap",
    "FastChat style": "fastchat:style",
    "FastChat style sklearn": "logistic:fastchat_style",
    "FastChat fit sklearn": "logistic:fastchat_fit",
    "FastChat elo": "fastchat:elo",
    "JudgeArena fit": "logistic:judge_arena_fit",
    "JudgeArena bootstrap": "logistic:judge_arena_bootstrap",
    "Arena-Hard bootstrap": "logistic:arena_hard_bootstrap",
    "DuckDB group": "floors:duckdb_group",
}
"""Name → module and function that makes the task."""


def make(name: str) -> Task:
    """The task of this name, with its imports done."""
    module, function = TASKS[name].split(":")
    task: Task = getattr(import_module(f"benchmarks.ranking.{module}"), function)()
    return task
