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
        self._wanted: set[str] = set()
        self._found: asyncio.Future[dict[str, Row]] | None = None

    async def get(self, key: str) -> Row | None:
        """The stored row, or None.

        Raises:
            StoreError: the database cannot be read.
        """
        self._wanted.add(key)
        if self._found is None:
            loop = asyncio.get_running_loop()
            self._found = loop.create_future()
            loop.call_soon(self._answer)
        return (await asyncio.shield(self._found)).get(key)

    def _answer(self) -> None:
        wanted, self._wanted = self._wanted, set()
        found, self._found = self._found, None
        if found is None:
            return
        try:
            found.set_result(self._look_up(sorted(wanted)))
        except Exception as error:  # noqa: BLE001 - whatever it is, somebody waits to hear of it
            found.set_exception(error)
