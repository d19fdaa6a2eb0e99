"""All of one prompt: answers, verdicts, battles. The live run and the writing of its files share it."""

from __future__ import annotations

import asyncio
import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from palestra.judges.base import Game
from palestra.judges.battles import to_battles
from palestra.judges.grading import GradingJudge
from palestra.judges.llm import ATTEMPTS
from palestra.records.base import updated
from palestra.records.failure import FailureKind
from palestra.records.matchup import Matchup, Order
from palestra.run.generate import answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from palestra.models.base import Request
    from palestra.records.answer_grade import AnswerGrade
    from palestra.records.battle import Battle
    from palestra.records.prompt import Prompt
    from palestra.records.response import Response
    from palestra.records.verdict import Verdict
    from palestra.run.ledger import Ledger
    from palestra.run.pairing import Pair
    from palestra.run.plan import Plan


@dataclass(frozen=True, slots=True)
class Played:
    """What one prompt came to, in schedule order."""

    responses: list[Response]
    verdicts: list[Verdict]
    battles: list[Battle]
    unjudged: int
    """Matchups without a judge's call, because an answer failed."""
    complete: bool
    """False if something was not asked for."""
    grades: list[Graded] = field(default_factory=list)
    """Replies of judges that grade one answer at a time."""
    answer_grades: list[AnswerGrade] = field(default_factory=list)
    """What those come to, by judge, then by model."""


@dataclass(frozen=True, slots=True)
class Graded:
    """What a judge said of one answer."""

    judge: str
    response: Response
    superseded: bool
    """Whether it could not be read and was asked for once more."""


@dataclass(slots=True)
class _Grades:
    """The grades of one prompt's answers: each is asked for once, whoever the answer meets."""

    ledger: Ledger
    group: asyncio.TaskGroup
    tasks: dict[str, tuple[str, Request, asyncio.Task[Response | None]]] = field(default_factory=dict)

    async def ask(self, judge: GradingJudge, request: Request) -> Response | None:
        if request.key not in self.tasks:
            task = self.group.create_task(self.ledger.grade(judge, request))
            self.tasks[request.key] = (judge.label, request, task)
        return await self.tasks[request.key][2]

    def rows(self) -> list[Graded]:
        """What came back, in the order of the keys."""
        rows = []
        for _, (label, request, task) in sorted(self.tasks.items()):
            response = task.result()
            if response is not None:
                unread = response.failure is not None and response.failure.kind is FailureKind.UNREADABLE
                rows.append(Graded(label, response, unread and request.attempt + 1 < ATTEMPTS))
        return rows


@dataclass(frozen=True, slots=True)
class Decided:
    """What one matchup came to."""

    verdicts: list[Verdict]
    battles: list[Battle]
    unjudged: int = 0
    """Verdicts that were not asked for, because an answer failed."""
    complete: bool = True


