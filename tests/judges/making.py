"""Prompts, matchups, games and a model made of a function, for tests of judges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from palestra.judges.base import Game
from palestra.records.failure import Failure
from palestra.records.matchup import Matchup, Order
from palestra.records.prompt import Message, Prompt
from palestra.records.response import Response
from palestra.records.verdict import Verdict
from palestra.records.winner import Winner

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from palestra.models.base import Delta, Request
    from palestra.records.battle import Text


def prompt(*turns: str, reference: str | None = None, **facts: Any) -> Prompt:
    messages = tuple(Message(role="user", content=turn) for turn in turns or ("What is 2 + 2?",))
    return Prompt(question_id=facts.pop("question_id", "q1"), messages=messages, reference=reference, **facts)


def matchup(
    a: Text = "Four.", b: Text = "Five.", asked: Prompt | None = None, names: tuple[str, str] = ("X", "Y")
) -> Matchup:
    asked = asked or prompt()
    first, second = (
        Response(key=f"key of {name}", question_id=asked.question_id, model=name, text=text)
        for name, text in zip(names, (a, b), strict=True)
    )
    return Matchup(prompt=asked, response_a=first, response_b=second)


def mirrored(pair: Matchup) -> Matchup:
    return Matchup(prompt=pair.prompt, response_a=pair.response_b, response_b=pair.response_a)


def game(pair: Matchup | None = None, order: Order = Order.AB, repeat: int = 0, seed: int = 0) -> Game:
    return Game(pair or matchup(), order, repeat, run_seed=seed)


def verdict(winner: Winner | None = Winner.A, order: Order = Order.AB, **fields: Any) -> Verdict:
    given = {"key": f"k-{order}", "question_id": "q1", "model_a": "X", "model_b": "Y", "judge_model": "J"}
    return Verdict(**{**given, "winner": winner, "order": order, **fields})


class FunctionModel:
    """A model that answers with what a function makes of each request. It keeps the requests."""

    label = "function"
    takes_seed = True
    is_free = True

    def __init__(self, answer: Callable[[Request], str | Failure], **fields: Any) -> None:
        self._answer = answer
        self._fields = fields
        self.requests: list[Request] = []
        self.closed = False

    def identity(self, request: Request) -> Mapping[str, Any]:
        return {"model": "function"}

    async def generate(self, request: Request) -> Response:
        self.requests.append(request)
        said = self._answer(request)
        result: dict[str, Any] = {"failure": said} if isinstance(said, Failure) else {"text": said}
        return Response(
            key=request.key, question_id=request.question_id, model=self.label, **result, **self._fields
        )

    async def stream(self, request: Request) -> AsyncIterator[Delta | Response]:
        yield await self.generate(request)

    async def aclose(self) -> None:
        self.closed = True
