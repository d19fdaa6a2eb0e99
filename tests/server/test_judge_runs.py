"""Judges on stored battles: foretold, paid for once, watched, stopped, gone on with after a restart."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from tests.server.boards.making import battle
from tests.support.behaviour import Behaviour, Fault, Reply
from tests.support.ports import wait_until
from tests.support.serve import serve

from palestra.config.schema import Config
from palestra.server.app import create_app
from palestra.server.settings import ServerSettings
from palestra.store.arena_battles import BattleTable
from palestra.store.arena_judge_runs import JudgeRunRow, claim_run, insert_run
from palestra.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.chat_server import ChatServer

KEY = {"X-API-Key": "admin-key"}
PATH = "/api/admin/judge-runs"
MODELS = [{"label": name, "endpoint_type": "scripted"} for name in ("red", "blue")]
FREE = {"label": "Free", "endpoint_type": "scripted", "script": {"replies": ["[[A>B]]", "[[B>>A]]"]}}


def paid(chat: ChatServer, **more: Any) -> dict[str, Any]:
    """A judge behind a server that counts its calls."""
    return {
        "label": "Paid",
        "endpoint_type": "openai",
        "model": "judge",
        "base_url": chat.openai_url,
        "api_key": "sk-judge-secret",
        "price": {"input": 10, "output": 20},
        "max_tokens": 100,
        "retries": 0,
        **more,
    }


def fill(place: str, n: int, **more: Any) -> None:
    """Battles with texts, by people."""
    with Database(place) as database:
        BattleTable(database).insert(
            battle(
                number,
                *(("red", "blue") if number % 2 else ("blue", "red")),
                question_id=f"q{number}",
                prompt=f"prompt {number}",
                response_a=f"first {number}",
                response_b=f"second {number}",
                category="maths" if number % 4 == 0 else None,
                **more,
            )
            for number in range(n)
        )


@contextmanager
def judging(place: str, *judges: dict[str, Any], **config: Any) -> Iterator[httpx.Client]:
    """An arena with judges."""
    data = {"models": MODELS, "judges": list(judges), **config}
    settings = ServerSettings(config=Config.model_validate(data), database=place, admin_key="admin-key")
    with serve(create_app(settings)) as url, httpx.Client(base_url=url, headers=KEY, timeout=30) as http:
        yield http


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """On each kind of database."""
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return str(tmp_path / "arena.db")


@pytest.fixture
def here(tmp_path: Path) -> str:
    """A database file."""
    return str(tmp_path / "arena.db")


def ok(reply: httpx.Response, status: int = 200) -> Any:
    assert reply.status_code == status, reply.text
    return reply.json()


def begin(http: httpx.Client, judge: str, **more: Any) -> Any:
    return ok(http.post(PATH, json={"judge": judge, **more}), 201)


def ended(http: httpx.Client, run_id: str) -> dict[str, Any]:
    """The run, once it is no more running."""
    assert wait_until(lambda: ok(http.get(f"{PATH}/{run_id}"))["state"] != "running", 60)
    found: dict[str, Any] = ok(http.get(f"{PATH}/{run_id}"))
    return found


def judged(http: httpx.Client) -> list[dict[str, Any]]:
    """Judges' battles, whole."""
    listed = ok(http.get("/api/battles", params={"source": "judge", "limit": 100}))["items"]
    return [ok(http.get(f"/api/battles/{row['battle_id']}")) for row in listed]


def calls(chat: ChatServer) -> int:
    return int(chat.log()["total"])


