"""A language model that grades one answer at a time; two answers are compared by their grades.

A grade depends on one answer alone, so it is asked for once and serves every matchup of that answer, in
either order. Whoever keeps answers keeps grades the same way: a grade's call is a `Request` with a key.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from palestra.judges.base import Game
from palestra.judges.fence import Fence
from palestra.judges.llm import ATTEMPTS, no_turn, why
from palestra.judges.protocols.base import Unreadable
from palestra.judges.protocols.grade import Grade, graded_winner
from palestra.judges.view import judged_texts, reference_data, shown, until_turn
from palestra.models.base import Request
from palestra.records.answer_grade import AnswerGrade
from palestra.records.battle import Source
from palestra.records.failure import Failure, FailureKind
from palestra.records.keys import call_seed, digest, messages_data, text_data, verdict_key
from palestra.records.matchup import Matchup, Order
from palestra.records.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from palestra.judges.protocols.grade import Single
    from palestra.models.base import Model
    from palestra.records.prompt import Prompt
    from palestra.records.response import Response

    Ask = Callable[[Request], Awaitable[Response | None]]
    """Makes the call, or finds what came of it; None if neither is to be."""


@dataclass(frozen=True, slots=True)
class _Graded:
    """What became of one answer's grade."""

    grade: Grade | Failure
    raw: str | None
    tstamp: float | None


