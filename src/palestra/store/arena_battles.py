"""The table `battles`: putting battles in, taking them out, and reading them as they come.

Rows are never changed. `seq` grows in the order in which battles become visible, so whoever has seen a number
needs to read no earlier row again, unless rows were deleted: then the epoch is another.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from palestra.store.arena_battle_rows import to_battle_row
from palestra.store.arena_schema import battles
from palestra.store.arena_settings import BATTLES_EPOCH, count_up, for_each_dialect, read_setting
from palestra.store.database import StoreBusyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from palestra.records.battle import Battle
    from palestra.store.database import Database

_LOCK = 8140266121
"""Postgres gives out numbers before it commits: with this lock they are given out in the order of commits."""
_AT_ONCE = 20_000
_PATIENCE_SECONDS = 30.0
_RETRY_SECONDS = 0.05


class RatedRow(NamedTuple):
    """What ratings and filters read of a battle, in the order of `_RATED`."""

    model_a: str
    model_b: str
    winner: str
    share: float | None
    """A's share of the win where ratings read it in place of the winner."""
    weight: float
    source: str | None
    dataset: str | None
    category: str | None
    language: str | None
    run_id: str | None
    flags: str
    """A JSON list."""
    anonymous: bool | None
    voter: str | None
    question_id: str | None
    tstamp: float | None
    seq: int


def soft_share() -> sa.ColumnElement[Any]:
    """SQL for A's share of the win in rows that are read softly; NULL in others."""
    return sa.case((battles.c.soft, battles.c.pref))


def flag_text() -> sa.ColumnElement[str]:
    """SQL for a row's flags as the text of a JSON list."""
    return sa.cast(battles.c.flags, sa.Text)


_RATED = (
    battles.c.model_a,
    battles.c.model_b,
    battles.c.winner,
    soft_share().label("share"),
    battles.c.weight,
    battles.c.source,
    battles.c.dataset,
    battles.c.category,
    battles.c.language,
    battles.c.run_id,
    flag_text().label("flag_text"),
    battles.c.anonymous,
    battles.c.voter,
    battles.c.question_id,
    battles.c.tstamp,
    battles.c.seq,
)


_INSERT = for_each_dialect(
    lambda insert: (
        insert(battles).on_conflict_do_nothing(index_elements=["battle_id"]).returning(battles.c.seq)
    )
)


class BattleTable:
    """The battles of one database. Safe to use from several threads and processes."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._newest = (
            sa.select(*_RATED)
            .where(battles.c.seq > sa.bindparam("after"))
            .order_by(battles.c.seq)
            .limit(sa.bindparam("most"))
        )

    def insert(
        self,
        rows: Iterable[Battle],
        *,
        matchup_id: str | None = None,
        connection: sa.Connection | None = None,
    ) -> int:
        """Put battles in; those whose id is there already are left as they are. Returns how many are new.

        With `connection` this is part of its transaction, which should end soon: on Postgres nobody else
        can put battles in until then. Without, it is a transaction of its own.

        Raises:
            StoreBusyError: somebody else has been writing for long.
            StoreError: they cannot be written.
        """
        values = [to_battle_row(battle, matchup_id) for battle in rows]
        if not values:
            return 0
        if connection is not None:
            return _insert(connection, values)
        return self._written(lambda opened: _insert(opened, values))

    def delete_matchup(self, matchup_id: str, *, connection: sa.Connection | None = None) -> int:
        """Take out what came of a matchup; returns how many battles that were."""
        return self._delete(battles.c.matchup_id == matchup_id, connection)

    def delete_voter(self, voter: str, *, connection: sa.Connection | None = None) -> int:
        """Take out all that a voter decided; returns how many battles that were."""
        return self._delete(battles.c.voter == voter, connection)

    def epoch(self) -> str:
        """What to compare with the epoch read before: if it is another, rows were deleted."""
        with self.database.reading() as connection:
            return read_setting(connection, BATTLES_EPOCH) or ""

    def newer(self, after: int, most: int = _AT_ONCE) -> Sequence[RatedRow]:
        """The next rows after number `after`, ascending; none if there are no more."""
        with self.database.reading() as connection:
            found: Any = connection.execute(self._newest, {"after": after, "most": most}).fetchall()
        rows: Sequence[RatedRow] = found
        return rows

    def _delete(self, which: sa.ColumnElement[bool], connection: sa.Connection | None) -> int:
        def work(opened: sa.Connection) -> int:
            gone = opened.execute(sa.delete(battles).where(which)).rowcount
            if gone:
                count_up(opened, BATTLES_EPOCH)
            return gone

        return work(connection) if connection is not None else self._written(work)

    def _written(self, work: Callable[[sa.Connection], int]) -> int:
        """One transaction, again while another process writes."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                with self.database.writing() as connection:
                    return work(connection)
            except StoreBusyError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(_RETRY_SECONDS)


def _insert(connection: sa.Connection, values: list[dict[str, Any]]) -> int:
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    # one row as such: a list of rows goes another, longer way
    given: Any = values[0] if len(values) == 1 else values
    return len(connection.execute(_INSERT[connection.dialect.name], given).all())
