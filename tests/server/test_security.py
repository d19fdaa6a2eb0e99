"""Every reply has the headers that keep browsers safe; errors are JSON and tell nothing of the inside."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx
import pytest
from tests.server.puppets import Puppet, arena
from tests.server.visitor import Visitor
from tests.support.serve import serve

from palestra.errors import DataError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    app = arena(tmp_path, [Puppet("red"), Puppet("blue")])

    async def broken() -> None:
        raise RuntimeError("inner workings")

    async def store() -> None:
        raise StoreError("the password is swordfish", path="/secret/place")

    async def data() -> None:
        raise DataError("this is no battle", path="/secret/place", hint="send another")

    for path, route in (("/test/broken", broken), ("/test/store", store), ("/test/data", data)):
        app.add_api_route(path, route)
        app.router.routes.insert(0, app.router.routes.pop())  # the pages take every path that is left
    with serve(app) as address:
        yield address


@pytest.mark.parametrize(
    ("path", "status"),
    [("/", None), ("/api/session", 200), ("/api/nothing", 404), ("/test/broken", 500), ("/metrics", 200)],
)
def test_every_reply_has_the_headers(url: str, path: str, status: int | None) -> None:
    reply = httpx.get(url + path)
    assert status is None or reply.status_code == status
    policy = reply.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert all(part in policy for part in ("frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"))
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["referrer-policy"] == "no-referrer"
    assert reply.headers["cross-origin-opener-policy"] == "same-origin"
    assert "access-control-allow-origin" not in reply.headers
    assert "cache-control" in reply.headers


def test_the_unexpected_is_told_without_details(url: str) -> None:
    reply = httpx.get(f"{url}/test/broken")
    assert (reply.status_code, set(reply.json())) == (500, {"error"})
    assert "inner" not in reply.text
    assert "RuntimeError" not in reply.text
    reply = httpx.get(f"{url}/test/store")
    assert reply.status_code == 503
    assert "swordfish" not in reply.text
    assert "secret" not in reply.text


def test_a_visitors_own_mistake_is_told_but_no_path(url: str) -> None:
    reply = httpx.get(f"{url}/test/data")
    assert reply.status_code == 422
    assert reply.json() == {"error": "this is no battle", "hint": "send another"}


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"{", 400, "not JSON"),
        (b"\xff\xfe", 400, "JSON"),
        (b"[]", 422, "JSON"),
        (b"{}", 422, "prompt: is missing"),
        (b'{"prompt": 3}', 422, "prompt"),
        (b'{"prompt": "p", "sise": 2}', 422, "sise: is not known"),
        (b'{"prompt": "p", "size": 5}', 422, "size"),
        (b'{"prompt": "p", "size": 2, "models": ["red", "blue"]}', 422, "either size"),
        (b'{"prompt": "p", "language": "<script>"}', 422, "language"),
        (b'{"prompt": " \\n "}', 422, "write something"),
        (b'{"prompt": "a\\u0000b"}', 422, "character"),
        (b'{"prompt": "a\\ud800b"}', 422, "character"),
        (b'{"prompt": "p", "models": ["red", "green"]}', 404, "green"),
        (b'{"prompt": "p", "models": ["red", "red"]}', 422, "different"),
    ],
)
def test_a_wrong_body_is_told_in_plain_words(url: str, body: bytes, status: int, said: str) -> None:
    with Visitor(url) as visitor:
        headers = {"X-CSRF-Token": visitor.csrf, "Content-Type": "application/json"}
        reply = visitor.http.post("/api/matchups", content=body, headers=headers)
    assert reply.status_code == status, reply.text
    assert said in reply.json()["error"]


def test_sizes_have_limits(tmp_path: Path) -> None:
    with (
        serve(arena(tmp_path, [Puppet("red"), Puppet("blue")], max_prompt_chars=100)) as url,
        Visitor(url) as visitor,
    ):
        assert visitor.post("/api/matchups", {"prompt": "x" * 100}).status_code == 201
        assert visitor.post("/api/matchups", {"prompt": "x" * 101}).status_code == 413
        assert visitor.post("/api/matchups", {"prompt": "x", "system": "x" * 101}).status_code == 413
        huge = visitor.post("/api/matchups", {"prompt": "x" * 100_000})
        assert (huge.status_code, huge.json()["error"]) == (413, "The request is too large.")
        assert "content-security-policy" in huge.headers
        headers = {"X-CSRF-Token": visitor.csrf, "Content-Type": "application/json"}
        pieces = (b"x" * 1000 for _ in range(100))
        chunked = visitor.http.post("/api/matchups", content=pieces, headers=headers)
        assert (chunked.status_code, chunked.json()["error"]) == (413, "The request is too large.")


def test_methods_that_are_not_there(url: str) -> None:
    with Visitor(url) as visitor:
        reply = visitor.http.delete("/api/session", headers={"X-CSRF-Token": visitor.csrf})
    assert reply.status_code == 405
    assert reply.json() == {"error": "This method is not allowed here."}


def test_the_api_is_documented(url: str) -> None:
    described = httpx.get(f"{url}/openapi.json").json()
    assert {"/api/matchups", "/api/matchups/{matchup_id}/vote", "/api/session"} <= set(described["paths"])
    for path, methods in described["paths"].items():
        if path.startswith("/test/"):
            continue
        for method, operation in methods.items():
            assert operation.get("description"), f"{method} {path} is not described"


def test_health_and_metrics(url: str) -> None:
    assert httpx.get(f"{url}/healthz").json()["status"] == "ok"
    with Visitor(url) as visitor:
        visitor.vote(visitor.played(), "a")
    told = httpx.get(f"{url}/metrics").text
    assert 'palestra_votes_total{kind="blind",outcome="won"} 1.0' in told
    assert 'palestra_answers_total{outcome="answered"} 2.0' in told
    assert "palestra_streams_open 0.0" in told
    assert 'route="/api/matchups/{matchup_id}/vote",status="200"} 1.0' in told
    assert not re.search(r"\b(red|blue)\b", told)


def test_methods_of_other_protocols_are_counted_as_one(url: str) -> None:
    for method in ("PROPFIND", "MKCOL", "GET"):
        httpx.request(method, f"{url}/healthz")
    told = httpx.get(f"{url}/metrics").text
    assert "PROPFIND" not in told
    assert "MKCOL" not in told
    assert re.search(r'palestra_requests_total\{method="other",.*\} 2.0', told)
    assert 'palestra_requests_total{method="GET",route="/healthz"' in told
