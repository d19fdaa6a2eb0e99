"""The admin: signing in, models on and off, votes and voters looked through and deleted."""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import sqlalchemy as sa
from starlette.responses import Response
from tests.server.boards.making import battle
from tests.server.puppets import Puppet, arena
from tests.server.visitor import Visitor
from tests.support.serve import serve

from palestra.records.failure import Failure, FailureKind
from palestra.records.verdict import Verdict
from palestra.server.sessions import Sessions
from palestra.store.arena_matchups import MatchupRow, TurnRow, insert_matchup
from palestra.store.arena_schema import answers, battles, matchups, turns, votes
from palestra.store.arena_votes import VoteRow, record_vote
from palestra.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from palestra.store.arena_battles import BattleTable

KEY = {"X-API-Key": "admin-key"}


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """On each kind of database."""
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return str(tmp_path)


@contextmanager
def served(place: Path | str, *puppets: Puppet) -> Iterator[tuple[str, httpx.Client]]:
    """An arena, and a client with the admin's key."""
    entries = puppets or tuple(map(Puppet, ("red", "blue", "green")))
    with serve(arena(place, entries)) as url, httpx.Client(base_url=url, headers=KEY, timeout=30) as http:
        yield url, http


def ok(reply: httpx.Response, status: int = 200) -> Any:
    assert reply.status_code == status, reply.text
    return reply.json()


def test_signing_in_and_out(tmp_path: Path) -> None:
    with served(tmp_path) as (url, _), Visitor(url) as visitor:
        assert visitor.get("/api/admin/votes").status_code == 403
        old = visitor.csrf
        visitor.csrf = ok(visitor.post("/api/admin/login", {"key": "admin-key"}))["csrf"]
        assert visitor.csrf != old
        assert ok(visitor.get("/api/session"))["admin"] is True
        assert ok(visitor.get("/api/session"))["csrf"] == visitor.csrf
        assert visitor.get("/api/admin/votes").status_code == 200
        stale = visitor.http.post("/api/admin/logout", headers={"X-CSRF-Token": old})
        assert (stale.status_code, stale.json()["code"]) == (403, "csrf")
        visitor.csrf = ok(visitor.post("/api/admin/logout"))["csrf"]
        assert ok(visitor.get("/api/session"))["admin"] is False
        assert visitor.get("/api/admin/votes").status_code == 403


@pytest.mark.usefixtures("early_in_the_minute")
def test_signing_in_is_limited_and_tells_nothing_of_the_key(tmp_path: Path) -> None:
    with served(tmp_path) as (url, _), Visitor(url) as visitor:
        replies = [visitor.post("/api/admin/login", {"key": f"try {n}"}) for n in range(25)]
        assert [reply.status_code for reply in replies[:10]] == [403] * 10
        assert replies[-1].status_code == 429
        assert int(replies[-1].headers["retry-after"]) > 0
        assert not any("admin-key" in reply.text for reply in replies)
        assert visitor.post("/api/admin/login", {"key": "admin-key"}).status_code == 429


@pytest.mark.usefixtures("early_in_the_minute")
def test_wrong_keys_with_calls_are_limited_like_signing_in(tmp_path: Path) -> None:
    with served(tmp_path) as (url, _):
        wrong = [httpx.get(f"{url}/api/admin/votes", headers={"X-API-Key": f"try {n}"}) for n in range(11)]
        assert [reply.status_code for reply in wrong] == [403] * 10 + [429]
        right = httpx.get(f"{url}/api/admin/votes", headers={"X-API-Key": "admin-key"})
        assert right.status_code == 429
        assert httpx.get(f"{url}/api/session").status_code == 200


