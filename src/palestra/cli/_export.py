"""`palestra export`: from the command line to files."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from palestra.cli._options import apart
from palestra.errors import StoreError, UsageError
from palestra.interchange.exports.described import Stated
from palestra.interchange.exports.export import exported
from palestra.interchange.exports.reading import BattleSource, file_source
from palestra.interchange.exports.runs import run_line, run_models
from palestra.interchange.exports.writing import Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from palestra.interchange.exports.wishes import Wishes
    from palestra.records.battle import Battle
    from palestra.store.database import Database

_TOLD_SECONDS = 5.0
"""Between two signs of life on standard error."""


@dataclass(frozen=True, slots=True)
class CardWords:
    """What the command line says for the card."""

    title: str | None
    licence: str | None
    model_licences: tuple[str, ...]


def export(
    files: Sequence[str], db: str | None, wishes: Wishes, out: str | None, *, dry_run: bool, card: CardWords
) -> None:
    """Export battles of files and of a store; print what was counted and written.

    Raises:
        UsageError: nothing to read, nowhere to write to, or wishes that make no sense.
        DataError: battles that cannot be read, or nothing left to write.
        StoreError: the store cannot be read.
    """
    if not files and db is None:
        raise UsageError("no battles to read", hint="name files or run folders, or a database with --db")
    if out is None and not dry_run:
        raise UsageError("nowhere to write to", key="--out", hint="-o PLACE, or --dry-run to count only")
    if files.count("-") > 1:
        raise UsageError("standard input can be read once only")
    wishes.check()
    target = None if out is None else Target.of(out, splits=wishes.test_share > 0)
    if target is not None and target.form != "stdout":
        apart(Path(str(out)), files)
    stated = _stated(files, card)
    with _sources(files, db) as sources, exported(sources, wishes) as made:
        typer.echo(made.report.text(), nl=False, err=target is not None and target.form == "stdout")
        if target is None:
            return
        for path in made.write(target, stated):
            typer.echo(f"wrote {path}")


@contextmanager
def _sources(files: Sequence[str], db: str | None) -> Iterator[list[BattleSource]]:
    found = [_shown(file_source(path)) for path in files]
    if db is None:
        yield found
        return
    from palestra.store.database import Database

    if "://" not in db and not Path(db).is_file():
        raise StoreError(
            "no such database", path=db, hint="give the one that `palestra serve` wrote with --db"
        )
    with Database(db) as database:
        yield [*found, _shown(_votes(database, db))]


def _votes(database: Database, place: str) -> BattleSource:
    """The battles of a web arena. Which ones count is decided, and counted, where it is for files."""
    from palestra.store.arena_battle_filter import Selection
    from palestra.store.arena_exports import Wanted, all_battles

    name = (
        f"the web arena of {Path(place).name}" if "://" not in place else f"a web arena in {database.dialect}"
    )
    return BattleSource(name, all_battles(database, Wanted(Selection(), named=True, leaks=True)))


def _shown(source: BattleSource) -> BattleSource:
    return replace(source, battles=_counted(source.battles))


def _counted(battles: Iterable[Battle]) -> Iterator[Battle]:
    """The battles, with a sign of life on standard error now and then."""
    told = time.monotonic()
    for number, battle in enumerate(battles, 1):
        if not number % 1000 and time.monotonic() - told > _TOLD_SECONDS:
            told = time.monotonic()
            typer.echo(f"read {number:,} battles …", err=True)
        yield battle


def _stated(files: Sequence[str], card: CardWords) -> Stated:
    licences = {}
    for text in card.model_licences:
        model, equals, licence = text.rpartition("=")
        if not equals or not model or not licence:
            raise UsageError(
                f"cannot read {text!r}", key="--model-license", hint="as in --model-license Llama=llama3.2"
            )
        licences[model] = licence
    folders = [Path(path) for path in files if os.path.isdir(path)]
    identities: dict[str, str] = {}
    for folder in folders:
        identities |= run_models(folder)
    runs = tuple(line for folder in folders if (line := run_line(folder)))
    return Stated(card.title, card.licence, licences, identities, runs)
