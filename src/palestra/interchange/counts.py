"""Battles of any form, counted: one streaming pass, which never holds a file in memory."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from palestra.interchange.battle_columns import NO_GROUP
from palestra.ranking.counts import Counts, Rows

if TYPE_CHECKING:
    from palestra.interchange.battle_input import BattleInput
    from palestra.interchange.battle_query import Labels, View
    from palestra.interchange.parquet_counts import PlainCounts

Counted = TypeVar("Counted", Counts, Rows)


@dataclass(frozen=True, slots=True)
class Tally(Generic[Counted]):
    """Battles, read."""

    battles: Counted
    groups: dict[str, Counted]
    """The battles of each group, by name; empty if no grouping was asked for."""
    n_failed: int | None
    """Verdicts of the run folders that failed; None if something else was read, or only some rows."""
    shares_prompts: bool = False
    """Whether a look at the first rows found battles of the same prompt."""


def count_battles(
    battles: BattleInput,
    *,
    filter: str | None = None,
    labels: Labels | None = None,
    by: str | None = None,
    cluster: str | None = None,
    look: bool = False,
) -> Tally[Counts]:
    """Count battles.

    `filter` is an SQL condition over the columns of a battle, such as `language = 'en' AND weight > 0`.
    `labels`: `hard` reads each row's winner, `soft` its `pref` where it has one; by default rows say it
    themselves (`soft: true`). `by` counts each value of a column by itself, too. `cluster` keeps apart
    the rows of each value of a column, such as `question_id`; a row without one is alone. `look` says whether
    to look for battles of the same prompt.

    Raises:
        DataError: a file that cannot be read, with its line; an unknown winner; a missing column.
        UsageError: a filter, `labels`, `by` or `cluster` that makes no sense.
    """
    if filter is None and by is None and cluster is None and labels != "soft":
        plain = _plain(battles, look)
        if plain is not None:
            return Tally(Counts.merge(part.counts for part in plain), {}, None, any(p.shares for p in plain))
    from palestra.interchange.battle_reader import read_battles

    def read(view: View) -> dict[str, Counts]:
        shares.append(look and view.shares_prompts())
        return view.counts(position=len(shares))

    shares: list[bool] = []
    parts, folders = read_battles(battles, read, filter=filter, labels=labels, by=by, cluster=cluster)
    names = sorted({name for part in parts for name in part}) if by else []
    groups = {name: Counts.merge(part[name] for part in parts if name in part) for name in names}
    whole = Counts.merge(counts for part in parts for counts in part.values())
    return Tally(whole, groups, _failed(folders, parts, filter), any(shares))


def order_battles(
    battles: BattleInput, *, filter: str | None = None, labels: Labels | None = None, by: str | None = None
) -> Tally[Rows]:
    """Battles one by one, in the order of the files and of their rows; else as `count_battles`."""
    from palestra.interchange.battle_reader import read_battles

    def read(view: View) -> tuple[Rows, list[str]]:
        return view.rows()

    parts, folders = read_battles(battles, read, filter=filter, labels=labels, by=by)
    names = sorted({name for _, group_of in parts for name in group_of}) if by else []
    groups = {}
    for name in names:
        members = [rows.take(np.array(group_of, dtype=object) == name) for rows, group_of in parts]
        groups[name] = Rows.concat(members)
    return Tally(Rows.concat([rows for rows, _ in parts]), groups, _failed(folders, parts, filter))


def group_condition(by: str, name: str, filter: str | None) -> str:
    """The filter for the rows of one group of `count_battles`, on top of another filter."""
    value = name.replace("'", "''")
    here = f"coalesce(\"{by}\", '{NO_GROUP}') = '{value}'"
    return here if filter is None else f"({filter}) AND {here}"


def parquet_paths(battles: BattleInput) -> list[str] | None:
    """The paths of one Parquet file or more; None if battles are anything else."""
    if isinstance(battles, str | os.PathLike):
        battles = [battles]
    if not isinstance(battles, list | tuple) or not battles:
        return None
    if not all(isinstance(path, str | os.PathLike) for path in battles):
        return None
    paths = [os.fspath(path) for path in battles]
    return paths if all(path.lower().endswith(".parquet") for path in paths) else None


def _plain(battles: BattleInput, look: bool) -> list[PlainCounts] | None:
    """Parquet files, counted by their codes; None if they cannot be."""
    paths = parquet_paths(battles)
    if paths is None:
        return None
    from palestra.interchange.parquet_counts import count_parquet

    parts = []
    for path in paths:
        part = count_parquet(path, look=look)
        if part is None:
            return None
        parts.append(part)
    return parts


def _failed(folders: list[str], parts: list[Any], filter: str | None) -> int | None:
    if filter is not None or not folders or len(folders) != len(parts):
        return None
    failures = [failed_verdicts(folder) for folder in folders]
    return None if None in failures else sum(count or 0 for count in failures)


def failed_verdicts(folder: str) -> int | None:
    """How many rows of a run folder's verdicts.jsonl hold a failure; None without such a file.

    Raises:
        DataError: the file cannot be read.
    """
    path = Path(folder, "verdicts.jsonl")
    if not path.is_file():
        return None
    if path.stat().st_size == 0:
        return 0
    from palestra.interchange.rows import read_rows

    return sum(row.data.get("failure") is not None for row in read_rows(path))