def test_what_it_takes_is_said_before_and_nothing_is_asked(here: str, chat: ChatServer) -> None:
    fill(here, 20)
    with judging(here, FREE, paid(chat)) as http:
        found = ok(http.post(PATH, json={"judge": "Paid", "dry_run": True}))
        assert (found["battles"], found["total"], found["calls"], found["stored"]) == (20, 40, 40, 0)
        assert found["free"] is False
        assert found["cost_usd"] == pytest.approx(
            (10 * found["tokens_in"] + 20 * found["tokens_out"]) / 1e6, rel=0.01
        )
        some = {"judge": "Paid", "dry_run": True, "filter": {"category": "maths"}, "limit": 3}
        assert ok(http.post(PATH, json=some))["calls"] == 6
        free = ok(http.post(PATH, json={"judge": "Free", "dry_run": True}))
        assert (free["calls"], free["free"], free["cost_usd"]) == (40, True, 0.0)
        assert ok(http.get(PATH)) == {"items": [], "next": None, "total": 0, "judges": ["Free", "Paid"]}
    assert calls(chat) == 0


def test_verdicts_become_battles_of_the_judge_and_are_paid_for_once(place: str, chat: ChatServer) -> None:
    chat.behave(Behaviour(reply=Reply.TEXT, text="The first is better. [[A>B]]"))
    fill(place, 12)
    with judging(place, paid(chat)) as http:
        run = ended(http, begin(http, "Paid")["id"])
        assert (run["state"], run["total"], run["done"], run["failed"]) == ("done", 24, 24, 0)
        assert calls(chat) == 24
        assert run["cost_usd"] > 0
        assert run["reused"] == 0
        assert run["finished"] >= run["created"]
        found = judged(http)
        assert len(found) == 12
        assert {row["judge_model"] for row in found} == {"Paid"}
        assert {row["source"] for row in found} == {"llm-judge"}
        assert {row["winner"] for row in found} == {"tie"}  # it always prefers what it is shown first
        assert {tuple(row["flags"]) for row in found} == {("order_disagreement",)}
        assert all(len(row["verdicts"]) == 2 for row in found)
        one = next(row for row in found if row["prompt"] == "prompt 3")
        assert (one["model_a"], one["response_a"], one["question_id"]) == ("red", "first 3", "q3")
        board = ok(http.get("/api/leaderboard", params={"source": "judge", "run": run["id"]}))
        assert board["n_battles"] == 12
        assert ok(http.get("/api/leaderboard"))["n_battles"] == 12
        foretold = ok(http.post(PATH, json={"judge": "Paid", "dry_run": True}))
        assert (foretold["calls"], foretold["stored"], foretold["cost_usd"]) == (0, 24, 0.0)
        again = ended(http, begin(http, "Paid")["id"])
        assert (again["done"], again["reused"], again["cost_usd"]) == (24, 24, None)
        assert len(judged(http)) == 12
        listed = ok(http.get(PATH))
        assert [row["id"] for row in listed["items"]] == [again["id"], run["id"]]
    assert calls(chat) == 24


def test_orders_are_told_back_to_the_battles_own_models(here: str) -> None:
    fill(here, 30)
    always_first = FREE | {"script": {"reply": "[[A>B]]"}}
    with judging(here, always_first, schedule={"swap": "both-keep"}) as http:
        run = ended(http, begin(http, "Free")["id"])
        found = judged(http)
    assert (run["done"], len(found)) == (60, 60)
    assert {(row["order"], row["winner"]) for row in found} == {("ab", "model_a"), ("ba", "model_b")}
    assert {row["model_a"] for row in found} == {"red", "blue"}


def test_failed_verdicts_are_counted_and_are_no_battles(here: str, chat: ChatServer) -> None:
    chat.behave(Behaviour(reply=Reply.TEXT, text="I cannot decide."))
    fill(here, 5)
    with judging(here, paid(chat)) as http:
        run = ended(http, begin(http, "Paid")["id"])
        assert (run["state"], run["done"], run["failed"]) == ("done", 0, 10)
        assert run["failures"] == {"unreadable": 10}
        assert judged(http) == []
        chat.behave(Behaviour(reply=Reply.TEXT, text="[[A=B]]"))
        assert ok(http.post(PATH, json={"judge": "Paid", "dry_run": True}))["calls"] == 10
        more = ok(http.post(f"{PATH}/{run['id']}/resume"))
        assert more["state"] == "running"
        run = ended(http, run["id"])
        assert (run["done"], run["failed"], run["failures"]) == (10, 0, {})
        assert len(judged(http)) == 5


