"""Judge runs: their rows, who runs them, and the battles that they judge.

A run in the state `running` belongs to the process that gives a sign of life (`beat`) every second or so.
When the signs end, another process, or the next one, claims it and goes on; what was judged is in the store.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from palestra.store.arena_battle_rows import to_battle
from palestra.store.arena_schema import battles, judge_runs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from palestra.records.battle import Battle
    from palestra.store.arena_battle_filter import Search

RUNNING, STOPPED, DONE, FAILED = "running", "stopped", "done", "failed"
LIFE_SECONDS = 15.0
"""Without a sign of life for so long, a run is nobody's."""


@dataclass(frozen=True, slots=True)
class JudgeRunRow:
    """A row of `judge_runs`."""

    id: str
    judge: str
    filter: Mapping[str, Any]
    created: float
    total: int
    state: str = RUNNING
    done: int = 0
    failed: int = 0
    reused: int | None = 0
    cost_usd: float | None = None
    failures: Mapping[str, int] | None = field(default_factory=dict)
    error: str | None = None
    finished: float | None = None
    beat: float | None = None


class StoredBattle(NamedTuple):
    """A battle, and the matchup that it came of."""

    battle: Battle
    matchup_id: str | None
    number: int


def insert_run(connection: sa.Connection, row: JudgeRunRow) -> None:
    """Write a new run."""
    connection.execute(sa.insert(judge_runs).values(asdict(row)))


def read_run(connection: sa.Connection, run_id: str) -> JudgeRunRow | None:
    """A run, or None."""
    found = connection.execute(sa.select(judge_runs).where(judge_runs.c.id == run_id)).mappings().first()
    return None if found is None else _row(found)


def read_runs(connection: sa.Connection) -> list[JudgeRunRow]:
    """All runs, the newest first."""
    query = sa.select(judge_runs).order_by(judge_runs.c.created.desc(), judge_runs.c.id)
    return [_row(found) for found in connection.execute(query).mappings()]


def claim_run(connection: sa.Connection, run_id: str, now: float) -> bool:
    """Make a running run that nobody runs the caller's; whether it was free."""
    free = sa.or_(judge_runs.c.beat.is_(None), judge_runs.c.beat < now - LIFE_SECONDS)
    which = (judge_runs.c.id == run_id) & (judge_runs.c.state == RUNNING) & free
    return connection.execute(sa.update(judge_runs).where(which).values(beat=now)).rowcount == 1


def release_run(connection: sa.Connection, run_id: str) -> None:
    """Let a run go, so that it is gone on with by whoever comes next."""
    connection.execute(sa.update(judge_runs).where(judge_runs.c.id == run_id).values(beat=None))


def update_run(connection: sa.Connection, row: JudgeRunRow) -> bool:
    """Write how far a run is; False if it is running no more, for example because an admin stopped it."""
    which = (judge_runs.c.id == row.id) & (judge_runs.c.state == RUNNING)
    names = ("done", "failed", "reused", "cost_usd", "failures", "beat", "total")
    values = {name: getattr(row, name) for name in names}
    return connection.execute(sa.update(judge_runs).where(which).values(values)).rowcount == 1


def end_run(connection: sa.Connection, row: JudgeRunRow) -> None:
    """Write how a run ended. One that was stopped stays so."""
    names = ("done", "failed", "reused", "cost_usd", "failures", "total")
    values: dict[str, Any] = {name: getattr(row, name) for name in names}
    connection.execute(sa.update(judge_runs).where(judge_runs.c.id == row.id).values(values | {"beat": None}))
    open_ = (judge_runs.c.id == row.id) & (judge_runs.c.state == RUNNING)
    ended = {"state": row.state, "error": row.error, "finished": row.finished}
    connection.execute(sa.update(judge_runs).where(open_).values(ended))


def stop_run(connection: sa.Connection, run_id: str, now: float) -> bool:
    """Mark a running run as stopped; whether it was running."""
    which = (judge_runs.c.id == run_id) & (judge_runs.c.state == RUNNING)
    values = {"state": STOPPED, "finished": now}
    return connection.execute(sa.update(judge_runs).where(which).values(values)).rowcount == 1


def reopen_run(connection: sa.Connection, run_id: str, now: float) -> bool:
    """Let a run that was stopped, failed or done with failures run again; whether nobody runs it.

    The caller owns it then.
    """
    free = sa.or_(judge_runs.c.beat.is_(None), judge_runs.c.beat < now - LIFE_SECONDS)
    which = (judge_runs.c.id == run_id) & (judge_runs.c.state != RUNNING) & free
    values = {"state": RUNNING, "finished": None, "error": None, "beat": now}
    return connection.execute(sa.update(judge_runs).where(which).values(values)).rowcount == 1


def newest_seq(connection: sa.Connection) -> int:
    """The number of the newest battle; 0 if there is none."""
    return connection.execute(sa.select(sa.func.max(battles.c.seq))).scalar() or 0


def judgeable(connection: sa.Connection, search: Search, last: int, limit: int | None) -> list[int]:
    """The numbers of the battles that a judge can be shown, up to number `last`, the newest first."""
    texts = (battles.c.prompt, battles.c.response_a, battles.c.response_b)
    query = (
        sa.select(battles.c.seq)
        .where(battles.c.seq <= last, *(column.is_not(None) for column in texts), *search.conditions())
        .order_by(battles.c.seq.desc())
        .limit(limit)
    )
    return list(connection.execute(query).scalars())


def battles_numbered(connection: sa.Connection, numbers: Sequence[int]) -> list[StoredBattle]:
    """The battles of these numbers, in this order; those that were deleted are left out."""
    found = connection.execute(sa.select(battles).where(battles.c.seq.in_(numbers))).mappings()
    by_number = {row["seq"]: row for row in found}
    return [_stored(by_number[number]) for number in numbers if number in by_number]


def _stored(row: Mapping[Any, Any]) -> StoredBattle:
    columns = {str(name): value for name, value in row.items()}
    return StoredBattle(to_battle(columns), row["matchup_id"], row["seq"])


def _row(found: Mapping[Any, Any]) -> JudgeRunRow:
    row = JudgeRunRow(**{str(name): value for name, value in found.items()})
    return replace(row, reused=row.reused or 0, failures=row.failures or {})
