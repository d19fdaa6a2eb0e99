"""Many who send the same at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Mapping

AT_ONCE = 50


def send_often(
    url: str, body: Any, times: int, headers: Mapping[str, str], cookies: Mapping[str, str] | None = None
) -> list[httpx.Response]:
    """POST `body` so often, `AT_ONCE` at any time, each on a connection of its own."""
    turns = iter(range(times))

    async def one() -> list[httpx.Response]:
        async with httpx.AsyncClient(headers=headers, cookies=dict(cookies or {}), timeout=120) as client:
            return [await client.post(url, json=body) for _ in turns]

    async def everyone() -> list[list[httpx.Response]]:
        return await asyncio.gather(*(one() for _ in range(AT_ONCE)))

    return [reply for replies in asyncio.run(everyone()) for reply in replies]