def test_it_stops_and_goes_on(here: str, chat: ChatServer) -> None:
    chat.behave(Behaviour(reply=Reply.TEXT, text="[[A>B]]", delay=0.05))
    fill(here, 60)
    with judging(here, paid(chat, concurrency=4)) as http:
        run = begin(http, "Paid")
        assert ok(http.post(PATH, json={"judge": "Paid"}), 409)["code"] == "busy"
        assert ok(http.post(f"{PATH}/{run['id']}/resume"), 409)["code"] == "busy"
        assert wait_until(lambda: ok(http.get(f"{PATH}/{run['id']}"))["done"] >= 10, 30)
        at = ok(http.get(f"{PATH}/{run['id']}"))
        assert at["rate"] > 0
        assert at["seconds_left"] > 0
        assert ok(http.post(f"{PATH}/{run['id']}/stop"))["state"] == "stopped"
        time.sleep(0.5)
        so_far = calls(chat)
        stopped = ok(http.get(f"{PATH}/{run['id']}"))
        assert so_far < 120
        assert (stopped["state"], stopped["done"]) == ("stopped", so_far)
        time.sleep(0.5)
        assert calls(chat) == so_far
        chat.behave(Behaviour(reply=Reply.TEXT, text="[[A>B]]"))
        ok(http.post(f"{PATH}/{run['id']}/resume"))
        done = ended(http, run["id"])
        assert (done["state"], done["done"], done["reused"]) == ("done", 120, so_far)
        assert ok(http.post(f"{PATH}/{run['id']}/stop"))["state"] == "done"
    assert calls(chat) == 120


def test_a_restart_goes_on_by_itself_and_pays_for_nothing_twice(place: str, chat: ChatServer) -> None:
    chat.behave(Behaviour(reply=Reply.TEXT, text="[[A>B]]", delay=0.05))
    fill(place, 50)
    with judging(place, paid(chat, concurrency=4)) as http:
        run = begin(http, "Paid", limit=40)
        assert wait_until(lambda: ok(http.get(f"{PATH}/{run['id']}"))["done"] >= 10, 30)
    so_far = calls(chat)
    assert so_far < 80
    chat.behave(Behaviour(reply=Reply.TEXT, text="[[A>B]]"))
    fill(place, 60)  # ten more than there were
    with judging(place, paid(chat)) as http:
        done = ended(http, run["id"])
        assert (done["state"], done["done"], done["limit"]) == ("done", 80, 40)
        assert done["reused"] == so_far
        assert len(judged(http)) == 40
    assert calls(chat) == 80


def test_what_another_process_runs_is_left_to_it_until_it_is_dead(here: str) -> None:
    fill(here, 3)
    data = {"where": {}, "last": 10**6}
    with Database(here) as database, database.writing() as connection:
        now = time.time()
        for name, beat in (("alive", now + 60), ("dead", now - 60)):
            insert_run(connection, JudgeRunRow(name, "Free", data, now, 6, beat=beat))
        assert not claim_run(connection, "alive", now)
    with judging(here, FREE) as http:
        assert ended(http, "dead")["done"] == 6
        assert ok(http.get(f"{PATH}/alive"))["state"] == "running"
        assert ok(http.post(f"{PATH}/alive/stop"))["state"] == "stopped"


def test_a_judge_that_is_no_more_in_the_config_fails_its_run(here: str) -> None:
    with Database(here) as database, database.writing() as connection:
        insert_run(connection, JudgeRunRow("old", "Gone", {"where": {}}, time.time(), 6))
    with judging(here, FREE) as http:
        run = ended(http, "old")
    assert (run["state"], "Gone" in run["error"]) == ("failed", True)


