"""Sessions are signed cookies; what changes something needs the session's token and the arena's own page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
from tests.server.puppets import Puppet, arena
from tests.server.visitor import Visitor
from tests.support.serve import serve

from palestra.server.sessions import COOKIE, Sessions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with serve(arena(tmp_path, [Puppet("red"), Puppet("blue")])) as address:
        yield address


def refused(reply: httpx.Response, status: int, code: str) -> bool:
    body = reply.json()
    return reply.status_code == status and body["code"] == code and bool(body["error"])


def test_a_visitor_keeps_the_session(url: str) -> None:
    with httpx.Client(base_url=url) as client:
        first = client.get("/api/session")
        again = client.get("/api/session")
    assert first.json()["csrf"] == again.json()["csrf"]
    assert first.json() | {"csrf": "", "version": ""} == {
        "csrf": "",
        "arena": {"name": "arena"},
        "sample": False,
        "voter": {"votes": 0},
        "admin": False,
        "limits": {"prompt_chars": 20_000, "turns": 8, "min_votes": 30},
        "panel_sizes": [2],
        "panel": 2,
        "version": "",
    }
    cookie = first.headers["set-cookie"].lower()
    assert all(part in cookie for part in ("httponly", "samesite=lax", "path=/", "max-age="))
    assert "secure" not in cookie


def test_the_cookie_is_for_https_alone_where_that_is_spoken(tmp_path: Path) -> None:
    with serve(arena(tmp_path, [Puppet("red"), Puppet("blue")], proxy=True)) as url:
        reply = httpx.get(f"{url}/api/session", headers={"X-Forwarded-Proto": "https"})
    assert "secure" in reply.headers["set-cookie"].lower()


def test_nothing_changes_without_a_session(url: str) -> None:
    reply = httpx.post(f"{url}/api/matchups", json={"prompt": "p"})
    assert refused(reply, 403, "session")


@pytest.mark.parametrize("token", ["", "0" * 43, "ünsinn"])
def test_nothing_changes_without_the_sessions_token(url: str, token: str) -> None:
    with Visitor(url) as visitor:
        headers = {b"X-CSRF-Token": token.encode()} if token else {}
        reply = visitor.http.post("/api/matchups", json={"prompt": "p"}, headers=headers)
    assert refused(reply, 403, "csrf")


def test_another_sessions_token_is_no_good(url: str) -> None:
    with Visitor(url) as one, Visitor(url) as other:
        one.csrf = other.csrf
        assert refused(one.post("/api/matchups", {"prompt": "p"}), 403, "csrf")


@pytest.mark.parametrize("change", ["x", "", "."])
def test_a_cookie_that_was_not_signed_here_is_no_session(url: str, change: str) -> None:
    with Visitor(url) as visitor:
        cookie = visitor.http.cookies[COOKIE]
        forged = cookie[:-6] + 6 * change if change else "e30.abc.def"
        visitor.http.cookies.clear()
        visitor.http.cookies.set(COOKIE, forged)
        assert refused(visitor.post("/api/matchups", {"prompt": "p"}), 403, "session")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.test"},
        {"Origin": "null"},
        {"Origin": "http://[broken"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_sites_page_changes_nothing(url: str, headers: dict[str, str]) -> None:
    with Visitor(url) as visitor:
        assert refused(visitor.post("/api/matchups", {"prompt": "p"}, **headers), 403, "origin")


def test_the_arenas_own_page_may(url: str) -> None:
    with Visitor(url) as visitor:
        reply = visitor.post(
            "/api/matchups", {"prompt": "p"}, **{"Origin": url, "Sec-Fetch-Site": "same-origin"}
        )
    assert reply.status_code == 201


def test_the_admins_key_takes_the_place_of_a_token_but_not_of_a_session(url: str) -> None:
    reply = httpx.post(f"{url}/api/matchups", json={"prompt": "p"}, headers={"X-API-Key": "admin-key"})
    assert refused(reply, 403, "session")
    wrong = httpx.post(f"{url}/api/nothing", json={}, headers={"X-API-Key": "admin-kez"})
    assert wrong.status_code == 403
    right = httpx.post(f"{url}/api/nothing", json={}, headers={"X-API-Key": "admin-key"})
    assert right.status_code == 405


def test_a_server_of_this_machine_answers_to_its_names_alone(url: str) -> None:
    assert httpx.get(f"{url}/api/session", headers={"Host": "evil.test"}).status_code == 421
    assert httpx.get(f"{url}/api/session", headers={"Host": "localhost:1"}).status_code == 200


def test_marks_of_voters_differ_by_salt_and_do_not_tell_the_voter() -> None:
    one, other = Sessions("s" * 16, "salt", "k"), Sessions("s" * 16, "pepper", "k")
    session = one.new()
    assert one.voter_hash(session) == one.voter_hash(session) != other.voter_hash(session)
    assert session.voter not in one.voter_hash(session)
    assert one.voter_hash(one.new()) != one.voter_hash(session)


def test_whoever_signed_in_is_admin_until_the_key_changes() -> None:
    from starlette.responses import Response

    def cookie_of(sessions: Sessions, admin: bool) -> str:
        response = Response()
        sessions.write(response, sessions.signed_in(sessions.new(), admin=admin), secure=True)
        return response.headers["set-cookie"].partition("=")[2].partition(";")[0]

    sessions, later = Sessions("s" * 16, "salt", "old key"), Sessions("s" * 16, "salt", "new key")
    for admin in (True, False):
        found = sessions.read(cookie_of(sessions, admin))
        assert found is not None
        assert found.admin is admin
    found = later.read(cookie_of(sessions, True))
    assert found is not None
    assert not found.admin
    nobody = Sessions("s" * 16, "salt", "")
    assert not nobody.admin_key_is_right("")
    found = nobody.read(cookie_of(nobody, True))
    assert found is not None
    assert not found.admin
