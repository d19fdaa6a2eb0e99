"""Reading from an event loop: what is looked up in one turn of the loop shares a query."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, TypeVar

from palestra.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Row = TypeVar("Row")


class Reader(Generic[Row]):
    """Looks up rows by key, with one query for all who ask in the same turn of the loop."""

    def __init__(self, look_up: Callable[[Sequence[str]], dict[str, Row]]) -> None:
        """`look_up` is `Database.responses` or `Database.verdicts`."""
        self._look_up = look_up
        self._wanted: set[str] = set()
        self._found: asyncio.Future[dict[str, Row]] | None = None

    async def get(self, keys: Sequence[str]) -> dict[str, Row]:
        """The rows that are stored; maybe some that others asked for, too.

        Raises:
            StoreError: the database cannot be read.
        """
        self._wanted.update(keys)
        if self._found is None:
            loop = asyncio.get_running_loop()
            self._found = loop.create_future()
            loop.call_soon(self._answer)
        return await asyncio.shield(self._found)

    def _answer(self) -> None:
        wanted, self._wanted = self._wanted, set()
        found, self._found = self._found, None
        if found is None:
            return
        try:
            found.set_result(self._look_up(sorted(wanted)))
        except StoreError as error:
            found.set_exception(error)
