"""Battles with the lengths of their answers, and the leaderboard of length-controlled win rates."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from palestra.errors import UsageError, nearest
from palestra.interchange import answer_lengths
from palestra.interchange.battle_columns import COLUMNS
from palestra.interchange.battle_reader import read_battles
from palestra.interchange.counts import failed_verdicts
from palestra.interchange.regression_rows import Difficulties, read_difficulties, read_gamed
from palestra.interchange.style_columns import _fault, fetch, read_cluster
from palestra.ranking.counts import Rows
from palestra.ranking.length.board import (
    METHOD,
    Measured,
    Official,
    check_wishes,
    met,
    positions,
    rank_measured,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from palestra.interchange.battle_input import BattleInput
    from palestra.interchange.battle_query import Labels, View
    from palestra.interchange.regression_rows import RowsInput
    from palestra.ranking.arrays import Bools, Ints
    from palestra.records.rating import Leaderboard

_PROMPT = "question_id"


@dataclass(frozen=True, slots=True)
class Against:
    """What length-controlled win rates are of."""

    baseline: str | None = None
    difficulty: RowsInput | None = None
    """Of each prompt; see `regression_rows.read_difficulties`. With `gamed`: AlpacaEval 2's regression."""
    gamed: RowsInput | None = None
    """See `regression_rows.read_gamed`."""
    official_order: bool = False
    """Take difficulties by position, which repeats a fault of the published figures."""

    def check(self, method: str = METHOD, others: Collection[str] = ()) -> None:
        """Make sure that what was given fits the method; `others` names further options that were.

        Raises:
            UsageError: it does not.
        """
        named = {"baseline": self.baseline, "difficulty": self.difficulty, "gamed": self.gamed}
        given = [name for name, value in named.items() if value is not None]
        given += ["official order"] if self.official_order else []
        if method != METHOD:
            for name in given:
                raise UsageError(f"{method} has no {name}", hint=f"leave it out, or use the method {METHOD}")
            return
        for name in others:
            raise UsageError(f"{METHOD} has no {name}", hint="leave it out, or use the method bradley-terry")
        if self.baseline is None:
            raise UsageError(
                f"{METHOD} needs a baseline", hint="name the model that the others are measured against"
            )
        if ("difficulty" in given) != ("gamed" in given):
            raise UsageError(
                "difficulty and gamed go together", hint="give both, or neither for the plain form"
            )
        if self.official_order and "difficulty" not in given:
            raise UsageError(
                "the official order is one of difficulties", hint="give difficulty and gamed, too"
            )


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """What one table holds, n battles."""

    rows: Rows
    group: list[str]
    lengths: answer_lengths.Lengths
    prompt: Ints
    cluster: Ints


def rank_length_controlled(
    battles: BattleInput,
    against: Against,
    *,
    filter: str | None = None,
    labels: Labels | None = None,
    by: str | None = None,
    cluster: str | None = None,
    n_failed: int | None = None,
    **wishes: Any,
) -> tuple[Leaderboard, dict[str, Leaderboard]]:
    """The length-controlled win rates against the baseline, over all battles and for each value of `by`.

    Lengths are characters of `response_a` and `response_b` or, where a row lacks either, the tokens of its
    `style`; only battles with the baseline need them. `wishes`: `ci` (`sandwich` or `none`) and `level`; see
    `ranking.length_board.rank_measured`. Else as `palestra.rank`.

    Raises:
        DataError: battles that cannot be read, or with the baseline and without lengths or, where that is
            needed, a known prompt, with their place; difficulties or gamed rows that cannot be read.
        UsageError: an argument that makes no sense, or a baseline that is in no battle.
    """
    against.check()
    check_wishes(**wishes)
    if cluster is not None and cluster not in COLUMNS:
        raise UsageError(f"battles have no column {cluster!r}", key="cluster", hint=nearest(cluster, COLUMNS))
    baseline = against.baseline or ""
    hard, official = _official(against)

    def read(view: View) -> _Part:
        return _read(view, baseline, cluster, hard, in_order=against.official_order)

    also = [*answer_lengths.COLUMNS, *([_PROMPT] if hard else []), *([cluster] if cluster else [])]
    parts, folders = read_battles(battles, read, filter=filter, labels=labels, by=by, also=also)
    measured, in_tokens = _joined(parts, baseline)
    if baseline not in measured.rows.models:
        hint = nearest(baseline, measured.rows.models) if parts else None
        raise UsageError(f"the baseline {baseline!r} is in no battle", hint=hint)
    told = _told(against) | {name: value for name, value in (("filter", filter), ("labels", labels)) if value}

    def board(keep: Bools, failed: int | None) -> Leaderboard:
        here = measured.take(keep)
        units, doubts = _units(in_tokens[keep][met(here.rows, baseline) & (here.rows.weight > 0)])
        found = rank_measured(
            here,
            baseline,
            official,
            n_failed=failed,
            parameters=told | units,
            cluster=cluster,
            **wishes,
        )
        return replace(found, warnings=[*found.warnings, *doubts])

    if n_failed is None and filter is None and folders and len(folders) == len(parts):
        failures = [failed_verdicts(folder) for folder in folders]
        n_failed = None if None in failures else sum(count or 0 for count in failures)
    whole = board(np.ones(in_tokens.size, dtype=bool), n_failed)
    group = np.array([name for part in parts for name in part.group], dtype=object)
    names = sorted(set(group.tolist())) if by else []
    return whole, {name: board(np.asarray(group == name), None) for name in names}