class GradingJudge:
    """Asks a model for a grade of each answer. `system_prompt` comes before the protocol's own."""

    def __init__(
        self,
        model: Model,
        protocol: Single,
        *,
        label: str | None = None,
        system_prompt: str | None = None,
        turn: int | None = None,
    ) -> None:
        """With `turn`, only so many turns of a conversation are graded, from the first."""
        self.model = model
        self._protocol = protocol
        self._label = label or model.label
        self._head = f"{system_prompt}\n\n" if system_prompt else ""
        self._turn = turn

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
        return self.model.takes_seed

    @property
    def is_free(self) -> bool:
        """As the model: true for scripted ones."""
        return self.model.is_free

    @property
    def template(self) -> str:
        """The protocol's, after the system prompt if there is one."""
        return self._head + self._protocol.template

    def key(self, game: Game) -> str:
        """The content key: model, protocol, template, the judged texts, order and repeat."""
        matchup = self._cut(game.matchup) or game.matchup
        first, second = shown(matchup, game.order)
        return verdict_key(
            self._identity(matchup, game.repeat),
            self._head + self._protocol.template_for(matchup.prompt),
            matchup.prompt.messages,
            first.text or "",
            second.text or "",
            game.order.value,
            game.repeat,
        )

    async def judge(self, game: Game) -> Verdict:
        """Grade both answers and compare, asking the model itself; tokens and cost are those of all calls."""
        spent: list[Response] = []

        async def ask(request: Request) -> Response:
            response = await self.reply(request)
            spent.append(response)
            return response

        verdict = await self.decide(game, ask)
        if verdict is None:  # `ask` always answers
            raise AssertionError("a grade was not asked for")
        return verdict.model_copy(
            update={
                name: _total([getattr(response, name) for response in spent])
                for name in ("tokens_in", "tokens_out", "cost_usd")
            }
        )

    async def reply(self, request: Request) -> Response:
        """Make one of the calls that `decide` wants. What cannot be read is a failure that keeps its text."""
        response = await self.model.generate(request)
        if not response.ok:
            return response
        grade = self._protocol.grade(self._protocol.words(response))
        if not isinstance(grade, Unreadable):
            return response
        failure = Failure(kind=FailureKind.UNREADABLE, message=why(grade, response))
        return response.model_copy(update={"failure": failure})

    async def decide(self, game: Game, ask: Ask) -> Verdict | None:
        """Compare by grades that `ask` gets; None if it did not get one.

        The verdict carries no tokens and no cost: a grade that several verdicts share was paid for once.
        """
        matchup = self._cut(game.matchup)
        if matchup is None:
            failed = _Graded(no_turn(self._turn), None, None)
            return self._verdict(game, failed, failed)
        pair = (matchup.response_a, matchup.response_b)
        graded = await asyncio.gather(*(self._grade(game, matchup, response, ask) for response in pair))
        if graded[0] is None or graded[1] is None:
            return None
        return self._verdict(game, graded[0], graded[1])

    async def grade(
        self, prompt: Prompt, response: Response, ask: Ask, *, repeat: int = 0, run_seed: int = 0
    ) -> AnswerGrade | None:
        """One answer's grade, by the same call as in a matchup; None if `ask` did not get it."""
        game = Game(
            Matchup.model_construct(prompt=prompt, response_a=response, response_b=response),
            Order.AB,
            repeat,
            run_seed=run_seed,
        )
        cut = self._cut(game.matchup)
        found: _Graded | None = _Graded(no_turn(self._turn), None, None)
        if cut is not None:
            found = await self._grade(game, cut, cut.response_a, ask)
        if found is None:
            return None
        grade = None if isinstance(found.grade, Failure) else found.grade
        return AnswerGrade(
            question_id=prompt.question_id,
            model=response.model,
            judge_model=self._label,
            protocol=self._protocol.name,
            repeat=repeat,
            score=grade and grade.value,
            explanation=grade and grade.explanation,
            raw=found.raw,
            failure=found.grade if isinstance(found.grade, Failure) else None,
            tstamp=found.tstamp,
        )

    async def aclose(self) -> None:
        """Close the model's connections."""
        await self.model.aclose()

    def _cut(self, matchup: Matchup) -> Matchup | None:
        return matchup if self._turn is None else until_turn(matchup, self._turn)

    def _identity(self, matchup: Matchup, repeat: int) -> dict[str, object]:
        prompt = matchup.prompt
        asked = Request(prompt.question_id, prompt.messages, repeat)
        return {
            "model": self.model.identity(asked),
            "protocol": self._protocol.name,
            "settings": self._protocol.settings,
            "reference": reference_data(prompt) if self._protocol.shows_reference(prompt) else None,
        }

    async def _grade(self, game: Game, matchup: Matchup, response: Response, ask: Ask) -> _Graded | None:
        """One answer's grade; a reply that cannot be read is asked for once more."""
        attempt = 0
        while True:
            reply = await ask(self._request(game, matchup, response, attempt))
            if reply is None:
                return None
            raw = self._protocol.words(reply) or None
            grade = self._protocol.grade(raw or "")
            if reply.failure is None and not isinstance(grade, Unreadable):
                return _Graded(grade, raw, reply.tstamp)
            failure = reply.failure or Failure(kind=FailureKind.UNREADABLE, message=_reason(grade))
            attempt += 1
            if failure.kind is not FailureKind.UNREADABLE or attempt == ATTEMPTS:
                return _Graded(failure, raw, reply.tstamp)

    def _request(self, game: Game, matchup: Matchup, response: Response, attempt: int) -> Request:
        prompt = matchup.prompt
        template = self._head + self._protocol.template_for(prompt)
        said = text_data(response.text or "")
        identity = self._identity(matchup, game.repeat)
        data = ["grade", 1, identity, digest(template), messages_data(prompt.messages), said]
        key = digest([*data, game.repeat, attempt])
        alone = matchup.model_copy(update={"response_a": response, "response_b": response})
        fence = Fence.draw(game.run_seed, key, attempt, judged_texts(alone))
        system, *rest = self._protocol.render_one(prompt, response, fence)
        if self._head:
            system = system.model_copy(update={"content": self._head + system.content})
        return Request(
            question_id=prompt.question_id,
            messages=(system, *rest),
            repeat=game.repeat,
            seed=call_seed(game.run_seed, key, attempt),
            key=key,
            attempt=attempt,
        )

    def _verdict(self, game: Game, a: _Graded, b: _Graded) -> Verdict:
        matchup = game.matchup
        one, two = a.grade, b.grade
        failure = next((grade for grade in (one, two) if isinstance(grade, Failure)), None)
        grades = None if isinstance(one, Failure) or isinstance(two, Failure) else (one, two)
        stamps = [graded.tstamp for graded in (a, b) if graded.tstamp is not None]
        return Verdict(
            key=game.key or self.key(game),
            question_id=matchup.prompt.question_id,
            model_a=matchup.response_a.model,
            model_b=matchup.response_b.model,
            order=game.order,
            repeat=game.repeat,
            judge_model=self._label,
            protocol=self._protocol.name,
            winner=None if grades is None else graded_winner(grades[0].value, grades[1].value),
            score_a=None if grades is None else grades[0].value,
            score_b=None if grades is None else grades[1].value,
            explanation=None if grades is None else _told(grades[0].explanation, grades[1].explanation),
            raw=_told(a.raw, b.raw),
            failure=failure,
            tstamp=max(stamps, default=None),
        )


def _reason(grade: Grade | Unreadable) -> str:
    return grade.reason if isinstance(grade, Unreadable) else "the reply was no grade when it came"


def _told(a: str | None, b: str | None) -> str | None:
    """What was said of model A's answer, then of model B's."""
    parts = [f"Model {name}:\n{text}" for name, text in (("A", a), ("B", b)) if text]
    return "\n\n".join(parts) or None


def _total(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
