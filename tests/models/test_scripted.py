from __future__ import annotations

import time
from typing import Any

import pytest

from palestra.config.endpoint import ModelConfig
from palestra.errors import ConfigError
from palestra.models.base import Delta, Request
from palestra.models.registry import make_model
from palestra.models.scripted import Script, ScriptedModel
from palestra.records.failure import Failure, FailureKind
from palestra.records.prompt import Message
from palestra.records.response import Response


def ask(text: str = "Why?", repeat: int = 0, seed: int | None = None) -> Request:
    return Request("q1", (Message(role="user", content=text),), repeat=repeat, seed=seed)


def scripted(**script: Any) -> ScriptedModel:
    config = {"endpoint_type": "scripted", "label": "S", "script": script}
    model = make_model(ModelConfig.model_validate(config))
    assert isinstance(model, ScriptedModel)
    return model


async def test_it_echoes_or_says_what_it_is_told() -> None:
    assert (await scripted().generate(ask())).text == "Why?"
    assert (await scripted(echo=True).generate(ask())).text == "Why?"
    assert (await scripted(reply="So.").generate(ask())).text == "So."


async def test_replies_are_drawn_by_content_and_repeat_alone() -> None:
    replies = ["a", "b", "c"]
    one, two = scripted(replies=replies), scripted(replies=replies, delay_ms=1)
    asks = [ask(f"question {n}", repeat) for n in range(40) for repeat in (0, 1)]
    first = [(await one.generate(request)).text for request in asks]
    assert first == [(await two.generate(request)).text for request in asks]
    assert set(first) == set(replies)
    assert first[::2] != first[1::2]
    assert (await one.generate(ask(seed=1))).text == (await one.generate(ask(seed=2))).text


async def test_a_draw_never_changes() -> None:
    """Written down once, so that stored runs stay repeatable."""
    model = scripted(replies=["a", "b", "c", "d"])
    assert [(await model.generate(ask(f"{n}"))).text for n in range(8)] == list("ddddbcdd")


async def test_failures_come_in_their_share() -> None:
    model = scripted(
        reply="So.", fail={"kind": "rate_limit", "message": "busy", "status": 429, "share": 0.25}
    )
    answers = [await model.generate(ask(f"question {n}")) for n in range(400)]
    failed = [answer for answer in answers if answer.failure is not None]
    assert 60 < len(failed) < 140
    assert failed[0].failure == Failure(kind=FailureKind.RATE_LIMIT, message="busy", status=429)
    assert failed[0].text is None
    assert (await scripted(fail={}).generate(ask())).failure is not None


async def test_it_takes_its_time() -> None:
    started = time.perf_counter()
    response = await scripted(reply="So.", delay_ms=50).generate(ask())
    assert time.perf_counter() - started >= 0.05
    assert response.latency_ms is not None
    assert response.latency_ms >= 50
    ranged = scripted(reply="So.", delay_ms=[5, 10])
    assert 5 <= ((await ranged.generate(ask())).latency_ms or 0) < 1000


async def test_a_stream_comes_word_by_word() -> None:
    model = scripted(reply="  One two\nthree. ", thinking="Hm.")
    *pieces, last = [item async for item in model.stream(ask())]
    assert pieces == [Delta(thinking="Hm."), Delta(text="  One"), Delta(text=" two"), Delta(text="\nthree. ")]
    assert isinstance(last, Response)
    assert (last.text, last.thinking) == ("  One two\nthree. ", "Hm.")


async def test_a_failed_stream_has_only_a_response() -> None:
    items = [item async for item in scripted(fail={"kind": "timeout"}).stream(ask())]
    assert len(items) == 1


async def test_a_function_can_take_the_scripts_place() -> None:
    def shout(request: Request) -> str | Failure:
        text = request.messages[-1].content
        return text.upper() if text else Failure(kind=FailureKind.REFUSED, message="say something")

    model = ScriptedModel("F", function=shout)
    assert (await model.generate(ask("hi"))).text == "HI"
    response = await model.generate(ask(""))
    assert response.failure is not None
    assert response.failure.kind is FailureKind.REFUSED
    assert "shout" in str(model.identity(ask()))


async def test_an_empty_reply_is_a_failure() -> None:
    response = await scripted(reply=" ").generate(ask())
    assert response.failure is not None
    assert response.failure.kind is FailureKind.EMPTY


async def test_a_price_gives_a_cost() -> None:
    config = {
        "endpoint_type": "scripted",
        "script": {"reply": "a b c"},
        "price": {"input": 1e6, "output": 2e6},
    }
    response = await make_model(ModelConfig.model_validate(config)).generate(ask("x y"))
    assert response.cost_usd == pytest.approx(2 + 6)


def test_the_identity_is_the_script_without_its_delays() -> None:
    same = [scripted(reply="a"), scripted(reply="a", delay_ms=5)]
    assert same[0].identity(ask()) == same[1].identity(ask())
    assert same[0].identity(ask()) != scripted(reply="b").identity(ask())
    assert Script().reply is None


@pytest.mark.parametrize(
    ("script", "key", "words"),
    [
        ({"replys": ["a"]}, "script.replys", "did you mean 'reply'|did you mean 'replies'"),
        ({"fail": {"king": "timeout"}}, "script.fail.king", "did you mean 'kind'"),
        ({"fail": {"kind": "odd"}}, "script.fail.kind", "timeout"),
        ({"fail": {"share": 2}}, "script.fail.share", "less than or equal to 1"),
        ({"delay_ms": -1}, "script.delay_ms", "greater than or equal to 0"),
        ({"replies": []}, "script.replies", "at least 1"),
        ({"reply": "a", "echo": True}, "script", "only one of reply, replies and echo"),
    ],
)
def test_a_script_that_cannot_be_followed_is_told(script: dict[str, Any], key: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        scripted(**script)
    assert str(caught.value.key).startswith(key)
