"""The store keeps every answer and verdict under its content key."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from palestra.errors import StoreError
from palestra.records.failure import Failure, FailureKind
from palestra.records.matchup import Order
from palestra.records.response import Response
from palestra.records.verdict import Verdict
from palestra.records.winner import Winner
from palestra.store import arena_schema, migrate, schema
from palestra.store.database import Database, StoreBusyError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = "a" * 64
OTHER = "b" * 64


def response(key: str = KEY, text: str | None = "Paris.", failure: Failure | None = None) -> Response:
    return Response(
        key=key,
        question_id="q1",
        model="m",
        text=text,
        failure=failure,
        finish_reason="stop",
        latency_ms=12.5,
        tokens_in=3,
        tokens_out=2,
        cost_usd=0.25,
        tstamp=1.5,
    )


def verdict(key: str = KEY) -> Verdict:
    return Verdict(
        key=key,
        question_id="q1",
        model_a="m",
        model_b="n",
        order=Order.AB,
        judge_model="j",
        protocol="pairwise",
        winner=Winner.BOTH_BAD,
        label="A=B",
        score_a=1.0,
        pref=0.5,
        raw="[[A=B]]",
    )


FAILED = Failure(kind=FailureKind.RATE_LIMIT, message="slow down", status=429)


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Every test runs on each kind of database."""
    place: str | Path = tmp_path / "arena.db"
    if request.param == "postgres":
        place = request.getfixturevalue("postgres_url")
    with Database(place) as opened:
        yield opened


def test_a_record_comes_back_as_it_was_written(database: Database) -> None:
    database.put([response(), verdict()])
    assert database.responses([KEY, OTHER]) == {KEY: response()}
    assert database.verdicts([KEY]) == {KEY: verdict()}


def test_a_failure_comes_back_with_its_reason(database: Database) -> None:
    database.put([response(text=None, failure=FAILED)])
    assert database.responses([KEY])[KEY].failure == FAILED


def test_a_result_takes_the_place_of_a_failure(database: Database) -> None:
    database.put([response(text=None, failure=FAILED)])
    database.put([response()])
    assert database.responses([KEY])[KEY] == response()


def test_a_result_is_never_written_again(database: Database) -> None:
    database.put([response()])
    database.put([response(text="Rome.")])
    database.put([response(text=None, failure=FAILED)])
    assert database.responses([KEY])[KEY].text == "Paris."


def test_any_text_can_be_kept(database: Database) -> None:
    odd = "nul \0, half a pair \ud83d, a whole one \ud83d\ude00, \u2028, عربي, " + "x" * 100_000
    record = response(text=odd)
    database.put([record])
    assert database.responses([KEY])[KEY].text == record.text
    assert "😀" in str(record.text)


def test_many_keys_are_looked_up_at_once(database: Database) -> None:
    keys = [f"{number:064x}" for number in range(1201)]
    database.put(response(key) for key in keys)
    assert set(database.responses(keys)) == set(keys)
    assert database.responses([]) == {}


def test_threads_write_side_by_side(database: Database) -> None:
    def write(start: int) -> None:
        for number in range(start, start + 25):
            while True:
                with suppress(StoreBusyError):
                    database.put([response(f"{number:064x}")])
                    break

    threads = [threading.Thread(target=write, args=(100 * number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(database.responses([f"{number:064x}" for number in range(400)])) == 100


def test_the_migrated_schema_is_the_declared_one(database: Database) -> None:
    engine = database._engine
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), arena_schema.battles.metadata) == []


def test_the_newest_revision_is_the_declared_one() -> None:
    assert ScriptDirectory(str(migrate.MIGRATIONS)).get_current_head() == schema.REVISION


def test_sqlite_writes_ahead(tmp_path: Path) -> None:
    with Database(tmp_path / "arena.db"), sqlite3.connect(tmp_path / "arena.db") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def later_migrations(tmp_path: Path) -> Path:
    """The migrations as a later version of Palestra may have them."""
    scripts = tmp_path / "migrations"
    shutil.copytree(migrate.MIGRATIONS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    (scripts / "versions" / "m9999_later.py").write_text(
        "import sqlalchemy as sa\n"
        "from alembic import op\n"
        "revision = '9999'\n"
        f"down_revision = '{schema.REVISION}'\n"
        "def upgrade():\n"
        "    op.add_column('responses', sa.Column('later', sa.Text))\n"
    )
    return scripts


def test_an_older_database_is_migrated_and_keeps_its_rows(tmp_path: Path) -> None:
    place = tmp_path / "arena.db"
    with Database(place) as database:
        database.put([response()])
        migrate.migrate(database._engine, str(place), later_migrations(tmp_path), "9999")
        columns = {column["name"] for column in sa.inspect(database._engine).get_columns("responses")}
        assert "later" in columns
        assert database.responses([KEY]) == {KEY: response()}


def test_a_newer_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    place = tmp_path / "arena.db"
    with Database(place) as database:
        migrate.migrate(database._engine, str(place), later_migrations(tmp_path), "9999")
    before = place.read_bytes()
    with pytest.raises(
        StoreError, match=rf"arena\.db: this database is of schema 9999.*up to {schema.REVISION}"
    ) as caught:
        Database(place)
    assert caught.value.hint is not None
    assert caught.value.exit_code == 7
    assert place.read_bytes() == before


def test_two_processes_may_open_a_new_database_at_once(tmp_path: Path) -> None:
    errors: list[BaseException] = []

    def open_it() -> None:
        try:
            Database(tmp_path / "arena.db").close()
        except StoreError as error:
            errors.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda folder: folder, "unable to open"),
        (lambda folder: folder / "nowhere" / "arena.db", "does not exist"),
        (lambda folder: "mysql://root@localhost/x", "mysql database is not supported"),
        (lambda folder: "://x", "not a database URL"),
        (lambda folder: _file(folder / "text.db", b"this is no database, and long enough"), "not a database"),
    ],
)
def test_a_place_that_is_no_database_is_one_clear_error(make, said: str, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(StoreError, match=said):
        Database(make(tmp_path))


def test_somebody_elses_database_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "other.db"
    with sqlite3.connect(place) as connection:
        connection.execute("CREATE TABLE users (name)")
    connection.close()
    with pytest.raises(StoreError, match="not Palestra's"):
        Database(place)


def test_a_password_is_not_in_the_error() -> None:
    with pytest.raises(StoreError) as caught:
        Database("postgresql://me:hunter2@127.0.0.1:1/x")
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in repr(caught.value)


def _file(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path
