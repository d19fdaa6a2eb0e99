"""Nothing that a voter gets before the vote tells who answers."""

from __future__ import annotations

import base64
import json
import logging
import re
from typing import TYPE_CHECKING

import pytest
from tests.server.puppets import Puppet, arena
from tests.server.tee import tee
from tests.server.visitor import Visitor
from tests.support.serve import serve

from palestra.config.schema import Config
from palestra.server.app import create_app
from palestra.server.settings import ServerSettings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.chat_server import ChatServer

NAMES = ("heron-seven", "ibis-nine", "egret-two", "stork-four")
PROVIDER = "Waterbirds Incorporated"
HIDDEN = (*NAMES, PROVIDER, "wb-large", "openai", "anthropic", "ollama", "scripted", "vllm", "127.0.0.1:")


def tells(text: str, words: tuple[str, ...]) -> list[str]:
    """The words that stand in a text, as they are or encoded."""
    found = []
    for word in words:
        encoded = base64.b64encode(word.encode()).decode().rstrip("=")[:-1]
        shapes = (word, word.encode().hex(), encoded, word.replace(" ", "%20"))
        if any(shape.lower() in text.lower() for shape in shapes):
            found.append(word)
    return found


def models(chat: ChatServer) -> list[dict[str, object]]:
    """Four models in four wire shapes."""
    places = (
        ("openai", chat.openai_url),
        ("anthropic", chat.url),
        ("ollama", chat.url),
        ("vllm", chat.openai_url),
    )
    return [
        {
            "label": name,
            "endpoint_type": kind,
            "model": f"wb-large-{i}",
            "base_url": place,
            "api_key": "sk-canary",
            "organisation": PROVIDER,
            "retries": 0,
        }
        for i, (name, (kind, place)) in enumerate(zip(NAMES, places, strict=True))
    ]


@pytest.mark.slow
def test_no_byte_before_the_vote_tells_a_model(
    chat: ChatServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config = Config.model_validate(
        {"models": models(chat), "serve": {"votes_per_minute": 0, "battles_per_minute": 0}}
    )
    caplog.set_level(logging.DEBUG, logger="palestra")
    caplog.set_level(logging.INFO, logger="uvicorn")
    app = create_app(ServerSettings(config=config, database=str(tmp_path / "arena.db")))
    with serve(app) as server, tee(server) as (url, wire), Visitor(url) as visitor:
        for number in range(200):
            made = visitor.begin(f"Question {number}?")
            visitor.events(made["id"])
            if number % 20 == 0:
                visitor.do(made["id"], "regenerate")
                visitor.do(made["id"], "stop")
                visitor.do(made["id"], "regenerate")
                visitor.events(made["id"])
            if number % 10 == 0:
                visitor.get(f"/api/matchups/{made['id']}")
                visitor.get("/api/matchups/current")
                visitor.get("/healthz")
                visitor.get("/metrics")
        recorded = wire.sent.decode()
        cookie = visitor.http.cookies["palestra"]
    assert recorded.count("event: end") >= 200
    assert recorded.count('"status":"done"') >= 400
    said = recorded.replace(url.removeprefix("http://"), "")
    assert tells(said, HIDDEN) == []
    payload = cookie.partition(".")[0]
    assert set(json.loads(base64.urlsafe_b64decode(payload + "=="))) == {"v", "n"}
    assert tells(caplog.text, (*NAMES, PROVIDER, "sk-canary")) == []


def test_failures_do_not_tell_the_provider_either(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    puppets = [Puppet(name, fails=i < 3) for i, name in enumerate(NAMES)]
    with serve(arena(tmp_path, puppets)) as server, tee(server) as (url, wire), Visitor(url) as visitor:
        for _ in range(10):
            visitor.events(visitor.begin()["id"])
        recorded = wire.sent.decode()
    assert "event: replaced" in recorded
    assert tells(recorded, (*NAMES, "Puppeteers", "provider.test")) == []
    assert tells(caplog.text, (*NAMES, "provider.test")) == []


def test_ids_and_tokens_say_nothing_of_the_models(tmp_path: Path) -> None:
    """The same two models have another id each time; the token is of the matchup and the session alone."""
    with serve(arena(tmp_path, [Puppet("red"), Puppet("blue")])) as url, Visitor(url) as visitor:
        made = [visitor.begin("Same prompt.") for _ in range(20)]
    assert len({matchup["id"] for matchup in made}) == 20
    assert all(re.fullmatch(r"[\w-]{22}", matchup["id"]) for matchup in made)
    assert all(re.fullmatch(r"[0-9a-f]{43}", matchup["token"]) for matchup in made)
