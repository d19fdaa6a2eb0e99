"""The load generator, a process of its own: `python -m benchmarks.web.load ARENA URL …`.

Prints what it saw as JSON: seconds of each thing that was done, the votes that were acknowledged, and errors.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import random
import resource
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from benchmarks.web.voters import VOTERS, LoadError

if TYPE_CHECKING:
    from benchmarks.web.voters import Voter


@dataclass(frozen=True, slots=True)
class Load:
    """How many do what."""

    voters: int
    battles: int
    """Of each voter."""
    think: float
    """Seconds between the end of the answers and the vote, on average; half to one and a half times that."""
    ramp: float
    """Seconds in which the voters arrive."""
    seconds: float = 600.0
    """No battle is begun after that."""


@dataclass(slots=True)
class Seen:
    """What the voters saw. Times in seconds."""

    begins: list[float] = field(default_factory=list)
    firsts: list[float] = field(default_factory=list)
    """From sending the prompt to the first text."""
    votes: list[float] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    took: float = 0.0
    """Until the last voter had voted for the last time."""
    cpu: float = 0.0
    """Seconds of processor time of this process."""


async def run(arena: str, url: str, load: Load) -> Seen:
    """Have all voters vote."""
    place = urlsplit(url)
    seen = Seen()
    began, used = time.perf_counter(), _cpu()
    host, port = place.hostname or "127.0.0.1", place.port or 80
    one_after_the_other = [load.ramp * number / load.voters for number in range(load.voters)]
    await asyncio.gather(
        *(_visit(VOTERS[arena], host, port, load, seen, delay) for delay in one_after_the_other)
    )
    seen.took, seen.cpu = time.perf_counter() - began, _cpu() - used
    return seen


async def _visit(kind: type[Voter], host: str, port: int, load: Load, seen: Seen, delay: float) -> None:
    deadline = time.perf_counter() + load.seconds
    await asyncio.sleep(delay)
    try:
        voter = await kind.arrive(host, port)
        for _ in range(load.battles):
            if time.perf_counter() > deadline:
                break
            await _battle(voter, load, seen)
        voter.leave()
    except (LoadError, OSError, ValueError, KeyError) as error:
        seen.errors.append(f"{type(error).__name__}: {error}")


async def _battle(voter: Voter, load: Load, seen: Seen) -> None:
    began = time.perf_counter()
    await voter.begin()
    seen.begins.append(time.perf_counter() - began)
    first = await voter.read()
    if first is not None:
        seen.firsts.append(first - began)
    if load.think:
        await asyncio.sleep(load.think * random.uniform(0.5, 1.5))
    decided = time.perf_counter()
    name = await voter.vote()
    seen.votes.append(time.perf_counter() - decided)
    seen.acknowledged.append(name)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Run what the arguments say."""
    parser = argparse.ArgumentParser()
    parser.add_argument("arena", choices=VOTERS)
    parser.add_argument("url")
    parser.add_argument("load", help="the fields of Load as JSON")
    given = parser.parse_args()
    gc.freeze()
    seen = asyncio.run(run(given.arena, given.url, Load(**json.loads(given.load))))
    json.dump(asdict(seen), sys.stdout)


if __name__ == "__main__":
    main()
