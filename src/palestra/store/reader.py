"""Reading from an event loop: what is looked up in one turn of the loop shares a query."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Row = TypeVar("Row")


class Reader(Generic[Row]):
    """Looks up rows by key, with one query for all who ask in the same turn of the loop."""

    def __init__(self, look_up: Callable[[Sequence[str]], dict[str, Row]]) -> None:
        """`look_up` is `Database.responses` or `Database.verdicts`."""
        self._look_up = look_up
        self._asked: list[tuple[str, asyncio.Future[Row | None]]] = []

    async def get(self, key: str) -> Row | None:
        """The stored row, or None.

        Raises:
            StoreError: the database cannot be read.
        """
        loop = asyncio.get_running_loop()
        if not self._asked:
            loop.call_soon(self._answer)
        found: asyncio.Future[Row | None] = loop.create_future()
        self._asked.append((key, found))
        return await found

    def _answer(self) -> None:
        asked, self._asked = self._asked, []
        try:
            rows = self._look_up(sorted({key for key, _ in asked}))
        except Exception as error:  # noqa: BLE001 - whatever it is, somebody waits to hear of it
            for _, found in asked:
                if not found.done():
                    found.set_exception(error)
            return
        for key, found in asked:
            if not found.done():
                found.set_result(rows.get(key))