class Player:
    """Plays prompts of a plan through a ledger. `on_decided` hears of each matchup as it is decided."""

    def __init__(
        self, plan: Plan, ledger: Ledger, run_id: str, on_decided: Callable[[Decided], None] | None = None
    ) -> None:
        self.plan = plan
        self.ledger = ledger
        self.run_id = run_id
        self.on_decided = on_decided

    async def play(self, index: int) -> Played:
        """Play prompt `index`: each matchup is judged as soon as both of its answers are there."""
        prompt = self.plan.prompts[index]
        models = self.plan.competitors(index)
        repeats = range(self.plan.config.schedule.repeats)
        async with asyncio.TaskGroup() as group:
            grades = _Grades(self.ledger, group)
            answers = {
                (model, repeat): group.create_task(self._answer(model, prompt, repeat))
                for model in models
                for repeat in repeats
            }
            decisions = [
                group.create_task(
                    self._decide(
                        prompt, pair, repeat, answers[pair[0], repeat], answers[pair[1], repeat], grades
                    )
                )
                for repeat in repeats
                for pair in self.plan.pairs[index]
            ]
            graded = [
                group.create_task(self._grade(number, prompt, answers[model, repeat], repeat, again, grades))
                for number in range(len(self.plan.judges))
                for model in self.plan.graded(index, number)
                for repeat in repeats
                for again in range(self.plan.judge_repeats(number))
            ]
        responses = [task.result() for task in answers.values()]
        decided = [task.result() for task in decisions]
        return Played(
            responses=[response for response in responses if response is not None],
            verdicts=[verdict for each in decided for verdict in each.verdicts],
            battles=[battle for each in decided for battle in each.battles],
            unjudged=sum(each.unjudged > 0 for each in decided),
            complete=None not in responses
            and all(each.complete for each in decided)
            and all(task.result()[1] for task in graded),
            grades=grades.rows(),
            answer_grades=[grade for task in graded if (grade := task.result()[0]) is not None],
        )

    async def _grade(
        self,
        number: int,
        prompt: Prompt,
        answered: asyncio.Task[Response | None],
        repeat: int,
        again: int,
        grades: _Grades,
    ) -> tuple[AnswerGrade | None, bool]:
        """One answer's grade, if there is an answer; and whether all that was wanted was asked for."""
        judge, response = self.plan.judges[number], await answered
        if not isinstance(judge, GradingJudge) or response is None or not response.ok:
            return None, response is not None
        place = repeat * self.plan.judge_repeats(number) + again
        found = await judge.grade(
            prompt,
            response,
            lambda request: grades.ask(judge, request),
            repeat=place,
            run_seed=self.plan.config.seed,
        )
        return found, found is not None

    async def _answer(self, model: int, prompt: Prompt, repeat: int) -> Response | None:
        return await answer(self.ledger, self.plan.models[model], prompt, repeat, self.plan.config.seed)

    async def _decide(
        self,
        prompt: Prompt,
        pair: Pair,
        repeat: int,
        task_a: asyncio.Task[Response | None],
        task_b: asyncio.Task[Response | None],
        grades: _Grades,
    ) -> Decided:
        decided = await self._judge(prompt, pair, repeat, await task_a, await task_b, grades)
        if self.on_decided is not None:
            self.on_decided(decided)
        return decided

    async def _judge(
        self,
        prompt: Prompt,
        pair: Pair,
        repeat: int,
        response_a: Response | None,
        response_b: Response | None,
        grades: _Grades,
    ) -> Decided:
        if response_a is None or response_b is None:
            return Decided([], [], complete=False)
        if not (response_a.ok and response_b.ok):
            games_each = sum(map(self.plan.judge_repeats, self.plan.judges_of(pair)))
            return Decided([], [], unjudged=games_each * len(self.plan.orders(prompt, pair)))
        matchup = Matchup.model_construct(prompt=prompt, response_a=response_a, response_b=response_b)
        games = list(self._games(matchup, pair, repeat))
        if len(games) == 1:  # spares a task
            verdicts = [await self._verdict(*games[0], grades)]
        else:
            verdicts = await asyncio.gather(*(self._verdict(judge, game, grades) for judge, game in games))
        if None in verdicts:
            return Decided([verdict for verdict in verdicts if verdict is not None], [], complete=False)
        known = [verdict for verdict in verdicts if verdict is not None]
        config = self.plan.config
        battles = to_battles(
            matchup,
            known,
            config.judges,
            swap=config.schedule.swap,
            panel=config.panel,
            run_id=self.run_id,
        )
        return Decided(known, battles)

    def _games(self, matchup: Matchup, pair: Pair, repeat: int) -> Iterable[tuple[int, Game]]:
        orders = self.plan.orders(matchup.prompt, pair)
        for number in self.plan.judges_of(pair):
            judge = self.plan.judges[number]
            repeats = self.plan.judge_repeats(number)
            for again in range(repeats):
                for order in orders:
                    game = Game(matchup, order, repeat * repeats + again, run_seed=self.plan.config.seed)
                    yield number, dataclasses.replace(game, key=judge.key(game))

    async def _verdict(self, number: int, game: Game, grades: _Grades) -> Verdict | None:
        judge = self.plan.judges[number]
        if isinstance(judge, GradingJudge):
            return await judge.decide(game, lambda request: grades.ask(judge, request))
        found = await self.ledger.verdict(judge, game)
        if found is None:
            return None
        told = found.swapped() if game.order is Order.BA else found
        return updated(
            told,
            {
                "question_id": game.matchup.prompt.question_id,
                "model_a": game.matchup.response_a.model,
                "model_b": game.matchup.response_b.model,
                "repeat": game.repeat,
                "judge_model": judge.label,
            },
        )
