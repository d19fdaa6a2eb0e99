"""Every protocol against a server: what it asks for, replies as they should be, and odd ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.judges.making import game, matchup, prompt
from tests.support.behaviour import Behaviour, Fault, Reply

from palestra.config.judge import JudgeConfig
from palestra.judges.registry import make_judge
from palestra.records.failure import FailureKind
from palestra.records.matchup import Order
from palestra.records.winner import Winner

if TYPE_CHECKING:
    from tests.support.chat_server import ChatServer

    from palestra.records.verdict import Verdict

CRITERIA = [{"name": "accuracy", "weight": 2}, {"name": "tone"}]
GOOD = {
    "arena-hard": "My own answer: 4.\n\nB errs. [[A>>B]]",
    "mt-bench": "B errs. [[A]]",
    "judgearena": "B errs.\nscore_A: 9\nscore_B: 2.5",
    "openarena": "Explanation: B errs.\nScore-A: 9/10\n**score-b: [2.5]**",
    "rubric": "B errs.\naccuracy: A=9 B=2\ntone: A=5 B=5",
    "llmbar": "B errs. Therefore, Output (a) is better.",
}


async def judged(chat: ChatServer, protocol: str, **fields: Any) -> Verdict:
    more = {"criteria": CRITERIA} if protocol == "rubric" else {}
    given = {
        "endpoint_type": "openai",
        "base_url": chat.openai_url,
        "model": "m",
        "protocol": protocol,
        "label": "J",
    }
    judge = make_judge(JudgeConfig.model_validate({**given, **more, **fields}), env={})
    try:
        return await judge.judge(game(matchup(asked=prompt("2 + 2?", category="math", reference="4"))))
    finally:
        await judge.aclose()


@pytest.mark.parametrize("protocol", GOOD)
async def test_a_good_reply_is_a_verdict_and_thinking_is_not_read(chat: ChatServer, protocol: str) -> None:
    other = GOOD[protocol].replace("A", "\0").replace("B", "A").replace("\0", "B")
    chat.behave(Behaviour(reply=Reply.TEXT, text=f"<think>{other}</think>{GOOD[protocol]}"))
    verdict = await judged(chat, protocol)
    assert verdict.failure is None
    assert (verdict.winner, verdict.protocol, verdict.order) == (Winner.A, protocol, Order.AB)
    assert chat.log()["total"] == 1


@pytest.mark.parametrize("protocol", [*GOOD, "evalscope", "mt-bench-single"])
async def test_words_without_a_verdict_are_asked_for_once_more(chat: ChatServer, protocol: str) -> None:
    chat.behave(Behaviour(reply=Reply.TEXT, text="Both are fine."))
    verdict = await judged(chat, protocol)
    assert verdict.failure is not None
    assert verdict.failure.kind is FailureKind.UNREADABLE
    assert verdict.raw is not None
    assert "Both are fine." in verdict.raw
    assert (verdict.winner, verdict.pref, verdict.score_a) == (None, None, None)
    assert chat.log()["total"] == (4 if protocol == "mt-bench-single" else 2)
    seeds = {request["body"]["seed"] for request in chat.requests()}
    assert len(seeds) == chat.log()["total"]


async def test_evalscopes_schema_is_asked_for_and_kept_to(chat: ChatServer) -> None:
    chat.behave(Behaviour(reply=Reply.JSON))
    verdict = await judged(chat, "evalscope")
    assert verdict.failure is None
    assert verdict.label is not None
    [request] = chat.requests()
    schema = request["body"]["response_format"]["json_schema"]["schema"]
    assert schema["required"] == ["reasoning", "verdict"]


async def test_single_grades_are_asked_for_one_answer_at_a_time(chat: ChatServer) -> None:
    chat.behave(Behaviour(reply=Reply.TEXT, text="Rating: [[7]]"))
    verdict = await judged(chat, "mt-bench-single")
    assert (verdict.winner, verdict.score_a, verdict.score_b) == (Winner.TIE, 7, 7)
    asked = [request["body"]["messages"][-1]["content"] for request in chat.requests()]
    assert sorted("Four." in text for text in asked) == [False, True]
    assert all("4" in text for text in asked)


@pytest.mark.parametrize("protocol", ["mt-bench", "mt-bench-single"])
async def test_a_server_that_fails_is_the_verdicts_failure(chat: ChatServer, protocol: str) -> None:
    chat.behave(Behaviour(faults=(Fault.UNAUTHORIZED,), for_good=True))
    verdict = await judged(chat, protocol)
    assert verdict.failure is not None
    assert verdict.failure.kind is FailureKind.AUTH
