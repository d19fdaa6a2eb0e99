"""The database: SQLite in a file by default, or any SQLAlchemy URL (Postgres through psycopg 3)."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from palestra.errors import StoreError
from palestra.records.response import Response
from palestra.records.verdict import Verdict
from palestra.store import schema
from palestra.store.migrate import migrate
from palestra.store.rows import to_response, to_row, to_verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_MIGRATING_SECONDS = 30.0
_BUSY_SECONDS = 0.2
_KEYS_PER_QUERY = 500


def _by_keys(table: sa.Table) -> sa.Select[Any]:
    return sa.select(table).where(table.c.key.in_(sa.bindparam("keys", expanding=True)))


_RESPONSES = _by_keys(schema.responses)
_VERDICTS = _by_keys(schema.verdicts)


class StoreBusyError(StoreError):
    """Another process is writing to the database at this moment."""


class Database:
    """Responses and verdicts by content key. Safe to use from several threads and processes.

    A row that holds a result is never written again; a row that holds a failure gives way to whatever
    comes after it.
    """

    def __init__(self, place: str | Path) -> None:
        """Open `place` (a file, or a database URL), making or migrating it where needed.

        Raises:
            StoreError: it cannot be opened, is no Palestra database, or is of a newer version.
        """
        self.url = _url(place)
        self.place = self.url.render_as_string(hide_password=True)
        with self._errors("open"):
            opening = _engine(self.url, wait=_MIGRATING_SECONDS)
            try:
                migrate(opening, self.place)
            finally:
                opening.dispose()
        self._engine = _engine(self.url)
        self._reading = _engine(self.url, reading=True)
        insert = postgresql.insert if self._engine.dialect.name == "postgresql" else sqlite.insert
        self._upserts = {
            Response: _upsert(insert(schema.responses), schema.responses),
            Verdict: _upsert(insert(schema.verdicts), schema.verdicts),
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()
        self._reading.dispose()

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._engine.dialect.name

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection whose statements are transactions of their own; for reading.

        Raises:
            StoreError: the database cannot be read.
        """
        with self._errors("read"), self._reading.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction, committed at the end of the block.

        Raises:
            StoreBusyError: somebody else is writing; try again.
            StoreError: it cannot be written.
        """
        with self._errors("write"), self._engine.begin() as connection:
            yield connection

    def put(self, records: Iterable[Response | Verdict]) -> dict[str, Response | Verdict]:
        """Write records in one transaction. Returns, by key, those that another process was first with:
        what is stored stays, and is what counts.

        Raises:
            StoreBusyError: somebody else is writing; try again.
            StoreError: the records cannot be written.
        """
        rows: dict[type[Response | Verdict], list[dict[str, Any]]] = {}
        for record in records:
            rows.setdefault(type(record), []).append(to_row(record))
        late = []
        with self._errors("write"), self._engine.begin() as connection:
            for kind, values in rows.items():
                if connection.execute(self._upserts[kind], values).rowcount != len(values):
                    late.append(kind)
        stored: dict[str, Response | Verdict] = {}
        for kind in late:
            look_up = self.responses if kind is Response else self.verdicts
            stored |= look_up([row["key"] for row in rows[kind]])
        return stored

    def responses(self, keys: Sequence[str]) -> dict[str, Response]:
        """The stored responses among `keys`."""
        return {row["key"]: to_response(row) for row in self._rows(_RESPONSES, keys)}

    def verdicts(self, keys: Sequence[str]) -> dict[str, Verdict]:
        """The stored verdicts among `keys`, each as it was shown."""
        return {row["key"]: to_verdict(row) for row in self._rows(_VERDICTS, keys)}

    def _rows(self, query: sa.Select[Any], keys: Sequence[str]) -> Iterator[dict[str, Any]]:
        with self._errors("read"), self._reading.connect() as connection:
            for start in range(0, len(keys), _KEYS_PER_QUERY):
                some = keys[start : start + _KEYS_PER_QUERY]
                for row in connection.execute(query, {"keys": some}).mappings():
                    yield {str(name): value for name, value in row.items()}

    @contextmanager
    def _errors(self, doing: str) -> Iterator[None]:
        try:
            yield
        except (sa.exc.SQLAlchemyError, ModuleNotFoundError, OverflowError, ValueError) as error:
            cause = getattr(error, "orig", None) or error
            kind = StoreBusyError if "database is locked" in str(cause) else StoreError
            raise kind(f"cannot {doing} the database: {cause}", path=self.place) from error


def _url(place: str | Path) -> sa.URL:
    text = str(place)
    if "://" not in text:
        return sa.URL.create("sqlite", database=str(Path(text).expanduser().absolute()))
    try:
        url = sa.make_url(text)
    except sa.exc.ArgumentError:
        raise StoreError(
            "this is not a database URL", hint="expected a file, or postgresql://user@host/name"
        ) from None
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise StoreError(
            f"a {url.get_backend_name()} database is not supported",
            hint="expected a file, or postgresql://user@host/name",
        )
    return url


def _engine(url: sa.URL, *, reading: bool = False, wait: float = _BUSY_SECONDS) -> sa.Engine:
    """For reading, each statement is a transaction of its own, which saves a begin and an end.

    `wait` is how many seconds SQLite waits for another writer.
    """
    options: dict[str, Any] = (
        {"isolation_level": "AUTOCOMMIT", "pool_reset_on_return": None} if reading else {}
    )
    if url.get_backend_name() != "sqlite":
        return sa.create_engine(url, pool_pre_ping=True, **options)
    folder = Path(url.database or ".").parent
    if not folder.is_dir():
        raise StoreError(f"the folder {folder} does not exist", path=url.database, hint="make it first")
    engine = sa.create_engine(url, connect_args={"timeout": wait}, **options)
    sa.event.listen(engine, "connect", _prepare_sqlite)
    if not reading:
        sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun below, not guessed by the driver
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    driver: Any = connection.connection.driver_connection
    driver.execute("BEGIN")  # as such, because every transaction pays for it


def _upsert(insert: Any, table: sa.Table) -> Any:
    replaced = {c.name: insert.excluded[c.name] for c in table.columns if c.name != "key"}
    return insert.on_conflict_do_update(
        index_elements=["key"], set_=replaced, where=table.c.failure_kind.is_not(None)
    )
