"""A run keeps what was paid for, whatever goes wrong beside it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from palestra.config.schema import Config
from palestra.errors import StoreError
from palestra.judges.llm import LLMJudge
from palestra.judges.protocols import make_protocol
from palestra.models.scripted import ScriptedModel
from palestra.records.prompt import Message, Prompt
from palestra.run.pipeline import Run
from palestra.run.plan import Plan, assemble
from palestra.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from palestra.models.base import Request
    from palestra.records.response import Response


class PaidModel(ScriptedModel):
    """A scripted model that counts its calls and passes for one that costs money."""

    is_free = False

    def __init__(self, label: str, say: Callable[[Request], str], identity: str | None = None) -> None:
        super().__init__(label, function=say)
        self.name = identity or label
        self.asked: Counter[str] = Counter()
        self.answered = 0

    def identity(self, request: Request) -> dict[str, str]:
        return {"name": self.name}

    async def generate(self, request: Request) -> Response:
        self.asked[request.key] += 1
        await asyncio.sleep(0.005)
        response = await super().generate(request)
        self.answered += 1
        return response


def plan_of(models: list[PaidModel], judge: PaidModel, n_prompts: int = 12, **sections: object) -> Plan:
    config = Config.model_validate(
        {
            "models": [{"label": model.label, "endpoint_type": "scripted"} for model in models],
            "judges": [{"label": judge.label, "endpoint_type": "scripted"}],
            "concurrency": 4,
            **sections,
        }
    )
    prompts = [
        Prompt(question_id=f"q{number}", messages=(Message(role="user", content=f"Question {number}?"),))
        for number in range(n_prompts)
    ]
    return assemble(config, prompts, models, [LLMJudge(judge, make_protocol("pairwise"), label=judge.label)])


def say(text: str) -> Callable[[Request], str]:
    return lambda request: f"{text} {request.messages[-1].content}"


def two_models() -> list[PaidModel]:
    return [PaidModel("one", say("First.")), PaidModel("two", say("Second."))]


def stored(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return sum(
            connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("responses", "verdicts")
        )


async def test_equal_prompts_and_models_are_asked_once(tmp_path: Path) -> None:
    """However the calls fall, a key is asked for once."""
    models = [PaidModel(label, say("Same."), "same") for label in ("one", "two", "three")]
    judge = PaidModel("judge", lambda _: "[[A=B]]")
    plan = plan_of(models, judge, concurrency=7)
    again = assemble(plan.config, [plan.prompts[0]] * 40, plan.models, plan.judges)
    with Database(tmp_path / "a.db") as database:
        await Run(again, database).ask()
    assert max((models[0].asked + models[1].asked + models[2].asked).values()) == 1
    assert max(judge.asked.values()) == 1


async def test_an_error_lets_the_calls_under_way_come_home(tmp_path: Path) -> None:
    models, path = two_models(), tmp_path / "a.db"

    def fail(_: Request) -> str:
        raise ZeroDivisionError

    with Database(path) as database, pytest.raises(ZeroDivisionError):
        await asyncio.wait_for(Run(plan_of(models, PaidModel("judge", fail)), database).ask(), 10)
    assert stored(path) == sum(model.answered for model in models)
    assert sum(model.answered for model in models) == sum(model.asked.total() for model in models)


async def test_a_call_that_is_cancelled_from_within_does_not_hang_the_run(tmp_path: Path) -> None:
    def cancel(_: Request) -> str:
        raise asyncio.CancelledError

    with Database(tmp_path / "a.db") as database, pytest.raises(RuntimeError, match="cancelled from within"):
        await asyncio.wait_for(Run(plan_of(two_models(), PaidModel("judge", cancel)), database).ask(), 10)


async def test_a_row_that_cannot_be_written_ends_the_run_and_costs_only_itself(tmp_path: Path) -> None:
    class Absurd(PaidModel):
        async def generate(self, request: Request) -> Response:
            response = await super().generate(request)
            return response.model_copy(update={"tokens_out": 10**23})

    models, path = [PaidModel("one", say("First.")), Absurd("two", say("Second."))], tmp_path / "a.db"
    judge = PaidModel("judge", lambda _: "[[A>B]]")
    with Database(path) as database, pytest.raises(StoreError, match="too large"):
        await asyncio.wait_for(Run(plan_of(models, judge), database).ask(), 10)
    assert stored(path) == models[0].answered > 0


async def test_two_runs_on_one_store_end_with_the_same_battles(tmp_path: Path) -> None:
    """The second to answer goes on with what the first has stored."""
    draws = iter(range(10_000))
    runs = []
    with Database(tmp_path / "a.db") as one, Database(tmp_path / "a.db") as two:
        for database in (one, two):
            models = [PaidModel(name, lambda _: f"Draw {next(draws)}.") for name in ("one", "two")]
            runs.append(Run(plan_of(models, PaidModel("judge", lambda _: "[[A>B]]")), database))
        await asyncio.gather(*(run.ask() for run in runs))
        played = [[await run.played(index) for index in range(12)] for run in runs]
    assert all(each.complete for of_run in played for each in of_run)
    texts = [[(b.response_a, b.response_b) for each in of_run for b in each.battles] for of_run in played]
    assert texts[0] == texts[1]
    assert len(texts[0]) == 12


async def test_another_writer_is_waited_for_without_holding_the_loop(tmp_path: Path) -> None:
    path, gaps = tmp_path / "a.db", [0.0]

    async def watch() -> None:
        loop = asyncio.get_running_loop()
        last = loop.time()
        while True:
            await asyncio.sleep(0.01)
            gaps.append(loop.time() - last)
            last = loop.time()

    with Database(path) as database, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        watching = asyncio.create_task(watch())
        asyncio.get_running_loop().call_later(1.0, other.execute, "COMMIT")
        await Run(plan_of(two_models(), PaidModel("judge", lambda _: "[[A>B]]")), database).ask()
        watching.cancel()
    assert stored(path) == 24 + 24
    assert max(gaps) < 0.8
