"""What arrives together shares a transaction, each piece stands or falls alone, and what is told is kept."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from palestra.errors import StoreError, UsageError
from palestra.store.arena_schema import settings
from palestra.store.arena_settings import agreed_setting, count_up, read_setting
from palestra.store.arena_writer import GroupWriter
from palestra.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    place: str | Path = tmp_path / "arena.db"
    if request.param == "postgres":
        place = request.getfixturevalue("postgres_url")
    with Database(place) as opened:
        yield opened


@pytest.fixture
def writer(database: Database) -> Iterator[GroupWriter]:
    made = GroupWriter(database)
    yield made
    made.close()


def putting(name: str, value: str = "v") -> Callable[[sa.Connection], str]:
    def work(connection: sa.Connection) -> str:
        connection.execute(sa.insert(settings).values(name=name, value=value))
        return name

    return work


def held(database: Database) -> set[str]:
    with database.reading() as connection:
        return set(connection.execute(sa.select(settings.c.name)).scalars())


async def test_what_is_acknowledged_is_there_for_everybody(database: Database, writer: GroupWriter) -> None:
    assert await writer.write(putting("one")) == "one"
    assert held(database) == {"one"}


async def test_many_pieces_at_once_take_few_transactions(database: Database, writer: GroupWriter) -> None:
    commits = []
    sa.event.listen(database._engine, "commit", lambda _: commits.append(1))
    names = [f"n{number}" for number in range(300)]
    assert await asyncio.gather(*(writer.write(putting(name)) for name in names)) == names
    assert held(database) == set(names)
    assert len(commits) < 100


async def test_a_piece_that_fails_takes_no_other_with_it(database: Database, writer: GroupWriter) -> None:
    def refusing(connection: sa.Connection) -> None:
        putting("half")(connection)
        raise UsageError("no")

    results = await asyncio.gather(
        writer.write(putting("a")),
        writer.write(refusing),
        writer.write(putting("a")),
        writer.write(putting("b")),
        return_exceptions=True,
    )
    assert (results[0], results[3]) == ("a", "b")
    assert isinstance(results[1], UsageError)
    assert isinstance(results[2], StoreError)
    assert held(database) == {"a", "b"}


async def test_an_unexpected_error_reaches_whoever_asked_and_nobody_else(
    database: Database, writer: GroupWriter
) -> None:
    def broken(_: sa.Connection) -> None:
        raise KeyError("a bug")

    results = await asyncio.gather(
        writer.write(putting("a")), writer.write(broken), writer.write(putting("b")), return_exceptions=True
    )
    assert isinstance(results[1], KeyError)
    assert held(database) == {"a", "b"}


async def test_it_is_done_even_if_nobody_waits_any_more(database: Database, writer: GroupWriter) -> None:
    task = asyncio.create_task(writer.write(putting("kept")))
    await asyncio.sleep(0)
    task.cancel()
    await writer.write(putting("later"))
    assert held(database) == {"kept", "later"}


async def test_while_another_process_writes_it_waits(tmp_path: Path) -> None:
    with Database(tmp_path / "arena.db") as database:
        writer = GroupWriter(database)
        other = sqlite3.connect(tmp_path / "arena.db", check_same_thread=False, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        timer = threading.Timer(0.6, lambda: other.execute("COMMIT"))
        timer.start()
        assert await writer.write(putting("patient")) == "patient"
        timer.join()
        other.close()
        writer.close()


async def test_closing_finishes_what_has_arrived(database: Database) -> None:
    writer = GroupWriter(database)
    tasks = [asyncio.create_task(writer.write(putting(f"n{i}"))) for i in range(50)]
    await asyncio.sleep(0)
    await asyncio.to_thread(writer.close)
    assert len(await asyncio.gather(*tasks)) == 50


def test_the_first_offer_of_a_setting_holds(database: Database) -> None:
    assert agreed_setting(database, "salt", "first") == "first"
    assert agreed_setting(database, "salt", "second") == "first"


def test_counters_count(database: Database) -> None:
    for _ in range(3):
        with database.writing() as connection:
            count_up(connection, "epoch")
    with database.reading() as connection:
        assert read_setting(connection, "epoch") == "3"
        assert read_setting(connection, "nothing") is None