def test_an_admin_stays_signed_in_for_half_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sessions = Sessions("secret", "salt", "admin-key")
    now = time.time()
    response = Response()
    signed = sessions.signed_in(sessions.new(), admin=True)
    for hours, admin in ((11.9, True), (12.1, False)):
        monkeypatch.setattr("palestra.server.sessions.time.time", lambda after=hours: now + 3600 * after)
        sessions.write(response, signed, secure=False)  # a page that is loaded does not make it longer
        cookie = response.headers.getlist("set-cookie")[-1].partition("=")[2].partition(";")[0]
        found = sessions.read(cookie)
        assert found is not None
        assert (found.voter, found.admin) == (signed.voter, admin)


def test_another_key_after_a_restart_ends_the_admins_session(tmp_path: Path) -> None:
    with served(tmp_path) as (url, _), Visitor(url) as visitor:
        visitor.post("/api/admin/login", {"key": "admin-key"})
        cookies = visitor.http.cookies
    with serve(arena(tmp_path, [Puppet("red"), Puppet("blue")], key="another")) as url:
        assert httpx.get(f"{url}/api/admin/votes", cookies=cookies).status_code == 403


ROUTES = [
    ("POST", "/api/admin/judge-runs"),
    ("GET", "/api/admin/judge-runs"),
    ("GET", "/api/admin/judge-runs/x"),
    ("POST", "/api/admin/judge-runs/x/stop"),
    ("POST", "/api/admin/judge-runs/x/resume"),
    ("GET", "/api/admin/models"),
    ("PATCH", "/api/admin/models/red"),
    ("GET", "/api/admin/votes"),
    ("DELETE", "/api/admin/votes/x"),
    ("GET", "/api/admin/voters"),
    ("DELETE", "/api/admin/voters/x"),
    *(("GET", f"/api/admin/export/{kind}") for kind in ("battles", "dpo", "kto", "ranked")),
]


def test_all_of_it_is_the_admins_alone(tmp_path: Path) -> None:
    with served(tmp_path) as (url, _), Visitor(url) as visitor:
        for method, path in ROUTES:
            for headers in ({"X-CSRF-Token": visitor.csrf}, {"X-API-Key": "admin-keys"}):
                body: dict[str, Any] | None = {} if method in ("POST", "PATCH") else None
                reply = visitor.http.request(method, path, json=body, headers=headers)
                refused = (
                    (403, 429) if "X-API-Key" in headers else (403,)
                )  # at some time, too many wrong keys
                assert reply.status_code in refused, (method, path)
                assert reply.json()["error"]
        described = httpx.get(f"{url}/openapi.json").json()["paths"]
        mine = [path for path in described if path.startswith("/api/admin/")]
        known = {re.sub(r"/(x|red|battles|dpo|kto|ranked)(?=/|$)", "/{}", path) for _, path in ROUTES}
        asked = {re.sub(r"{.*?}", "{}", path) for path in mine}
        assert asked - known == {"/api/admin/login", "/api/admin/logout"}


def test_a_model_that_is_off_meets_nobody_from_then_on(tmp_path: Path) -> None:
    with served(tmp_path) as (url, http), Visitor(url) as visitor:
        listed = ok(http.get("/api/admin/models"))
        assert [model["label"] for model in listed["items"]] == ["red", "blue", "green"]
        assert listed["items"][0] == {
            "label": "red",
            "organisation": "Puppeteers",
            "licence": "MIT",
            "size_b": 7.0,
            "enabled": True,
            "weight": 1.0,
            "retired": False,
            "n_battles": 0,
            "configured": True,
        }
        changed = ok(http.patch("/api/admin/models/green", json={"enabled": False}))
        assert (changed["enabled"], changed["weight"]) == (False, 1.0)
        for _ in range(8):
            reveal = ok(visitor.vote(visitor.played(), "a"))
            assert {model["label"] for model in reveal["models"]} == {"red", "blue"}
        assert visitor.post("/api/matchups", {"prompt": "p", "models": ["red", "green"]}).status_code == 404
        ok(http.patch("/api/admin/models/green", json={"enabled": True}))
        ok(http.patch("/api/admin/models/blue", json={"weight": 0}))
        for _ in range(8):
            reveal = ok(visitor.vote(visitor.played(), "a"))
            assert {model["label"] for model in reveal["models"]} == {"red", "green"}
        ok(http.patch("/api/admin/models/red", json={"retired": True, "weight": 2.5}))
        rows = ok(http.get("/api/leaderboard"))["rows"]
        assert "red" not in [row["model"] for row in rows]
        kept = {row["model"]: row for row in ok(http.get("/api/leaderboard?retired=1"))["rows"]}
        assert kept["red"]["n_battles"] == 16
    with served(tmp_path) as (_, http):
        red = ok(http.get("/api/admin/models"))["items"][0]
        assert (red["retired"], red["weight"], red["n_battles"]) == (True, 2.5, 16)


