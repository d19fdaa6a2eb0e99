"""All of one prompt: answers, verdicts, battles. The live run and the writing of its files share it."""

from __future__ import annotations

import asyncio
import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from palestra.judges.base import Game
from palestra.judges.battles import to_battles
from palestra.records.base import updated
from palestra.records.matchup import Matchup, Order
from palestra.run.generate import answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

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
            answers = {
                (model, repeat): group.create_task(self._answer(model, prompt, repeat))
                for model in models
                for repeat in repeats
            }
            decisions = [
                group.create_task(
                    self._decide(prompt, pair, repeat, answers[pair[0], repeat], answers[pair[1], repeat])
                )
                for repeat in repeats
                for pair in self.plan.pairs[index]
            ]
        responses = [task.result() for task in answers.values()]
        decided = [task.result() for task in decisions]
        return Played(
            responses=[response for response in responses if response is not None],
            verdicts=[verdict for each in decided for verdict in each.verdicts],
            battles=[battle for each in decided for battle in each.battles],
            unjudged=sum(each.unjudged > 0 for each in decided),
            complete=None not in responses and all(each.complete for each in decided),
        )

    async def _answer(self, model: int, prompt: Prompt, repeat: int) -> Response | None:
        return await answer(self.ledger, self.plan.models[model], prompt, repeat, self.plan.config.seed)

    async def _decide(
        self,
        prompt: Prompt,
        pair: Pair,
        repeat: int,
        task_a: asyncio.Task[Response | None],
        task_b: asyncio.Task[Response | None],
    ) -> Decided:
        decided = await self._judge(prompt, pair, repeat, await task_a, await task_b)
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
    ) -> Decided:
        if response_a is None or response_b is None:
            return Decided([], [], complete=False)
        if not (response_a.ok and response_b.ok):
            games_each = sum(map(self.plan.judge_repeats, range(len(self.plan.judges))))
            return Decided([], [], unjudged=games_each * len(self.plan.orders(prompt, pair)))
        matchup = Matchup.model_construct(prompt=prompt, response_a=response_a, response_b=response_b)
        games = list(self._games(matchup, pair, repeat))
        if len(games) == 1:  # spares a task
            verdicts = [await self._verdict(*games[0])]
        else:
            verdicts = await asyncio.gather(*(self._verdict(judge, game) for judge, game in games))
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
        for number, judge in enumerate(self.plan.judges):
            repeats = self.plan.judge_repeats(number)
            for again in range(repeats):
                for order in orders:
                    game = Game(matchup, order, repeat * repeats + again, run_seed=self.plan.config.seed)
                    yield number, dataclasses.replace(game, key=judge.key(game))

    async def _verdict(self, judge: int, game: Game) -> Verdict | None:
        found = await self.ledger.verdict(self.plan.judges[judge], game)
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
                "judge_model": self.plan.judges[judge].label,
            },
        )
