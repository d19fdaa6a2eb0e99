"""The benchmark of the web arena, as far as it needs no Gradio: a small load loses nothing, and is told."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING, Self

import pytest
from benchmarks.web import report
from benchmarks.web.gradio_arena import Arena
from benchmarks.web.load import Load, Seen, run
from benchmarks.web.measure import Found, measure, percentiles
from benchmarks.web.servers import Answers, Running, stored
from benchmarks.web.voters import VOTERS
from benchmarks.web.wire import Wire
from tests.support import ports

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@pytest.fixture(scope="module")
def found() -> Found:
    """Twenty voters, three battles each, at a real server."""
    return measure("palestra", Answers(12, 0.3), Load(voters=20, battles=3, think=0.05, ramp=0.2))


@pytest.mark.slow
def test_a_small_load_meets_no_error_and_loses_no_vote(found: Found) -> None:
    assert found.seen.errors == []
    assert len(found.seen.acknowledged) == len(set(found.seen.acknowledged)) == 60
    assert found.stored == 60
    assert found.lost == 0


@pytest.mark.slow
def test_everything_is_timed(found: Found) -> None:
    seen = found.seen
    assert len(seen.begins) == len(seen.votes) == 60
    assert len(seen.firsts) > 30
    assert 0 < min(seen.votes) <= max(seen.votes) < seen.took
    assert 0 < found.cpu < 2 * seen.took
    assert 0 < seen.cpu < seen.took
    lines = list(report.paced("palestra", found))
    assert "0 errors, 60 votes acknowledged, 60 of them in the database" in lines[0]
    assert [line.split()[-4:] == [f"{value:.1f}" for value in percentiles(seen.votes)] for line in lines][2]


def test_a_vote_that_is_missing_is_seen(tmp_path: Path) -> None:
    """A vote counts as stored if its battle is there, too."""
    with sqlite3.connect(tmp_path / "arena.db") as opened:
        opened.execute("CREATE TABLE votes (matchup_id)")
        opened.execute("CREATE TABLE battles (matchup_id)")
        opened.executemany("INSERT INTO votes VALUES (?)", [("one",), ("two",)])
        opened.execute("INSERT INTO battles VALUES ('one')")
    server = Running("", 0, tmp_path / "arena.db")
    names = ["one", "two", "three"]
    assert stored(server, names) == 1
    lost = Found(Seen(votes=[0.2], acknowledged=names, took=1.0), stored=1, cpu=0.5)
    assert lost.lost == 2
    errors, votes, p99 = report.limits(lost)
    assert "; met)" in errors
    assert "NOT met" in votes
    assert "NOT met" in p99


def test_the_ratio_is_that_of_each_arenas_best() -> None:
    def at(votes: int) -> Found:
        return Found(Seen(acknowledged=["x"] * votes, took=1.0), stored=votes, cpu=0.5)

    *_, last = report.saturated(
        {"palestra": [(20, at(100)), (200, at(200))], "gradio": [(20, at(50)), (200, at(40))]}
    )
    assert last.endswith(" 4.00")


class Quick:
    """A voter at an arena that takes no time."""

    @classmethod
    async def arrive(cls, host: str, port: int) -> Self:
        return cls()

    async def begin(self) -> None:
        await asyncio.sleep(0.001)

    async def read(self) -> float | None:
        return None

    async def vote(self) -> str:
        return "vote"

    def leave(self) -> None:
        pass


async def test_when_the_time_is_up_no_battle_is_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(VOTERS, "quick", Quick)
    load = Load(voters=3, battles=10**9, think=0.0, ramp=0.0, seconds=0.1)
    seen = await asyncio.wait_for(run("quick", "http://nowhere:1", load), 10)
    assert seen.errors == []
    assert 3 <= len(seen.acknowledged) == len(seen.votes)
    assert 0.1 <= seen.took < 5


class Server:
    """Answers each request with the next of its pieces, one write each."""

    def __init__(self, *replies: Sequence[bytes]) -> None:
        self._replies = list(replies)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for reply in self._replies:
            await reader.readuntil(b"\r\n\r\n")
            for piece in reply:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0.01)
        writer.close()


async def test_the_generators_wire_reads_replies_in_whatever_pieces_they_come() -> None:
    sized = [b"HTTP/1.1 201 Created\r\nContent-Le", b"ngth: 5\r\n\r\nhe", b"llo"]
    chunked = [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n0\r\n\r\r\n",
        b"5\r\nmark!\r\n",
        b"0\r",
        b"\n",
        b"\r\n",
    ]
    sock = ports.bound_socket()
    server = await asyncio.start_server(Server(sized, chunked, []).handle, sock=sock)
    async with asyncio.timeout(20), server:
        wire = await Wire.to(ports.HOST, sock.getsockname()[1])
        first = await wire.get("/")
        assert (first.status, first.body) == (201, b"hello")
        second = await wire.get("/", b"mark!")
        assert second.status == 200
        assert second.body.endswith(b"mark!\r\n0\r\n\r\n")
        assert second.marked is not None
        with pytest.raises(ConnectionError, match="closed"):
            await wire.get("/")
        wire.close()


async def test_the_peers_answers_stream_side_by_side(tmp_path: Path) -> None:
    """The part of the Gradio arena that is not Gradio's."""
    arena = Arena(str(tmp_path / "votes.db"), words=6, seconds=0.6)
    updates = [update async for update in arena.begin("Why?")]
    assert len(updates) > 3
    *_, (battle, left, right, _) = updates
    prompt, model_a, model_b, answer_a, answer_b = battle
    assert prompt == "Why?"
    assert model_a != model_b
    assert left == right == answer_a == answer_b == "".join(f"word{n} " for n in range(6))
    assert all(update[0] is None for update in updates[:-1])