@pytest.mark.parametrize(
    ("label", "body", "status"),
    [
        ("nobody", {"enabled": False}, 404),
        ("red", {"weight": -1}, 422),
        ("red", {"weight": "many"}, 422),
        ("red", {"enabled": "no"}, 422),
        ("red", {"colour": "red"}, 422),
        ("red", [], 422),
    ],
)
def test_what_cannot_be_set(tmp_path: Path, label: str, body: Any, status: int) -> None:
    with served(tmp_path) as (_, http):
        assert http.patch(f"/api/admin/models/{label}", json=body).status_code == status
        assert all(model["enabled"] for model in ok(http.get("/api/admin/models"))["items"])


def test_a_deleted_vote_counts_no_more(place: str) -> None:
    with served(place) as (url, http), Visitor(url) as visitor:
        first, second = visitor.played("one", size=3), visitor.played("two")
        shared = ok(visitor.vote(first, "a"))["share"]
        ok(visitor.vote(second, "b"))
        assert ok(http.get("/api/leaderboard"))["n_battles"] == 3
        listed = ok(http.get("/api/admin/votes"))
        assert [vote["prompt"] for vote in listed["items"]] == ["two", "one"]
        assert listed["total"] == 2
        gone = ok(http.delete(f"/api/admin/votes/{first['id']}"))
        assert gone == {"votes": 1, "battles": 2, "matchups": 0}
        assert ok(http.get("/api/leaderboard"))["n_battles"] == 1
        assert ok(http.get("/api/battles"))["total"] == 1
        assert http.get(f"/api{shared}").status_code == 404
        assert ok(http.get("/api/admin/votes"))["total"] == 1
        assert http.delete(f"/api/admin/votes/{first['id']}").status_code == 404
        assert visitor.vote(first, "a").status_code == 409
        assert visitor.matchup(first["id"])["state"] == "abandoned"
        assert ok(visitor.get("/api/session"))["voter"]["votes"] == 1


def test_a_deleted_preference_can_be_given_again(tmp_path: Path) -> None:
    with served(tmp_path) as (_, http):
        ok(http.post("/admin/arena/api/run", json={"prompt": "p"}))
        body = {"prompt": "p", "winner": "red"}
        before = ok(http.post("/admin/arena/api/preference", json=body))
        (vote,) = ok(http.get("/api/admin/votes"))["items"]
        assert (vote["kind"], vote["models"], vote["winner"]) == ("admin", ["red", "blue", "green"], "a")
        ok(http.delete(f"/api/admin/votes/{vote['matchup_id']}"))
        rows = ok(http.get("/admin/arena/api/leaderboard"))["leaderboard"]
        assert all(row["bt_score"] is None for row in rows)
        assert ok(http.post("/admin/arena/api/preference", json=body)) == before
        assert ok(http.get("/api/admin/voters"))["items"] == []


def rows_of(place: str, voter: str) -> dict[str, int]:
    """How many rows of each table are a voter's."""
    with Database(place if "://" in place else f"{place}/arena.db") as database, database.reading() as found:
        own = sa.select(matchups.c.id).where(matchups.c.voter == voter)
        queries = {
            "matchups": sa.select(matchups.c.id).where(matchups.c.voter == voter),
            "votes": sa.select(votes.c.matchup_id).where(votes.c.voter == voter),
            "battles": sa.select(battles.c.seq).where(battles.c.voter == voter),
            "turns": sa.select(turns.c.turn).where(turns.c.matchup_id.in_(own)),
            "answers": sa.select(answers.c.turn).where(answers.c.matchup_id.in_(own)),
        }
        return {name: len(found.execute(query).all()) for name, query in queries.items()}


