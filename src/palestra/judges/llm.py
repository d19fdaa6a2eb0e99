"""A language model as the judge."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from palestra.judges.fence import Fence
from palestra.judges.protocols.base import Reading, Unreadable
from palestra.judges.view import judged_texts, reference_data, shown, until_turn
from palestra.models.base import Request
from palestra.records.battle import Source
from palestra.records.failure import Failure, FailureKind
from palestra.records.keys import call_seed, verdict_key
from palestra.records.matchup import Order
from palestra.records.verdict import Verdict
from palestra.records.winner import Winner

if TYPE_CHECKING:
    from palestra.judges.base import Game
    from palestra.judges.protocols.base import Protocol
    from palestra.models.base import Model
    from palestra.records.response import Response

Number = TypeVar("Number", int, float)

ATTEMPTS = 2
"""A reply that cannot be read is asked for once more, with another seed and another fence."""


@dataclass(frozen=True, slots=True)
class _Spent:
    """What all attempts took; None where it is not known."""

    tokens_in: int | None = None
    tokens_out: int | None = None
    cost_usd: float | None = None

    def plus(self, response: Response) -> _Spent:
        return _Spent(
            tokens_in=_sum(self.tokens_in, response.tokens_in),
            tokens_out=_sum(self.tokens_out, response.tokens_out),
            cost_usd=_sum(self.cost_usd, response.cost_usd),
        )


class LLMJudge:
    """Asks a model by a protocol. `system_prompt` comes before the protocol's own system text."""

    def __init__(
        self,
        model: Model,
        protocol: Protocol,
        *,
        label: str | None = None,
        system_prompt: str | None = None,
        turn: int | None = None,
    ) -> None:
        """With `turn`, only so many turns of a conversation are judged, from the first."""
        self._turn = turn
        self._model = model
        self._protocol = protocol
        self._label = label or model.label
        self._head = f"{system_prompt}\n\n" if system_prompt else ""

    @property
    def label(self) -> str:
        """The name it goes by in battles."""
        return self._label

    @property
    def source(self) -> Source:
        """`llm-judge`."""
        return Source.JUDGE

    @property
    def takes_seed(self) -> bool:
        """As the model."""
        return self._model.takes_seed

    @property
    def is_free(self) -> bool:
        """As the model: true for scripted ones."""
        return self._model.is_free

    @property
    def template(self) -> str:
        """The protocol's, after the system prompt if there is one."""
        return self._head + self._protocol.template

    def key(self, game: Game) -> str:
        """The content key: model, protocol, settings, template, the judged texts, order and repeat.

        The reference answer is in it where the template shows it.
        """
        game = self._cut(game) or game
        prompt = game.matchup.prompt
        asked = self._blank(game)
        identity = {
            "model": self._model.identity(asked),
            "protocol": self._protocol.name,
            "settings": self._protocol.settings,
            "reference": reference_data(prompt) if self._protocol.shows_reference(prompt) else None,
        }
        first, second = shown(game.matchup, game.order)
        return verdict_key(
            identity,
            self._head + self._protocol.template_for(prompt),
            prompt.messages,
            first.text or "",
            second.text or "",
            game.order.value,
            game.repeat,
        )

    async def judge(self, game: Game) -> Verdict:
        """Ask, and once more if the reply cannot be read. Tokens and cost are those of all attempts.

        A reply that still cannot be read is a failure of kind `unreadable` with the reply in `raw`. A
        failure of the model is the verdict's failure.
        """
        game = replace(game, key=game.key or self.key(game))
        cut = self._cut(game)
        if cut is None:
            return self._verdict(game, None, _Spent(), None, no_turn(self._turn))
        game = cut
        if self._protocol.ties_equals and game.matchup.response_a.text == game.matchup.response_b.text:
            same = Reading(Winner.TIE, pref=0.5, explanation="The two answers are the same.")
            return self._verdict(game, None, _Spent(), None, same)
        spent = _Spent()
        raw: str | None = None
        attempt = 0
        while True:
            response = await self._model.generate(self._request(game, attempt))
            spent = spent.plus(response)
            attempt += 1
            if response.failure is not None:
                return self._verdict(game, response, spent, raw, response.failure)
            raw = self._protocol.words(response)
            reading = self._protocol.parse(raw)
            if not isinstance(reading, Unreadable):
                return self._verdict(game, response, spent, raw, reading)
            if attempt == ATTEMPTS or reading.hopeless:
                failure = Failure(kind=FailureKind.UNREADABLE, message=why(reading, response))
                return self._verdict(game, response, spent, raw, failure)

    async def aclose(self) -> None:
        """Close the model's connections."""
        await self._model.aclose()

    def _cut(self, game: Game) -> Game | None:
        """The game up to the judged turn; None if there is no such turn."""
        if self._turn is None:
            return game
        matchup = until_turn(game.matchup, self._turn)
        return None if matchup is None else replace(game, matchup=matchup)

    def _blank(self, game: Game) -> Request:
        prompt = game.matchup.prompt
        top = self._protocol.top_logprobs
        return Request(prompt.question_id, prompt.messages, game.repeat, top_logprobs=top)

    def _request(self, game: Game, attempt: int) -> Request:
        matchup = game.matchup
        fence = Fence.draw(game.run_seed, game.key, attempt, judged_texts(matchup))
        system, *rest = self._protocol.render(matchup, game.order, fence)
        if self._head:
            system = system.model_copy(update={"content": self._head + system.content})
        return Request(
            question_id=matchup.prompt.question_id,
            messages=(system, *rest),
            repeat=game.repeat,
            seed=call_seed(game.run_seed, game.key, attempt),
            key=game.key,
            json_schema=self._protocol.json_schema,
            top_logprobs=self._protocol.top_logprobs,
        )

    def _verdict(
        self, game: Game, response: Response | None, spent: _Spent, raw: str | None, result: Reading | Failure
    ) -> Verdict:
        """The verdict as shown, first answer as model_a, then told of model_a and model_b."""
        first, second = shown(game.matchup, game.order)
        reading = None if isinstance(result, Failure) else result
        verdict = Verdict(
            key=game.key,
            question_id=game.matchup.prompt.question_id,
            model_a=first.model,
            model_b=second.model,
            order=Order.AB,
            repeat=game.repeat,
            judge_model=self._label,
            protocol=self._protocol.name,
            winner=reading and reading.winner,
            label=reading and reading.label,
            score_a=reading and reading.score_first,
            score_b=reading and reading.score_second,
            pref=reading and reading.pref,
            explanation=reading and reading.explanation,
            raw=raw,
            failure=result if isinstance(result, Failure) else None,
            tokens_in=spent.tokens_in,
            tokens_out=spent.tokens_out,
            cost_usd=spent.cost_usd,
            tstamp=None if response is None else response.tstamp,
        )
        return verdict if game.order is Order.AB else verdict.swapped()


def no_turn(turn: int | None) -> Failure:
    """Why nothing was judged of a prompt with fewer turns."""
    return Failure(kind=FailureKind.MISSING, message=f"the prompt has no turn {turn} to judge")


def why(reading: Unreadable, response: Response) -> str:
    """Why a reply is unreadable, with a word on one that was cut off."""
    if response.finish_reason == "length":
        return f"{reading.reason} (it was cut off at the token limit)"
    return reading.reason


def _sum(one: Number | None, two: Number | None) -> Number | None:
    if one is None or two is None:
        return two if one is None else one
    return one + two
