"""Result folders of `palestra run`, opened beside the arena's own battles; they are only read.

Each is copied once, battle by battle, into a database of its own in a temporary folder, with the arena's own
tables. So a large folder never has to fit into memory, and its boards, charts, lists and searches are those
of the arena, by the same code.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
import threading
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from palestra.errors import PalestraError, UsageError, nearest
from palestra.report.read import open_folder
from palestra.server.boards.book import Book
from palestra.store.arena_battles import BattleTable
from palestra.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from palestra.records.battle import Battle
    from palestra.report.read import RunFolder
    from palestra.server.boards.board import Rules

_LOG = logging.getLogger("palestra.server")
_AT_ONCE = 1000


class NotYetReadError(PalestraError):
    """A folder is still being read, or it could not be."""

    http_status = 409


@dataclass(slots=True)
class Run:
    """One folder."""

    name: str
    path: Path
    state: str = "reading"
    """`reading`, `ready` or `failed`."""
    error: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    """What its manifest says."""
    n_battles: int = 0
    book: Book | None = None

    def to_dict(self) -> dict[str, Any]:
        """As JSON-ready data."""
        return {
            "name": self.name,
            "state": self.state,
            "error": self.error,
            "n_battles": self.n_battles,
            **self.facts,
        }


class RunShelf:
    """The folders that the server was started with. They are read in a thread of their own."""

    def __init__(self, paths: Sequence[Path], rules: Rules) -> None:
        self._rules = rules
        self._runs = {run.name: run for run in _named(paths)}
        self._databases: list[Database] = []
        self._place: Path | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to read the folders."""
        if self._runs:
            self._place = Path(tempfile.mkdtemp(prefix="palestra-runs-"))
            self._thread = threading.Thread(target=self._read_all, name="runs", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop reading, and remove the copies."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        for database in self._databases:
            database.close()
        if self._place is not None:
            shutil.rmtree(self._place, ignore_errors=True)

    def listing(self) -> list[dict[str, Any]]:
        """All folders, in the order given."""
        return [run.to_dict() for run in self._runs.values()]

    def __contains__(self, name: str) -> bool:
        return name in self._runs

    def books(self) -> Iterator[Book]:
        """Those that have been read."""
        return (run.book for run in self._runs.values() if run.book is not None)

    def book(self, name: str) -> Book:
        """One folder's boards.

        Raises:
            UsageError: there is none of this name.
            NotYetReadError: it is still being read, or could not be.
        """
        run = self._runs.get(name)
        if run is None:
            known = nearest(name, self._runs) if self._runs else "the server was started without --run"
            raise UsageError(f"there is no run {name!r} here", hint=known)
        if run.book is None:
            why = f"could not be read: {run.error}" if run.error else "is still being read"
            raise NotYetReadError(f"the run {name!r} {why}")
        return run.book

    def _read_all(self) -> None:
        for number, run in enumerate(self._runs.values()):
            if self._stopping.is_set():
                return
            try:
                self._read(run, number)
            except PalestraError as error:
                run.state, run.error = "failed", _told(error)
                _LOG.warning("a result folder cannot be shown: %s", error)

    def _read(self, run: Run, number: int) -> None:
        folder = open_folder(run.path)
        run.facts = _facts(folder)
        assert self._place is not None
        database = Database(self._place / f"{number}.db")
        self._databases.append(database)
        table = BattleTable(database)
        for some in _chunks(_with_ids(folder.battles())):
            if self._stopping.is_set():
                return
            run.n_battles += table.insert(some)
        for told in _chunks(folder.verdicts()):
            if self._stopping.is_set():
                return
            database.put(told)
        with database.writing() as connection:
            connection.execute(sa.text("CREATE INDEX ix_verdicts_question ON verdicts (question_id)"))
        book = Book(table, self._rules)
        book.ledger.refresh()
        run.book, run.state = book, "ready"


def _named(paths: Sequence[Path]) -> Iterator[Run]:
    """Each folder under its own name; of equal names the later ones get a number."""
    taken: set[str] = set()
    for path in paths:
        base = path.resolve().name or "run"
        name, number = base, 1
        while name in taken:
            number += 1
            name = f"{base}-{number}"
        taken.add(name)
        yield Run(name, path)


def _told(error: PalestraError) -> str:
    """What is wrong, for anybody to read: with the file's name and not where it lies."""
    spot = "" if error.path is None else Path(error.path).name
    spot = spot if error.line is None else f"{spot}:{error.line}"
    return f"{spot}: {error.message}" if spot else error.message


def _facts(folder: RunFolder) -> dict[str, Any]:
    manifest = folder.manifest
    failed = {"model": 0, "judge": 0}
    for spend in manifest.spend:
        failed[spend.role] = failed.get(spend.role, 0) + sum(spend.failed.values())
    return {
        "arena": manifest.arena,
        "run_id": manifest.run_id,
        "started": manifest.started,
        "finished": manifest.finished,
        "complete": manifest.complete,
        "n_prompts": manifest.n_prompts,
        "n_matchups": manifest.n_matchups,
        "failed_answers": failed["model"],
        "failed_verdicts": failed["judge"],
    }


def _with_ids(battles: Iterable[Battle]) -> Iterator[Battle]:
    for line, battle in enumerate(battles, 1):
        yield battle if battle.battle_id else battle.model_copy(update={"battle_id": f"line-{line}"})


def _chunks(records: Iterable[Any]) -> Iterator[list[Any]]:
    rest = iter(records)
    while some := list(islice(rest, _AT_ONCE)):
        yield some
