"""Streams that keep step, so that no model is known by when or how fast it speaks.

With `serve.pad_start`, the answers of a blind battle are held until each of them has begun, and at least so
many seconds. From then on they are released in equal steps: at each tick every answer shows the same number
of characters, which is what the slowest one has ready, and never more than `MOST`. An answer that has ended
holds no other back. What is not hidden is how long an answer is, and of course what it says.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from palestra.server.live.stream import Stream
    from palestra.server.signal import Signal

TICK = 0.04
"""Seconds."""
MOST = 40
"""Characters of a tick; 1,000 a second."""


async def keep_step(
    streams: Sequence[Stream], pad: float, received: Signal, on_release: Callable[[], None]
) -> None:
    """Release the streams together until all are shown whole. `received` is sent whenever a piece comes or an
    answer ends; `on_release` is called after each tick that showed something.
    """
    loop = asyncio.get_running_loop()
    opening = loop.time() + pad
    seen = received.count
    while not all(stream.received for stream in streams):
        seen = await received.wait(seen)
    await asyncio.sleep(max(0.0, opening - loop.time()))
    tick = loop.time()
    while not all(stream.done for stream in streams):
        if _release(streams):
            on_release()
            if all(stream.done for stream in streams):
                return
        tick = max(tick + TICK, loop.time())
        await asyncio.sleep(tick - loop.time())


def _release(streams: Sequence[Stream]) -> bool:
    """One tick; whether anything was shown."""
    ready = min([MOST, *(stream.held_chars for stream in streams if stream.answer is None)])
    released = False
    for stream in streams:
        released = stream.release(ready) or released
    return released
