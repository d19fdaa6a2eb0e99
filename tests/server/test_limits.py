"""One voter, and one address, may do so much in a minute."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from starlette.datastructures import Headers
from starlette.requests import Request
from tests.server.puppets import Puppet, arena
from tests.server.visitor import Visitor
from tests.support.serve import serve

from palestra.config.schema import Serve
from palestra.server.event_stream import PER_VOTER
from palestra.server.limits import PER_ADDRESS, Limits
from palestra.server.problems import Problem
from palestra.server.security import _believe_proxy, address_of

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("early_in_the_minute")


def test_a_voter_who_is_too_quick_is_told_when_to_come_back(tmp_path: Path) -> None:
    app = arena(tmp_path, [Puppet("red"), Puppet("blue")], battles_per_minute=3, votes_per_minute=2)
    with serve(app) as url, Visitor(url) as visitor:
        made = [visitor.begin() for _ in range(3)]
        reply = visitor.post("/api/matchups", {"prompt": "p"})
        for matchup in made:
            visitor.events(matchup["id"])
        assert (reply.status_code, reply.json()["code"]) == (429, "limit")
        assert 1 <= int(reply.headers["retry-after"]) <= 60
        for path in ("turns", "regenerate", "replace"):
            body = {"prompt": "p"} if path == "turns" else None
            assert visitor.post(f"/api/matchups/{made[0]['id']}/{path}", body).status_code == 429
        assert [visitor.vote(matchup, "tie").status_code for matchup in made] == [200, 200, 429]
        with Visitor(url) as other:
            assert other.post("/api/matchups", {"prompt": "p"}).status_code == 201


async def test_an_address_may_do_more_but_not_anything() -> None:
    limits = Limits(Serve(votes_per_minute=1))
    for number in range(PER_ADDRESS):
        await limits.vote(f"voter {number}", "10.0.0.1")
    with pytest.raises(Problem):
        await limits.vote("one more", "10.0.0.1")
    await limits.vote("one more there", "10.0.0.2")


async def test_sign_ins_are_few() -> None:
    limits = Limits(Serve())
    for _ in range(10):
        await limits.sign_in("10.0.0.1")
    with pytest.raises(Problem) as refused:
        await limits.sign_in("10.0.0.1")
    assert refused.value.status == 429


@pytest.mark.parametrize(("proxy", "expected"), [(False, 429), (True, 201)])
def test_the_proxys_word_on_addresses_counts_only_if_there_is_one(
    tmp_path: Path, proxy: bool, expected: int
) -> None:
    app = arena(tmp_path, [Puppet("red"), Puppet("blue")], battles_per_minute=1, proxy=proxy)
    statuses = []
    with serve(app) as url:
        for number in range(PER_ADDRESS + 1):
            with Visitor(url, headers={"X-Forwarded-For": f"1.2.3.4, 10.0.0.{number}"}) as visitor:
                statuses.append(visitor.post("/api/matchups", {"prompt": "p"}).status_code)
    assert statuses == [201] * PER_ADDRESS + [expected]


def test_what_others_wrote_before_the_proxy_does_not_count(tmp_path: Path) -> None:
    app = arena(tmp_path, [Puppet("red"), Puppet("blue")], battles_per_minute=1, proxy=True)
    statuses = []
    with serve(app) as url:
        for number in range(PER_ADDRESS + 1):
            with Visitor(url, headers={"X-Forwarded-For": f"10.0.0.{number}, 1.2.3.4"}) as visitor:
                statuses.append(visitor.post("/api/matchups", {"prompt": "p"}).status_code)
    assert statuses[-1] == 429


def forwarded(*lines: str) -> Request:
    """A request as it is after a proxy was believed."""
    raw = [(b"x-forwarded-for", line.encode()) for line in lines]
    scope = {"type": "http", "headers": raw, "client": ("127.0.0.1", 1)}
    _believe_proxy(scope, Headers(scope=scope))
    return Request(scope)


@pytest.mark.parametrize(
    ("lines", "address"),
    [
        (("1.1.1.1", "2.2.2.2"), "2.2.2.2"),
        (("1.1.1.1, 3.3.3.3", "4.4.4.4, 2.2.2.2"), "2.2.2.2"),
        (("2001:db8:1:2:aaaa::1",), "2001:db8:1:2::/64"),
        (("2001:db8:1:2:bbbb::9",), "2001:db8:1:2::/64"),
        (("::ffff:2.2.2.2",), "2.2.2.2"),
        (("fe80::1%eth0",), "fe80::/64"),
        (("somebody",), "somebody"),
        ((), "127.0.0.1"),
    ],
)
def test_an_address_is_the_proxys_last_word_and_a_whole_network(lines: tuple[str, ...], address: str) -> None:
    assert address_of(forwarded(*lines)) == address


async def test_two_models_side_by_side_count_as_a_battle() -> None:
    limits = Limits(Serve(battles_per_minute=3))
    await limits.battle("one", "10.0.0.1", 4)
    await limits.battle("one", "10.0.0.1")
    with pytest.raises(Problem):
        await limits.battle("one", "10.0.0.1")
    await limits.battle("another", "10.0.0.1", 40)
    with pytest.raises(Problem):
        await limits.battle("another", "10.0.0.1")


def test_side_by_side_is_counted_by_its_models_and_has_an_end(tmp_path: Path) -> None:
    names = ["red", "blue", "green", "grey"]
    app = arena(tmp_path, [Puppet(name) for name in names], battles_per_minute=5, max_models=3)
    with serve(app) as url, Visitor(url) as visitor:
        many = visitor.post("/api/matchups", {"prompt": "p", "models": names})
        assert (many.status_code, "at most 3" in many.json()["error"]) == (422, True)
        made = visitor.played(models=names[:3])
        visitor.do(made["id"], "regenerate")
        visitor.begin()
        assert visitor.post("/api/matchups", {"prompt": "p"}).status_code == 429


def test_the_oldest_of_too_many_streams_ends(tmp_path: Path) -> None:
    app = arena(tmp_path, [Puppet("red"), Puppet("blue")], battles_per_minute=20)
    with serve(app) as url, Visitor(url) as visitor, ExitStack() as stack:
        first = stack.enter_context(visitor.http.stream("GET", "/api/leaderboard/events"))
        lines = first.iter_lines()
        assert next(lines) == "event: changed"
        for _ in range(PER_VOTER):
            newer = stack.enter_context(visitor.http.stream("GET", "/api/leaderboard/events"))
        assert "event: end" in list(lines)
        assert next(newer.iter_lines()) == "event: changed"
