"""What `agree` reads: verdicts of judges, and votes of people or gold labels."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from palestra.errors import DataError, UsageError, nearest
from palestra.interchange.agree_rows import Read, read_battle_rows
from palestra.interchange.agree_verdicts import (
    about_prompts,
    file_rows,
    is_verdict_file,
    read_verdict_rows,
    record_rows,
)
from palestra.interchange.battle_query import By

if TYPE_CHECKING:
    from palestra.interchange.battle_input import BattleInput

HUMAN = "human"
JoinOn = Literal["question_id", "prompt"]


@dataclass(frozen=True, slots=True)
class AgreeOptions:
    """How verdicts and votes are read, joined and looked at; see `palestra.agree`."""

    on: JoinOn | None = None
    by: str | None = "category"
    filter: str | None = None
    human_filter: str | None = None
    by_file: bool = False
    families: Mapping[str, Iterable[str]] | None = None
    cluster: str | None = None
    rounds: int = 1000
    level: float = 0.95
    seed: int = 0

    def __post_init__(self) -> None:
        for key, value, known in (
            ("on", self.on, get_args(JoinOn)),
            ("by", self.by, get_args(By)),
            ("cluster", self.cluster, ("prompt", "matchup")),
        ):
            if value is not None and value not in known:
                raise UsageError(f"unknown {key} {value!r}", key=key, hint=nearest(str(value), known))


def read_judged(judged: BattleInput, options: AgreeOptions) -> tuple[Read, int]:
    """All verdicts, each with its judge's name, and how many rows were people's."""
    parts = [
        _named(read, name, by_file=options.by_file and several)
        for name, read, several in _sources(judged, options)
    ]
    read = Read.concat(parts) if parts else None
    if read is None or not read.size:
        raise DataError("there is no verdict", hint="a filter may have left none")
    human = read.source == HUMAN
    if human.all():
        raise DataError(
            f"all {read.size} rows that should be judged by a judge are people's (source human)",
            hint="people's battles go after --human",
        )
    return read.take(~human.astype(bool)), int(human.sum())


def _sources(judged: BattleInput, options: AgreeOptions) -> list[tuple[str, Read, bool]]:
    """(name, rows, whether there are several files) of each thing that holds verdicts."""
    if isinstance(judged, str | os.PathLike):
        judged = [judged]
    frame: Any = judged
    if hasattr(frame, "iloc") and "failure" in frame.columns:
        judged = frame.to_dict("records")
    elif hasattr(judged, "iloc") or hasattr(judged, "__arrow_c_stream__") or not isinstance(judged, Iterable):
        return [
            ("judge", part, False) for part in read_battle_rows(judged, by=options.by, filter=options.filter)
        ]
    items = list(judged)
    if items and not isinstance(items[0], str | os.PathLike):
        rows = read_verdict_rows(record_rows(items), by=options.by, filter=options.filter)
        return [("judge", rows, False)]
    if [os.fspath(item) for item in items].count("-") > 1:
        raise UsageError("standard input can be read once only")
    return [(_title(item), part, len(items) > 1) for item in items for part in _file(item, options)]


def _title(path: str | os.PathLike[str]) -> str:
    name = Path(path).name.removesuffix(".gz")
    return "judge" if name in ("-", "") else name.rpartition(".")[0] or name


def _file(path: str | os.PathLike[str], options: AgreeOptions) -> list[Read]:
    place = Path(path)
    if (place / "verdicts.jsonl").is_file():
        return _folder(place, options)
    if is_verdict_file(place):
        return [read_verdict_rows(file_rows(place), by=options.by, filter=options.filter)]
    return read_battle_rows(path, by=options.by, filter=options.filter)


def _folder(place: Path, options: AgreeOptions) -> list[Read]:
    """A run's verdicts and, of a panel, the battles that it decided together."""
    about = about_prompts(place)
    rows = file_rows(place / "verdicts.jsonl", about)
    parts = [read_verdict_rows(rows, by=options.by, filter=options.filter)]
    if (place / "battles.jsonl").is_file():
        for part in read_battle_rows(place, by=options.by, filter=options.filter):
            of_panel = [str(name).startswith("panel:") for name in part.rater.tolist()]
            parts.append(part.take(np.array(of_panel, dtype=bool)))
    return parts


def _named(read: Read, name: str, *, by_file: bool) -> Read:
    """Every row with a judge: the file's name where the row names none; with `by_file`, both."""
    told = read.rater.tolist()
    names = [name if judge is None else f"{judge} ({name})" if by_file else judge for judge in told]
    rater = np.empty(len(names), dtype=object)
    rater[:] = names
    return replace(read, rater=rater)


def read_people(people: BattleInput, options: AgreeOptions, *, is_gold: bool) -> tuple[Read, int]:
    """The votes, and how many rows were no person's."""
    parts = read_battle_rows(people, by=options.by, filter=options.human_filter)
    read = Read.concat(parts) if parts else None
    if read is None or not read.size:
        raise DataError("there is no vote", hint="a filter may have left none")
    if is_gold:
        return read, 0
    source = read.source.tolist()
    human = np.array([name in (None, HUMAN) for name in source], dtype=bool)
    if not human.any():
        raise DataError(
            f"none of the {read.size} rows after --human is a person's: their source is {source[0]}",
            hint="give labels of any source after --gold",
        )
    return read.take(human), int((~human).sum())
