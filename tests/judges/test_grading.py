from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.judges.making import FunctionModel, game, matchup, mirrored, prompt

from palestra.judges.grading import GradingJudge
from palestra.judges.protocols.grade import Single
from palestra.records.failure import Failure, FailureKind
from palestra.records.matchup import Order
from palestra.records.prompt import Message
from palestra.records.winner import Winner

if TYPE_CHECKING:
    from collections.abc import Callable

    from palestra.models.base import Request


def judge(
    answer: Callable[[Request], str | Failure], turn: int | None = None, **fields: object
) -> GradingJudge:
    return GradingJudge(FunctionModel(answer, **fields), Single(), label="Judge", turn=turn)


def graded_by_length(request: Request) -> str:
    found = re.search(r"<<ANSWER[^>]* (\w+)>>\n(.*?)\n<<END", request.messages[-1].content, re.S)
    assert found
    return f"It has {len(found[2])} letters.\n\nRating: [[{min(10, len(found[2]))}]]"


async def test_each_answer_is_graded_on_its_own_and_the_grades_decide() -> None:
    asking = judge(graded_by_length, tokens_in=10, cost_usd=0.5)
    verdict = await asking.judge(game(matchup("12345678", "123456")))
    assert (verdict.winner, verdict.score_a, verdict.score_b) == (Winner.A, 8, 6)
    assert (verdict.tokens_in, verdict.cost_usd) == (20, 1.0)
    assert verdict.explanation == "Model A:\nIt has 8 letters.\n\nModel B:\nIt has 6 letters."
    assert verdict.raw is not None
    assert "Rating: [[6]]" in verdict.raw
    model = asking.model
    assert isinstance(model, FunctionModel)
    assert all("ANSWER B" not in request.messages[-1].content for request in model.requests)


async def test_the_order_makes_no_difference_and_no_other_call() -> None:
    asking = judge(graded_by_length)
    pair = matchup("12345678", "123456")
    verdicts = [
        await asking.judge(game(each, order))
        for each in (pair, mirrored(pair))
        for order in Order
        if order != "both"
    ]
    assert [verdict.winner for verdict in verdicts] == [Winner.A, Winner.A, Winner.B, Winner.B]
    model = asking.model
    assert isinstance(model, FunctionModel)
    assert len(model.requests) == 8
    assert len({request.key for request in model.requests}) == 2


async def test_a_grade_has_one_key_whoever_the_answer_meets() -> None:
    asking = judge(graded_by_length)
    await asking.judge(game(matchup("same", "one", names=("X", "Y"))))
    await asking.judge(game(matchup("another", "same", names=("Z", "X"))))
    model = asking.model
    assert isinstance(model, FunctionModel)
    assert len({request.key for request in model.requests}) == 3
    await asking.judge(game(matchup("same", "one"), repeat=1))
    assert len({request.key for request in model.requests}) == 5


async def test_an_unreadable_grade_is_asked_for_once_more() -> None:
    def answer(request: Request) -> str:
        return "Hm." if request.attempt == 0 else graded_by_length(request)

    asking = judge(answer)
    verdict = await asking.judge(game(matchup("12345678", "123456")))
    assert verdict.winner is Winner.A
    model = asking.model
    assert isinstance(model, FunctionModel)
    assert len({(request.seed, request.messages) for request in model.requests}) == 4


async def test_a_grade_that_cannot_be_had_is_the_verdicts_failure() -> None:
    unread = await judge(lambda _: "Hm.").judge(game())
    assert unread.failure is not None
    assert unread.failure.kind is FailureKind.UNREADABLE
    assert unread.raw == "Model A:\nHm.\n\nModel B:\nHm."
    assert (unread.winner, unread.score_a) == (None, None)
    late = Failure(kind=FailureKind.TIMEOUT, message="too slow")
    assert (await judge(lambda _: late).judge(game())).failure == late


async def test_nothing_is_decided_without_a_grade() -> None:
    async def ask(request: Request) -> None:
        return None

    assert await judge(graded_by_length).decide(game(), ask) is None


def talk(*answers: str) -> tuple[Message, ...]:
    turns = zip(("First?", "Second?"), answers, strict=True)
    return tuple(
        message
        for asked, said in turns
        for message in (Message(role="user", content=asked), Message(role="assistant", content=said))
    )


async def test_a_turn_is_graded_without_what_came_later() -> None:
    asked = prompt("First?", "Second?", reference="r2", references=("r1", "r2"), category="math")
    pair = matchup(talk("1234567", "12"), talk("12", "1234567"), asked)
    model = FunctionModel(graded_by_length)
    first = await GradingJudge(model, Single(), turn=1).judge(game(pair))
    assert (first.score_a, first.score_b) == (7, 2)
    assert all("Second?" not in request.messages[-1].content for request in model.requests)
    assert all("\nr1\n" in request.messages[-1].content for request in model.requests)
    assert all("\nr2\n" not in request.messages[-1].content for request in model.requests)
    model = FunctionModel(lambda _: "[[5]]")
    await GradingJudge(model, Single(), turn=2).judge(game(pair))
    assert all("\nr2\n" in request.messages[-1].content for request in model.requests)
    third = await GradingJudge(model, Single(), turn=3).judge(game(pair))
    assert third.failure is not None
    assert third.failure.kind is FailureKind.MISSING
    assert "no turn 3" in third.failure.message
