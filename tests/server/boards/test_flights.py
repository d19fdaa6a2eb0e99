"""Work that many ask for is done once, and never handed to who asked after it began."""

from __future__ import annotations

import asyncio

import pytest

from palestra.server.boards.flights import Flights


async def test_those_who_wait_share_one_round_and_get_what_was_begun_after_they_asked() -> None:
    flights: Flights[int] = Flights()
    rounds = 0
    gate = asyncio.Event()

    async def work() -> int:
        nonlocal rounds
        rounds += 1
        mine = rounds
        await gate.wait()
        return mine

    first = asyncio.create_task(flights.do("board", work))
    await asyncio.sleep(0)
    late = [asyncio.create_task(flights.do("board", work)) for _ in range(50)]
    await asyncio.sleep(0)
    gate.set()
    assert await first == 1
    assert await asyncio.gather(*late) == [2] * 50
    assert rounds == 2
    assert await flights.do("board", work) == 3


async def test_an_error_reaches_all_who_wait_and_the_next_try_is_a_new_one() -> None:
    flights: Flights[int] = Flights()
    fails = True

    async def work() -> int:
        await asyncio.sleep(0)
        if fails:
            raise ValueError("no board")
        return 1

    found = await asyncio.gather(*(flights.do("x", work) for _ in range(3)), return_exceptions=True)
    assert [str(error) for error in found] == ["no board"] * 3
    fails = False
    assert await flights.do("x", work) == 1


async def test_who_leaves_takes_nothing_from_the_others() -> None:
    flights: Flights[int] = Flights()
    gate = asyncio.Event()

    async def work() -> int:
        await gate.wait()
        return 7

    leaving = asyncio.create_task(flights.do("x", work))
    await asyncio.sleep(0)
    staying = asyncio.create_task(flights.do("x", work))
    await asyncio.sleep(0)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    gate.set()
    assert await staying == 7
