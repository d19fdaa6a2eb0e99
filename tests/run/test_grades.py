"""Judges that grade one answer at a time, in a run: each grade is paid for once."""

from __future__ import annotations

import asyncio
import dataclasses
from collections import Counter
from typing import TYPE_CHECKING

from palestra.config.schema import Config
from palestra.judges.base import Game
from palestra.judges.grading import GradingJudge
from palestra.judges.protocols.grade import Single
from palestra.models.scripted import ScriptedModel
from palestra.records.matchup import Matchup, Order
from palestra.records.prompt import Message, Prompt
from palestra.records.response import Response
from palestra.run.budget import Budget
from palestra.run.estimate import estimate
from palestra.run.ledger import AskingLedger
from palestra.run.pipeline import Run
from palestra.run.plan import Plan, assemble
from palestra.run.progress import Progress
from palestra.run.spending import Spending
from palestra.store.database import Database
from palestra.store.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from palestra.models.base import Request
    from palestra.records.verdict import Verdict

N_MODELS, N_PROMPTS = 4, 3


class PaidModel(ScriptedModel):
    """A scripted model that counts its calls and costs a cent each."""

    is_free = False

    def __init__(self, label: str, say: Callable[[Request], str]) -> None:
        super().__init__(label, function=say)
        self.asked: Counter[str] = Counter()

    def identity(self, request: Request) -> dict[str, str]:
        return {"name": self.label}

    async def generate(self, request: Request) -> Response:
        self.asked[request.key] += 1
        response = await super().generate(request)
        return response.model_copy(update={"cost_usd": 0.01})


def grade(request: Request) -> str:
    shown = request.messages[-1].content
    return f"Rating: [[{next(n for n in range(N_MODELS) if f'answer {n} to' in shown) + 4}]]"


def plan_of(judge: PaidModel, n_models: int = N_MODELS, **sections: object) -> Plan:
    def speaker(number: int) -> Callable[[Request], str]:
        return lambda request: f"answer {number} to {request.messages[-1].content}"

    models = [PaidModel(f"model {number}", speaker(number)) for number in range(n_models)]
    config = Config.model_validate(
        {
            "models": [{"label": model.label, "endpoint_type": "scripted"} for model in models],
            "judges": [{"label": "judge", "endpoint_type": "scripted", "protocol": "mt-bench-single"}],
            **sections,
        }
    )
    prompts = [
        Prompt(question_id=f"q{n}", messages=(Message(role="user", content=f"Question {n}?"),))
        for n in range(N_PROMPTS)
    ]
    return assemble(config, prompts, models, [GradingJudge(judge, Single(), label="judge")])


def played(plan: Plan, database: Database) -> tuple[Run, Spending, int]:
    run = Run(plan, database)
    asyncio.run(run.ask())
    spending, battles = Spending(), 0
    for index in range(len(plan.prompts)):
        one = asyncio.run(run.played(index))
        assert one.complete
        spending.add(one)
        battles += len(one.battles)
    return run, spending, battles


def test_each_answer_is_graded_once_whoever_it_meets_and_in_whatever_order(tmp_path: Path) -> None:
    judge = PaidModel("judge", grade)
    plan = plan_of(judge)
    assert plan.calls().verdicts == N_MODELS * N_PROMPTS
    with Database(tmp_path / "p.db") as database:
        run, spending, battles = played(plan, database)
        assert set(judge.asked.values()) == {1}
        assert len(judge.asked) == N_MODELS * N_PROMPTS
        assert battles == 6 * N_PROMPTS
        assert (run.progress.verdicts.total, run.progress.verdicts.done) == (12, 12)
        assert (spending.judges["judge"].calls, round(spending.judges["judge"].cost_usd or 0, 6)) == (
            12,
            0.12,
        )
        one = asyncio.run(run.played(0))
        assert {(verdict.score_a, verdict.score_b) for verdict in one.verdicts} >= {(4.0, 5.0), (6.0, 7.0)}
        assert not any(battle.flags for battle in one.battles)


def test_a_further_model_costs_its_own_grades_only(tmp_path: Path) -> None:
    with Database(tmp_path / "p.db") as database:
        played(plan_of(PaidModel("judge", grade), N_MODELS - 1), database)
        again = PaidModel("judge", grade)
        plan = plan_of(again)
        parts = asyncio.run(estimate(plan, database))
        assert [(part.calls, part.stored) for part in parts if part.role == "judge"] == [(12, 9)]
        played(plan, database)
        assert again.asked.total() == N_PROMPTS


def test_a_grade_that_cannot_be_read_is_asked_for_again_by_the_next_run_only(tmp_path: Path) -> None:
    with Database(tmp_path / "p.db") as database:
        mute = PaidModel("judge", lambda _: "Hm.")
        _, spending, battles = played(plan_of(mute), database)
        assert (mute.asked.total(), battles) == (2 * 12, 0)
        assert spending.judges["judge"].failed == {"unreadable": 12}
        assert spending.judges["judge"].calls == 12
        better = PaidModel("judge", grade)
        _, spending, battles = played(plan_of(better), database)
        assert (better.asked.total(), battles) == (12, 18)
        assert not spending.judges["judge"].failed


def test_verdicts_asked_for_one_by_one_share_grades_too(tmp_path: Path) -> None:
    """As the server asks: both orders of every pair, each stored, each answer graded once."""
    judge = PaidModel("judge", grade)
    plan = plan_of(judge)
    grading = plan.judges[0]

    async def ask(database: Database) -> list[Verdict]:
        writer, progress = Writer(database), Progress()
        ledger = AskingLedger(database, writer, progress, budget=Budget(), retry_failed=True)
        working = asyncio.create_task(ledger.slots.work())
        found = []
        for a, b in ((0, 1), (1, 2), (0, 2)):
            pair = [
                Response(key=str(n), question_id="q0", model=f"model {n}", text=f"answer {n} to it")
                for n in (a, b)
            ]
            matchup = Matchup(prompt=plan.prompts[0], response_a=pair[0], response_b=pair[1])
            for order in (Order.AB, Order.BA):
                game = Game(matchup, order)
                game = dataclasses.replace(game, key=grading.key(game))
                verdict = await ledger.verdict(grading, game)
                assert verdict is not None
                found.append(verdict)
        ledger.slots.close(1)
        await working
        writer.flush(last=True)
        return found

    with Database(tmp_path / "p.db") as database:
        found = asyncio.run(ask(database))
        assert judge.asked.total() == 3
        assert [(v.model_a, v.score_a) for v in found[:2]] == [("model 0", 4), ("model 1", 5)]
        assert asyncio.run(ask(database)) == found
        assert judge.asked.total() == 3
