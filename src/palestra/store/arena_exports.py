"""Battles in large numbers, page by page: as they are, or those of one question together."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import sqlalchemy as sa

from palestra.records.battle import Flag
from palestra.store.arena_battle_filter import has_flag
from palestra.store.arena_judge_runs import battles_numbered, newest_seq
from palestra.store.arena_schema import battles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from palestra.records.battle import Battle
    from palestra.store.arena_battle_filter import Selection
    from palestra.store.database import Database

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which battles are exported."""

    selection: Selection
    named: bool = False
    """Whether also those whose voter knew which models met."""
    leaks: bool = False
    """Whether also those in which an answer tells who wrote it."""

    def conditions(self) -> Iterator[sa.ColumnElement[bool]]:
        """What rows must fulfil."""
        yield from self.selection.conditions()
        if not self.named:
            yield sa.or_(battles.c.anonymous.is_(None), battles.c.anonymous)
        if not self.leaks:
            yield sa.not_(has_flag(Flag.IDENTITY_LEAK))


def all_battles(database: Database, wanted: Wanted) -> Iterator[Battle]:
    """The battles that there are now, in the order in which they came.

    Raises:
        StoreError: the database cannot be read.
    """
    with database.reading() as connection:
        last = newest_seq(connection)
    after = 0
    while True:
        query = (
            sa.select(battles.c.seq)
            .where(battles.c.seq > after, battles.c.seq <= last, *wanted.conditions())
            .order_by(battles.c.seq)
            .limit(_AT_ONCE)
        )
        with database.reading() as connection:
            numbers = connection.execute(query).scalars().all()
            found = battles_numbered(connection, numbers) if numbers else []
        for stored in found:
            yield stored.battle
        if not numbers:
            return
        after = numbers[-1]


def battles_by_question(database: Database, wanted: Wanted) -> Iterator[list[Battle]]:
    """The battles that have their texts, those of one question together; one without a question alone.

    Raises:
        StoreError: the database cannot be read.
    """
    texts = (battles.c.prompt, battles.c.response_a, battles.c.response_b)
    known = [column.is_not(None) for column in texts]
    query = sa.select(battles.c.question_id, battles.c.seq).where(*wanted.conditions(), *known)
    with database.reading() as connection:
        rows = connection.execute(query.order_by(battles.c.question_id, battles.c.seq)).all()
    page: list[list[int]] = []
    size = 0
    for _, group in groupby(rows, key=lambda row: (row.question_id, row.question_id is None and row.seq)):
        page.append([row.seq for row in group])
        size += len(page[-1])
        if size >= _AT_ONCE:
            yield from _groups(database, page)
            page, size = [], 0
    yield from _groups(database, page)


def _groups(database: Database, page: list[list[int]]) -> Iterator[list[Battle]]:
    """The battles of each group of numbers."""
    numbers = [number for group in page for number in group]
    held: dict[int, Battle] = {}
    for start in range(0, len(numbers), _AT_ONCE):
        with database.reading() as connection:
            some = battles_numbered(connection, numbers[start : start + _AT_ONCE])
        held |= {stored.number: stored.battle for stored in some}
    for group in page:
        yield [held[number] for number in group if number in held]