def _official(against: Against) -> tuple[Difficulties | None, Official | None]:
    if against.difficulty is None or against.gamed is None:
        return None, None
    hard = read_difficulties(against.difficulty)
    return hard, Official(hard.value, read_gamed(against.gamed), against.official_order)


def _read(
    view: View, baseline: str, cluster: str | None, hard: Difficulties | None, *, in_order: bool
) -> _Part:
    rows, group = view.rows()
    wanted = met(rows, baseline) & (rows.weight > 0)
    alone = np.full(rows.a.size, -1)
    return _Part(
        rows,
        group,
        answer_lengths.read_lengths(view, wanted),
        alone if hard is None else _prompts(view, hard, np.zeros_like(wanted) if in_order else wanted),
        alone if cluster is None else read_cluster(view, cluster),
    )


def _prompts(view: View, hard: Difficulties, wanted: Bools) -> Ints:
    """The position of each row's prompt among the difficulties, below 0 where it is not there."""
    names = np.ma.asarray(fetch(view, _PROMPT)[_PROMPT]).tolist()
    found = np.array([hard.position.get(name, -1) for name in names], dtype=np.int64)
    lacking = np.flatnonzero(wanted & (found < 0))
    if lacking.size:
        name = names[lacking[0]]
        what = (
            "the row has no prompt to take a difficulty of" if name is None else f"{name!r} has no difficulty"
        )
        raise _fault(view, int(lacking[0]), what, _PROMPT)
    return found


def _joined(parts: list[_Part], baseline: str) -> tuple[Measured, Bools]:
    rows = Rows.concat([part.rows for part in parts])
    measured = Measured(
        rows,
        _chain([part.lengths.a for part in parts]).astype(np.float64),
        _chain([part.lengths.b for part in parts]).astype(np.float64),
        _chain([part.prompt for part in parts]).astype(np.int64),
        _chain([part.cluster for part in parts]).astype(np.int64),
        positions(rows, baseline),
    )
    return measured, _chain([part.lengths.in_tokens for part in parts]).astype(bool)


def _chain(arrays: list[Any]) -> Any:
    return np.concatenate([np.zeros(0), *arrays])


def _units(in_tokens: Bools) -> tuple[dict[str, str], list[str]]:
    """The unit of lengths, and what is to be said of it."""
    tokens, rows = int(in_tokens.sum()), in_tokens.size
    if not 0 < tokens < rows:
        return ({"lengths_in": "tokens" if tokens else "characters"} if rows else {}), []
    warning = (
        f"lengths are in characters for {rows - tokens} battles and, as they lack an answer, in tokens for "
        f"{tokens}: a difference in one is not one in the other"
    )
    return {"lengths_in": "characters and tokens"}, [warning]


def _told(against: Against) -> dict[str, Any]:
    if against.difficulty is None:
        return {}
    files = {
        name: os.fspath(given) if isinstance(given, str | os.PathLike) else "given"
        for name, given in (("difficulty", against.difficulty), ("gamed", against.gamed))
    }
    return {**files, "official_order": against.official_order}
