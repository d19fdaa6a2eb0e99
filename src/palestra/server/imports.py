"""Battles of result folders, put into the arena's database so that its pages show them."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from palestra.report.read import open_folder
from palestra.store.arena_battles import BattleTable

if TYPE_CHECKING:
    from pathlib import Path

    from palestra.store.database import Database

_AT_ONCE = 2000


def import_run(folder: Path, database: Database) -> int:
    """Put the battles of a result folder in; returns how many are new.

    Raises:
        DataError: the folder cannot be read.
        StoreError: the database cannot be written.
    """
    table = BattleTable(database)
    battles = open_folder(folder).battles()
    count = 0
    while some := list(islice(battles, _AT_ONCE)):
        count += table.insert(some)
    return count
