"""What all processes that share a database agree on: the secret that signs sessions, the salt, counters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from palestra.store.arena_schema import settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from palestra.store.database import Database

BATTLES_EPOCH = "battles_epoch"
"""Counts the changes and deletions of battles, so that whatever was counted is counted anew."""


_READ = sa.select(settings.c.value).where(settings.c.name == sa.bindparam("wanted"))


def insert_into(connection: sa.Connection, table: sa.Table) -> Any:
    """An INSERT of the connection's dialect, which knows `on_conflict_do_nothing` and its like."""
    made = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    return made(table)


def for_each_dialect(make: Callable[[Any], Any]) -> dict[str, Any]:
    """A statement by the dialect's name. `make` gets the dialect's `insert`.

    A statement that is made once and given its values when it is executed costs a fraction of one that is
    made anew each time.
    """
    return {"postgresql": make(postgresql.insert), "sqlite": make(sqlite.insert)}


def read_setting(connection: sa.Connection, name: str) -> str | None:
    """The value of a setting, or None."""
    return connection.execute(_READ, {"wanted": name}).scalar()


def agreed_setting(database: Database, name: str, offered: str) -> str:
    """The value of a setting; the first who asks has it set to what was `offered`."""
    with database.reading() as connection:
        found = read_setting(connection, name)
    if found is not None:
        return found
    with database.writing() as connection:
        statement = insert_into(connection, settings).values(name=name, value=offered)
        connection.execute(statement.on_conflict_do_nothing(index_elements=["name"]))
        return read_setting(connection, name) or offered


def count_up(connection: sa.Connection, name: str) -> None:
    """Add 1 to a counter among the settings; the first time it becomes 1."""
    statement = insert_into(connection, settings).values(name=name, value="1")
    grown = sa.cast(sa.cast(settings.c.value, sa.BigInteger) + 1, sa.Text)
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"value": grown}))
