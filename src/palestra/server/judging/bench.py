"""One judge of the config, and what it is shown of a stored battle."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from palestra.config.schema import Swap
from palestra.judges.base import Game
from palestra.judges.battles import to_battles
from palestra.records.base import updated
from palestra.records.battle import Flag
from palestra.records.keys import digest, text_data
from palestra.records.matchup import Matchup, Order
from palestra.records.prompt import Message, Prompt
from palestra.records.response import Response
from palestra.run.pairing import shows_b_first

if TYPE_CHECKING:
    from collections.abc import Sequence

    from palestra.config.judge import JudgeConfig
    from palestra.judges.base import Judge
    from palestra.records.battle import Battle, Text
    from palestra.records.verdict import Verdict
    from palestra.server.prompt_book import PromptBook


@dataclass(frozen=True, slots=True)
class Bench:
    """A judge, and how it is asked."""

    judge: Judge
    config: JudgeConfig
    swap: Swap
    seed: int
    prompts: PromptBook
    """Where reference answers are looked up, which battles do not keep."""

    @property
    def games_each(self) -> int:
        """Verdicts for one battle."""
        return self.config.repeats * (1 if self.swap is Swap.ONCE else 2)

    def games(self, battle: Battle) -> list[Game]:
        """What the judge is asked about a battle, with keys."""
        matchup = self._matchup(battle)
        orders = self._orders(matchup)
        games = [
            Game(matchup, order, again, run_seed=self.seed)
            for again in range(self.config.repeats)
            for order in orders
        ]
        return [dataclasses.replace(game, key=self.judge.key(game)) for game in games]

    def told(self, game: Game, shown: Verdict) -> Verdict:
        """A verdict as it is stored (shown first is A), told of the battle's own models."""
        verdict = shown.swapped() if game.order is Order.BA else shown
        return updated(
            verdict,
            {
                "question_id": game.matchup.prompt.question_id,
                "model_a": game.matchup.response_a.model,
                "model_b": game.matchup.response_b.model,
                "repeat": game.repeat,
                "judge_model": self.judge.label,
            },
        )

    def battles(
        self, judged: Battle, games: Sequence[Game], told: Sequence[Verdict], run_id: str
    ) -> list[Battle]:
        """What the verdicts on a battle come to; whatever was flagged in its texts still is."""
        found = to_battles(games[0].matchup, told, [self.config], swap=self.swap, run_id=run_id)
        leak = sorted({Flag.IDENTITY_LEAK.value} & set(judged.flags))
        return [updated(one, {"style": judged.style, "flags": (*one.flags, *leak)}) for one in found]

    def _matchup(self, battle: Battle) -> Matchup:
        messages = _messages(battle.prompt)
        known = self.prompts.recognise(messages[0].content) if len(messages) == 1 else None
        asked = known is not None and known.question_id == battle.question_id
        prompt = Prompt(
            question_id=battle.question_id or f"battle-{digest([text_data(messages)])[:20]}",
            messages=messages,
            dataset=battle.dataset,
            subset=battle.subset,
            category=battle.category,
            language=battle.language,
            reference=known.reference if asked and known is not None else None,
        )
        a, b = (
            Response(key="", question_id=prompt.question_id, model=model, text=text)
            for model, text in ((battle.model_a, battle.response_a), (battle.model_b, battle.response_b))
        )
        return Matchup.model_construct(prompt=prompt, response_a=a, response_b=b)

    def _orders(self, matchup: Matchup) -> tuple[Order, ...]:
        if self.swap is not Swap.ONCE:
            return (Order.AB, Order.BA)
        a, b = matchup.response_a.model, matchup.response_b.model
        b_first = shows_b_first(self.seed, matchup.prompt.question_id, a, b)
        return (Order.BA,) if b_first else (Order.AB,)


def content_of(battle: Battle) -> str:
    """Equal for battles that show a judge the same: then one judgement is all there is to be had."""
    told = [battle.prompt, battle.response_a, battle.response_b]
    texts = [None if text is None else text_data(text) for text in told]
    return digest([battle.question_id, battle.model_a, battle.model_b, *texts])


def _messages(prompt: Text | None) -> tuple[Message, ...]:
    if isinstance(prompt, tuple):
        return prompt
    return (Message(role="user", content=prompt or ""),)
