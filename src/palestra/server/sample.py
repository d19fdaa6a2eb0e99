"""The embedded sample arena, as `palestra serve` shows it without a config.

Its five models do not exist: their answers to the sample prompts were written for it. To anything else they
reply, in plain words, that they are samples; a vote on such replies is kept and moves no rating.
"""

from __future__ import annotations

import asyncio
import random
import re
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from palestra.demo.data import demo_config
from palestra.models.base import Delta
from palestra.models.registry import make_model
from palestra.records.failure import FailureKind
from palestra.run.pipeline import Run
from palestra.run.plan import make_plan
from palestra.server.live.generation import SAMPLE_REPLY
from palestra.server.roster import Contestant
from palestra.store.arena_battles import BattleTable
from palestra.store.arena_schema import battles

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from pathlib import Path

    from palestra.config.schema import Config
    from palestra.models.base import Model, Request
    from palestra.records.response import Response
    from palestra.store.database import Database

REPLY = (
    "This is the sample arena, and no language model stands behind it: I have answers to its sample prompts "
    "only, and this is none of them. Draw a random prompt to see one answered.\n\n"
    "To battle real models, start the server with a config: `palestra init` writes one, and "
    "`palestra serve palestra.yaml` opens it."
)
RUN_ID = "sample"
_WORDS = re.compile(r"\s*\S+\s*$|\s*\S+|\s+")
_START_SECONDS = (0.15, 0.7)
_WORD_SECONDS = (0.008, 0.03)


class SampleModel:
    """A recorded `Model` that speaks word by word, and says so where it has no answer.

    How fast it speaks is drawn anew for each answer, so it tells nothing of who speaks.
    """

    takes_seed = True
    is_free = True

    def __init__(self, recorded: Model, *, pace: float = 1.0) -> None:
        """`pace`: 1 as fast as a person reads quickly, 0 at once."""
        self._recorded = recorded
        self._pace = pace

    @property
    def label(self) -> str:
        """The name it goes by in battles."""
        return self._recorded.label

    def identity(self, request: Request) -> Mapping[str, Any]:
        """The recorded text."""
        return self._recorded.identity(request)

    async def generate(self, request: Request) -> Response:
        """The recorded answer, or the reply that says that there is none."""
        response = await self._recorded.generate(request)
        if response.failure is None or response.failure.kind is not FailureKind.MISSING:
            return response
        return response.model_copy(update={"failure": None, "text": REPLY, "finish_reason": SAMPLE_REPLY})

    async def stream(self, request: Request) -> AsyncIterator[Delta | Response]:
        """The same, word by word."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        response = await self.generate(request)
        await asyncio.sleep(self._pace * random.uniform(*_START_SECONDS))
        first = loop.time()
        pause = self._pace * random.uniform(*_WORD_SECONDS)
        for word in _WORDS.findall(str(response.text or "")):
            yield Delta(text=word)
            await asyncio.sleep(pause)
        ended = loop.time()
        facts = {"first_token_ms": 1000 * (first - began), "latency_ms": 1000 * (ended - began)}
        yield response.model_copy(update=facts)

    async def aclose(self) -> None:
        """Nothing is open."""


def sample_config(folder: Path) -> dict[str, Any]:
    """The sample arena's config, for `Config.model_validate`; its files are put into `folder`.

    Raises:
        UsageError: `folder` cannot be written.
    """
    config = demo_config(folder)
    facts = {"organisation": "Palestra's samples", "licence": "Apache-2.0"}
    models = [{**model, **facts} for model in config["models"]]
    return {**config, "arena": {"name": "sample"}, "models": models}


def sample_contestants(config: Config, *, pace: float = 1.0) -> Sequence[Contestant]:
    """The sample models."""
    return [Contestant(model, SampleModel(make_model(model), pace=pace)) for model in config.models]


async def seed_sample(config: Config, database: Database, base_dir: Path) -> int:
    """Put the demo's own battles in, as its metric judged them; returns how many are new.

    Raises:
        StoreError: the database cannot be read or written.
    """
    with database.reading() as connection:
        held = sa.select(sa.func.count()).select_from(battles).where(battles.c.run_id == RUN_ID)
        if connection.execute(held).scalar_one():
            return 0
    plan = make_plan(config, base_dir, {})
    run = Run(plan, database, run_id=RUN_ID)
    try:
        await run.ask()
        found = [battle for i in range(len(plan.prompts)) for battle in (await run.played(i)).battles]
    finally:
        await run.aclose()
    return BattleTable(database).insert(found)
