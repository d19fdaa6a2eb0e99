"""The working copy of an export: battles by prompt, then rows in the order in which they are written.

It is a file, so that an export needs no more memory than its largest prompt.
"""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from palestra.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -65536;
CREATE TABLE battle (prompt BLOB, body TEXT, votes TEXT);
CREATE TABLE row (
    place BLOB, prompt BLOB, test INTEGER, longer INTEGER, texts TEXT, body TEXT, kept INTEGER DEFAULT 1
);
"""
_AT_ONCE = 1000


class Workbook:
    """Battles and rows in a temporary file."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.executescript(_SCHEMA)

    @classmethod
    @contextmanager
    def opened(cls) -> Iterator[Workbook]:
        """A new one, gone after the block.

        Raises:
            StoreError: it cannot be written, such as for want of room.
        """
        try:
            with tempfile.TemporaryDirectory(prefix="palestra-") as folder:
                book = cls(Path(folder) / "work.db")
                try:
                    yield book
                finally:
                    book._connection.close()
        except sqlite3.Error as error:
            raise StoreError(
                f"the working copy cannot be kept: {error}", hint="set TMPDIR to a folder with more room"
            ) from None

    def put_battles(self, battles: Iterable[tuple[bytes, str, str]]) -> None:
        """Add battles, (key of the prompt, JSON, how each judge of a panel decided in JSON) each."""
        self._put("INSERT INTO battle VALUES (?, ?, ?)", battles)

    def put_rows(self, rows: Iterable[tuple[bytes, bytes, bool, int, str, str]]) -> None:
        """Add rows, (place in the order, key of the prompt, whether it is for testing, whether the better
        answer is longer, texts, JSON) each.
        """
        self._put(
            "INSERT INTO row (place, prompt, test, longer, texts, body) VALUES (?, ?, ?, ?, ?, ?)", rows
        )

    def _put(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
        self._connection.execute("BEGIN")
        self._connection.executemany(statement, rows)
        self._connection.execute("COMMIT")

    def prompts(self) -> Iterator[tuple[bytes, list[tuple[str, str]]]]:
        """The battles of each prompt together, in the order of the keys."""
        found = self._each("SELECT prompt, body, votes FROM battle ORDER BY prompt")
        for prompt, rows in groupby(found, key=lambda row: row[0]):
            yield prompt, [(body, votes) for _, body, votes in rows]

    def texts(self) -> Iterator[tuple[int, str]]:
        """(number, texts) of each row that is kept, in order."""
        yield from self._each("SELECT rowid, texts FROM row WHERE kept ORDER BY place, body")

    def bodies(self, test: bool) -> Iterator[str]:
        """The JSON of each row of a split that is kept, in order."""
        for (body,) in self._each("SELECT body FROM row WHERE kept AND test = ? ORDER BY place, body", test):
            yield body

    def drop(self, numbers: Iterable[int]) -> None:
        """Keep these rows no longer."""
        self._put("UPDATE row SET kept = 0 WHERE rowid = ?", ((number,) for number in numbers))

    def keep_first(self, n: int, *, test: bool | None = None, longer: int | None = None) -> int:
        """Keep only the first n of the rows of a kind; how many are dropped."""
        where = "kept"
        values: list[int] = []
        for name, value in (("test", test), ("longer", longer)):
            if value is not None:
                where += f" AND {name} = ?"
                values.append(int(value))
        first = f"SELECT rowid FROM row WHERE {where} ORDER BY place, body LIMIT -1 OFFSET ?"
        done = self._connection.execute(f"UPDATE row SET kept = 0 WHERE rowid IN ({first})", (*values, n))
        return done.rowcount

    def counts(self) -> dict[tuple[bool, int], int]:
        """How many rows are kept, by split and by which answer is longer."""
        found = self._connection.execute("SELECT test, longer, count(*) FROM row WHERE kept GROUP BY 1, 2")
        return {(bool(test), longer): count for test, longer, count in found}

    def n_prompts(self, test: bool) -> int:
        """How many prompts the kept rows of a split are of."""
        found = self._connection.execute(
            "SELECT count(DISTINCT prompt) FROM row WHERE kept AND test = ?", (test,)
        )
        count: int = found.fetchone()[0]
        return count

    def _each(self, query: str, *values: object) -> Iterator[tuple[Any, ...]]:
        found = self._connection.execute(query, values)
        while some := found.fetchmany(_AT_ONCE):
            yield from some