def everything(place: str) -> str:
    """All texts in the database."""
    with Database(place if "://" in place else f"{place}/arena.db") as database, database.reading() as found:
        tables = sa.inspect(found).get_table_names()
        return " ".join(str(found.execute(sa.text(f'SELECT * FROM "{t}"')).all()) for t in tables)


def test_a_voters_data_is_deleted_whole(place: str) -> None:
    with served(place) as (url, http), Visitor(url) as leaver, Visitor(url) as stayer:
        leaver.vote(leaver.played("my plutonium, and a vote"), "a")
        ok(stayer.vote(stayer.played("something else"), "b"))
        open_one = leaver.played("my plutonium, and no vote")
        leaver.do(open_one["id"], "turns", {"prompt": "my plutonium, again"})
        found = {voter["voter"]: voter for voter in ok(http.get("/api/admin/voters"))["items"]}
        listed = ok(http.get("/api/admin/votes"))["items"]
        mine = next(vote["voter"] for vote in listed if "plutonium" in vote["prompt"])
        assert len(found) == 2
        gone = ok(http.delete(f"/api/admin/voters/{mine}"))
        assert gone == {"votes": 1, "battles": 1, "matchups": 2}
        assert leaver.get(f"/api/matchups/{open_one['id']}").status_code == 404
        assert ok(leaver.get("/api/session"))["voter"]["votes"] == 0
        assert ok(leaver.get("/api/matchups/current")) is None
        assert ok(http.get("/api/leaderboard"))["n_battles"] == 1
        assert [v["voter"] for v in ok(http.get("/api/admin/voters"))["items"]] == [*({*found} - {mine})]
        assert http.delete(f"/api/admin/voters/{mine}").status_code == 404
        ok(leaver.vote(leaver.played("anew"), "a"))  # the visitor may begin again
    assert "plutonium" not in everything(place)
    assert rows_of(place, mine)["votes"] == 1


def test_judges_words_on_a_voters_prompt_go_too_unless_others_asked_the_same(tmp_path: Path) -> None:
    with served(tmp_path) as (url, http), Visitor(url) as leaver, Visitor(url) as stayer:
        for prompt in ("only mine", "hello"):
            leaver.vote(leaver.played(prompt), "a")
        stayer.vote(stayer.played("hello"), "a")
        listed = ok(http.get("/api/battles"))["items"]
        asked = {}
        for row in listed:
            told = ok(http.get(f"/api/battles/{row['battle_id']}"))
            asked[told["prompt"]] = told["question_id"]
        mine = next(
            v["voter"] for v in ok(http.get("/api/admin/votes"))["items"] if v["prompt"] == "only mine"
        )
        with Database(tmp_path / "arena.db") as database:
            failure = Failure(kind=FailureKind.UNREADABLE, message="hm")
            database.put(
                Verdict(
                    key=prompt, question_id=question, model_a="red", model_b="blue", order="ab",
                    judge_model="J", failure=failure,
                )
                for prompt, question in asked.items()
            )  # fmt: skip
        ok(http.delete(f"/api/admin/voters/{mine}"))
    with Database(tmp_path / "arena.db") as database:
        assert set(database.verdicts(["only mine", "hello"])) == {"hello"}


def test_a_vote_faster_than_reading_is_flagged(tmp_path: Path) -> None:
    long = Puppet("red", ["word " * 2000])
    with served(tmp_path, long, Puppet("blue")) as (url, http), Visitor(url) as visitor:
        visitor.vote(visitor.played(), "a")
        (vote,) = ok(http.get("/api/admin/votes?flagged=true"))["items"]
    assert vote["flags"] == ["fast"]


