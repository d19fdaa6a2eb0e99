"""Models whose words, pace and failures a test decides, and arenas of them."""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from palestra.config.endpoint import ModelConfig
from palestra.config.schema import Config
from palestra.models.base import Delta
from palestra.records.failure import Failure, FailureKind
from palestra.records.response import Response
from palestra.server.app import create_app
from palestra.server.roster import Contestant
from palestra.server.settings import ServerSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from pathlib import Path

    from fastapi import FastAPI

    from palestra.models.base import Request


@dataclass
class Puppet:
    """A `Model` that says its words; before `pause_at` (a number of words) it waits for `go`."""

    label: str
    words: Sequence[str] = ("Hello", " there.")
    thinking: str = ""
    fails: bool = False
    pause_at: int | None = None
    delay: float = 0.0
    """Seconds before the first word."""
    gap: float = 0.0
    """Seconds after each word."""
    go: threading.Event = field(default_factory=threading.Event)
    asked: list[Request] = field(default_factory=list)

    takes_seed = True
    is_free = True

    def identity(self, request: Request) -> Mapping[str, Any]:
        return {"puppet": self.label}

    async def generate(self, request: Request) -> Response:
        raise AssertionError("the server streams")

    async def stream(self, request: Request) -> AsyncIterator[Delta | Response]:
        self.asked.append(request)
        began = time.perf_counter()
        await asyncio.sleep(self.delay)
        if self.thinking:
            yield Delta(thinking=self.thinking)
        for number, word in enumerate(self.words):
            while number == self.pause_at and not self.go.is_set():
                await asyncio.sleep(0.005)
            yield Delta(text=word)
            await asyncio.sleep(self.gap)
        failure = Failure(kind=FailureKind.OTHER, message=f"{self.label} at http://provider.test broke")
        yield Response(
            key="",
            question_id=request.question_id,
            model=self.label,
            text=None if self.fails else "".join(self.words),
            thinking=self.thinking or None,
            failure=failure if self.fails else None,
            finish_reason="stop",
            latency_ms=1000 * (time.perf_counter() - began),
            first_token_ms=1000 * self.delay,
            tokens_in=3,
            tokens_out=len(self.words),
            cost_usd=0.5,
            tstamp=time.time(),
        )

    async def aclose(self) -> None:
        pass


def contestants(puppets: Sequence[Puppet]) -> list[Contestant]:
    facts = {"endpoint_type": "scripted", "organisation": "Puppeteers", "licence": "MIT", "size_b": 7}
    return [Contestant(ModelConfig.model_validate({"label": p.label, **facts}), p) for p in puppets]


def arena(folder: Path | str, puppets: Sequence[Puppet], *, key: str = "admin-key", **serve: Any) -> FastAPI:
    """An arena of puppets; `folder` is where its database goes, or the database's URL."""
    place = str(folder) if "://" in str(folder) else f"{folder}/arena.db"
    limits = {"votes_per_minute": 0, "battles_per_minute": 0}
    entries = contestants(puppets)
    config = Config(models=tuple(entry.config for entry in entries)).model_dump(mode="json")
    settings = ServerSettings(
        config=Config.model_validate({**config, "serve": {**limits, **serve}}), database=place, admin_key=key
    )
    return create_app(settings, contestants=entries)
