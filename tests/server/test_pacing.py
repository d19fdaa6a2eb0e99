"""With `pad_start`, nobody is known by when or how fast they begin to speak."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from typing import TYPE_CHECKING

from tests.server.puppets import Puppet, arena
from tests.server.visitor import Visitor, texts
from tests.support.serve import serve

from palestra.models.base import Delta
from palestra.server.live.pacing import MOST, keep_step
from palestra.server.live.stream import Stream
from palestra.server.signal import Signal
from palestra.store.arena_matchups import AnswerRow

if TYPE_CHECKING:
    from pathlib import Path


def stream(slot: int) -> Stream:
    return Stream(0, slot, 0, paced=True)


async def feed(one: Stream, received: Signal, *, delay: float, gap: float, words: int = 30) -> None:
    await asyncio.sleep(delay)
    for _ in range(words):
        one.receive(Delta(text="word "))
        received.send()
        await asyncio.sleep(gap)
    one.answer = AnswerRow(0, one.slot, 0, text="word " * words)
    received.send()


async def test_answers_begin_together_and_go_on_in_equal_steps() -> None:
    received, streams = Signal(), [stream(0), stream(1)]
    seen: list[tuple[float, list[int]]] = []
    began = time.perf_counter()

    def look() -> None:
        seen.append((time.perf_counter() - began, [len(one.text()) for one in streams]))

    async with asyncio.TaskGroup() as group:
        group.create_task(keep_step(streams, 0.3, received, look))
        group.create_task(feed(streams[0], received, delay=0.0, gap=0.0))
        group.create_task(feed(streams[1], received, delay=0.1, gap=0.01))
    assert seen[0][0] >= 0.3
    lengths = [both for _, both in seen]
    assert all(a == b for a, b in lengths)
    steps = [after[0] - before[0] for before, after in itertools.pairwise(lengths)]
    assert max(steps) <= MOST
    assert lengths[-1] == [150, 150]


async def test_no_answer_is_shown_before_all_have_begun() -> None:
    received, streams = Signal(), [stream(0), stream(1)]
    shown: list[float] = []
    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        group.create_task(
            keep_step(streams, 0.0, received, lambda: shown.append(time.perf_counter() - began))
        )
        group.create_task(feed(streams[0], received, delay=0.0, gap=0.0))
        group.create_task(feed(streams[1], received, delay=0.4, gap=0.0))
    assert shown[0] >= 0.4


async def test_thinking_is_released_before_the_text_and_nothing_is_lost() -> None:
    received, one = Signal(), stream(0)
    one.receive(Delta(thinking="t" * 100, text="x" * 100))
    one.receive(Delta(text="y" * 50))
    one.answer = AnswerRow(0, 0, 0, text="x" * 100 + "y" * 50, thinking="t" * 100)
    await keep_step([one], 0.0, received, lambda: None)
    assert one.done
    assert "".join(piece.thinking for piece in one.shown) == "t" * 100
    assert "".join(piece.text for piece in one.shown) == "x" * 100 + "y" * 50


def first_times(visitor: Visitor, matchup_id: str) -> dict[str, float]:
    """When each slot's first text came, in seconds after the stream was opened."""
    began = time.perf_counter()
    times: dict[str, float] = {}
    seen = []
    with visitor.reading(matchup_id) as events:
        for event in events:
            seen.append(event)
            for slot, text in texts(seen).items():
                if text:
                    times.setdefault(slot, time.perf_counter() - began)
    return times


def test_first_words_do_not_tell_the_slow_model_from_the_quick_one(tmp_path: Path) -> None:
    puppets = [Puppet("quick", ["Hello", " there."]), Puppet("slow", ["Hello", " there."], delay=0.15)]
    guesses = {0.0: 0, 0.25: 0}
    for pad in guesses:
        folder = tmp_path / f"pad {pad}"
        folder.mkdir()
        with serve(arena(folder, puppets, pad_start=pad)) as url, Visitor(url) as visitor:
            for number in range(20):
                made = visitor.begin(f"Prompt {number} {random.random()}")
                times = first_times(visitor, made["id"])
                reveal = visitor.vote(visitor.matchup(made["id"]), "tie").json()
                slot = {model["label"]: model["slot"] for model in reveal["models"]}
                gap = times[slot["slow"]] - times[slot["quick"]]
                guesses[pad] += gap > 0.02
    assert guesses[0.0] >= 18
    assert guesses[0.25] <= 2


def test_a_paced_battle_shows_all_and_can_be_stopped(tmp_path: Path) -> None:
    puppets = [Puppet("red", ["word "] * 100), Puppet("blue", ["word "] * 30)]
    with serve(arena(tmp_path, puppets, pad_start=0.1)) as url, Visitor(url) as visitor:
        shown = texts(visitor.events(visitor.begin()["id"]))
        assert sorted(shown.values(), key=len) == ["word " * 30, "word " * 100]
        made = visitor.begin("Another.")
        with visitor.reading(made["id"]) as events:
            while next(events)[0] != "delta":
                pass
        stopped = visitor.do(made["id"], "stop")
        said = [answer["text"] for answer in stopped["turns"][0]["answers"]]
        assert all(0 < len(text) < 500 for text in said)
        assert stopped["can_vote"]


def test_the_metrics_do_not_tell_what_is_hidden(tmp_path: Path) -> None:
    puppets = [Puppet("red"), Puppet("blue")]
    with serve(arena(tmp_path, puppets, pad_start=0.01)) as url, Visitor(url) as visitor:
        visitor.played()
        told = visitor.get("/metrics").text
    assert 'palestra_answers_total{outcome="answered"} 2.0' in told
    assert "palestra_answer_seconds_count 0.0" in told
    assert "palestra_first_token_seconds_count 0.0" in told