def cast(
    table: BattleTable, number: int, voter: str, models: tuple[str, str], winner: str, **more: Any
) -> None:
    """Write a vote as if it had been cast."""
    row = MatchupRow(f"m{number}", voter, "blind", models, f"q{number}", created=1000.0 + 60 * number)
    vote = VoteRow(row.id, voter, winner, None, (), row.created + 20, more.get("address"))
    decided = battle(number, *models, {"a": "model_a", "b": "model_b"}.get(winner, "tie"), voter=voter)
    with table.database.writing() as connection:
        insert_matchup(connection, row, [TurnRow(0, "p")])
        record_vote(connection, table, vote, [decided], f"share{number}")


def test_voters_that_look_made_up_are_told_with_reasons(tmp_path: Path) -> None:
    from palestra.store.arena_battles import BattleTable

    number = 0
    with Database(tmp_path / "arena.db") as database:
        table = BattleTable(database)
        for n in range(240):  # six honest voters: red is better in three of four
            red_first, red_wins = n % 2 == 0, n % 8 not in (0, 3)
            models = ("red", "blue") if red_first else ("blue", "red")
            cast(table, number, f"honest{n % 6}", models, "a" if red_first == red_wins else "b")
            number += 1
        for n in range(40):
            models = ("red", "blue") if n % 2 else ("blue", "red")
            cast(table, number, "left", models, "a")
            cast(table, number + 1, "contrary", models, "b" if n % 2 else "a")
            cast(table, number + 2, "never", models, "tie")
            number += 3
        for n in range(10):
            cast(table, number, f"office{n}", ("red", "blue"), "a", address="one")
            number += 1
    with served(tmp_path) as (_, http):
        found = ok(http.get("/api/admin/voters"))
        by_name = {voter["voter"]: voter for voter in found["items"]}
        flagged = ok(http.get("/api/admin/votes", params={"flagged": True, "limit": 200}))
        left = ok(http.get("/api/admin/votes", params={"voter": "left", "limit": 3}))
        pages: list[list[str]] = []
        cursor = None
        while cursor or not pages:
            params: dict[str, Any] = {"voter": "left", "limit": 7} | ({"cursor": cursor} if cursor else {})
            page = ok(http.get("/api/admin/votes", params=params))
            pages.append([vote["matchup_id"] for vote in page["items"]])
            cursor = page["next"]
        assert http.get("/api/admin/votes", params={"cursor": "x"}).status_code == 422
        assert http.get("/api/admin/voters", params={"cursor": "-1"}).status_code == 422
        assert len(ok(http.get("/api/admin/voters", params={"limit": 5, "cursor": "5"}))["items"]) == 5
    assert by_name["left"]["flags"] == ["same_side"]
    assert by_name["left"]["reasons"] == ["40 of 40 decisive blind votes went to the answer shown first"]
    assert by_name["left"]["sides"] == {"first": 40, "last": 0}
    assert by_name["never"]["flags"] == ["always_tie"]
    assert by_name["never"]["agreement"] is None
    assert by_name["contrary"]["flags"] == ["disagrees"]
    assert by_name["contrary"]["agreement"] == 0.0
    assert "in 0% of 40 battles" in by_name["contrary"]["reasons"][0]
    assert by_name["office3"]["flags"] == ["shared_address"]
    assert by_name["office3"]["same_address"] == 10
    honest = [by_name[f"honest{n}"] for n in range(6)]
    assert not any(voter["flags"] for voter in honest)
    assert all((voter["votes"], voter["seconds"]) == (40, 20.0) for voter in honest)
    assert honest[0]["first"] < honest[0]["last"]
    assert found["total"] == 19
    assert found["items"][0]["flags"]
    assert flagged["total"] == 130
    assert left["items"][0]["flags"] == ["same_side"]
    assert [len(page) for page in pages] == [7, 7, 7, 7, 7, 5]
    assert len({name for page in pages for name in page}) == 40