def test_it_may_cost_so_much_and_no_more(here: str, chat: ChatServer) -> None:
    chat.behave(Behaviour(reply=Reply.TEXT, text="[[A>B]]"))
    fill(here, 40)
    with judging(here, paid(chat, concurrency=1)) as http:
        whole = ok(http.post(PATH, json={"judge": "Paid", "dry_run": True}))["cost_usd"]
        run = ended(http, begin(http, "Paid", max_cost=whole / 4)["id"])
    assert run["state"] == "stopped"
    assert "USD" in run["error"]
    assert 0 < run["cost_usd"] <= whole / 4
    assert 0 < (asked := calls(chat)) < 80
    with judging(here, paid(chat, concurrency=1)) as http:
        ok(http.post(f"{PATH}/{run['id']}/resume"))
        again = ended(http, run["id"])
    assert again["state"] == "stopped"
    assert calls(chat) - asked <= 1  # what one call costs is learnt anew
    assert run["cost_usd"] <= again["cost_usd"] <= run["cost_usd"] * (asked + 2) / asked


def test_a_server_that_breaks_is_no_verdict(here: str, chat: ChatServer) -> None:
    chat.behave(Behaviour(faults=(Fault.SERVER_ERROR,), for_good=True))
    fill(here, 2)
    with judging(here, paid(chat)) as http:
        run = ended(http, begin(http, "Paid")["id"])
        assert (run["failed"], run["done"]) == (4, 0)
        assert "sk-judge-secret" not in http.get(PATH).text


def test_texts_that_were_voted_on_twice_are_judged_once_and_leaks_stay_flagged(here: str) -> None:
    with Database(here) as database:
        texts = {"prompt": "p", "response_a": "I am Red", "response_b": "no", "question_id": "q"}
        BattleTable(database).insert(
            battle(n, "red", "blue", **texts, flags=("identity_leak",), style={"tokens_a": 3.0})
            for n in range(4)
        )
        BattleTable(database).insert([battle(9, "red", "blue")])  # without texts
    with judging(here, FREE) as http:
        run = ended(http, begin(http, "Free")["id"])
        (row,) = judged(http)
    assert (run["total"], run["done"]) == (2, 2)
    assert "identity_leak" in row["flags"]
    assert row["style"]["a"]["tokens"] == 3


def test_conversations_are_judged_whole(here: str) -> None:
    talk = [{"role": "user", "content": "one"}, {"role": "user", "content": "two"}]
    said = [talk[0], {"role": "assistant", "content": "yes"}, talk[1], {"role": "assistant", "content": "no"}]
    with Database(here) as database:
        BattleTable(database).insert(
            [battle(1, "red", "blue", prompt=talk, response_a=said, response_b=said[:3] + said[1:2])]
        )
    with judging(here, FREE) as http:
        assert ended(http, begin(http, "Free")["id"])["done"] == 2
        (row,) = judged(http)
    assert row["prompt"] == talk
    assert row["response_a"] == said


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"judge": "Nobody"}, 400),
        ({"judge": ""}, 422),
        ({}, 422),
        ({"judge": "Free", "limit": 0}, 422),
        ({"judge": "Free", "filter": {"colour": "red"}}, 422),
        ({"judge": "Free", "filter": {"source": "cats"}}, 422),
        ({"judge": "Free", "max_cost": -1}, 422),
    ],
)
def test_what_is_wrong_is_told(here: str, body: dict[str, Any], status: int) -> None:
    with judging(here, FREE) as http:
        assert ok(http.post(PATH, json=body), status)["error"]
        assert ok(http.get(f"{PATH}/nothing"), 404)["error"]
        assert ok(http.post(f"{PATH}/nothing/stop"), 404)["error"]
        assert ok(http.post(f"{PATH}/nothing/resume"), 404)["error"]
        assert ok(http.get(PATH))["total"] == 0
