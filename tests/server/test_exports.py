"""Battles and training data as files over HTTP."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from tests.server.boards.making import NOON, battle, battles
from tests.server.puppets import Puppet, arena
from tests.server.visitor import Visitor
from tests.support.serve import serve

from palestra.interchange.battles import read_battles
from palestra.interchange.rank import rank
from palestra.store.arena_battles import BattleTable
from palestra.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from palestra.records.battle import Battle

KEY = {"X-API-Key": "admin-key"}


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """On each kind of database."""
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return str(tmp_path)


@contextmanager
def holding(place: str, held: Sequence[Battle]) -> Iterator[httpx.Client]:
    """An arena with these battles."""
    with Database(place if "://" in place else f"{place}/arena.db") as database:
        BattleTable(database).insert(held)
    with (
        serve(arena(place, [Puppet("red"), Puppet("blue")])) as url,
        httpx.Client(base_url=url, headers=KEY, timeout=60) as http,
    ):
        yield http


def export(http: httpx.Client, kind: str, **params: Any) -> list[dict[str, Any]]:
    with http.stream("GET", f"/api/admin/export/{kind}", params=params) as reply:
        assert reply.status_code == 200
        assert reply.headers["content-type"].startswith("application/jsonl")
        assert reply.headers["content-disposition"] == f'attachment; filename="palestra-{kind}.jsonl"'
        return [json.loads(line) for line in reply.iter_lines()]


FILTERS: list[dict[str, Any]] = [
    {},
    {"source": "all"},
    {"source": "judge", "category": "code"},
    {"until": NOON + 600, "language": "(none)"},
]


@pytest.mark.parametrize("params", FILTERS)
def test_exported_battles_rank_to_the_same_board(place: str, tmp_path: Path, params: dict[str, Any]) -> None:
    held = list(battles(1300, seed=3))
    with holding(place, held) as http:
        board = http.get("/api/leaderboard", params={**params, "retired": 1}).json()
        reply = http.get("/api/admin/export/battles", params=params)
    file = tmp_path / "exported.jsonl"
    file.write_bytes(reply.content)
    ours = rank(file, cluster="question_id")
    rows = {row["model"]: row for row in board["rows"]}
    assert len(rows) == len(ours.ratings) >= 4
    for rating in ours.ratings:
        row = rows[rating.model]
        told = (row["rating"], row["ci_low"], row["ci_high"], row["n_battles"])
        expected = (rating.rating, rating.ci_low, rating.ci_high, rating.n_battles)
        assert told == pytest.approx(expected)


def test_battles_come_back_as_they_were(place: str, tmp_path: Path) -> None:
    talk = [{"role": "user", "content": "a\nb"}, {"role": "user", "content": "ü\u2028"}]
    said = {"role": "user", "content": "x"}
    held = [
        *battles(700, seed=1),
        battle(900, "red", "blue", prompt=talk, response_a=json.dumps([said]), style={"tokens_a": 3}),
    ]
    with holding(place, held) as http:
        reply = http.get("/api/admin/export/battles", params={"source": "all", "named": 1, "leaks": 1})
        fewer = export(http, "battles", source="all")
    file = tmp_path / "exported.jsonl"
    file.write_bytes(reply.content)
    back = list(read_battles(file))
    assert back[:-1] == held[:-1]
    assert back[-1].prompt == held[-1].prompt
    assert json.loads(back[-1].json_line())["response_a"] == [
        {"role": "assistant", "content": json.dumps([said])}
    ]
    left_out = [b for b in held if b.anonymous is False or "identity_leak" in b.flags]
    assert 0 < len(left_out) == len(held) - len(fewer)


def texts(number: int, winner: str, **more: Any) -> Battle:
    told = {"prompt": f"p{number}", "response_a": f"a{number}", "response_b": f"b{number}"}
    return battle(number, "red", "blue", winner, **{"question_id": f"q{number}", **told, **more})


def test_training_pairs_leave_out_ties_leaks_and_names_that_were_known(place: str) -> None:
    held = [
        texts(1, "model_a"),
        texts(2, "model_b", question_id=None),
        texts(3, "tie"),
        texts(4, "tie (bothbad)"),
        texts(5, "model_a", flags=("identity_leak",)),
        texts(6, "model_a", anonymous=False),
        texts(7, "model_a", source="llm-judge", judge_model="J"),
        battle(8, "red", "blue"),
    ]
    with holding(place, held) as http:
        rows = export(http, "dpo")
        assert {(row["prompt"], row["chosen"], row["rejected"]) for row in rows} == {
            ("p1", "a1", "b1"),
            ("p2", "b2", "a2"),
        }
        assert {(row["winner"], row["loser"]) for row in rows} == {("red", "blue"), ("blue", "red")}
        assert all(set(row) == {"prompt", "chosen", "rejected"} for row in export(http, "dpo", labels=0))
        assert {row["prompt"] for row in export(http, "dpo", named=1)} == {"p1", "p2", "p6"}
        assert {row["prompt"] for row in export(http, "dpo", leaks=1)} == {"p1", "p2", "p5"}
        assert {row["prompt"] for row in export(http, "dpo", source="judge")} == {"p7"}
        wanted = {(row["prompt"], row["completion"]): row["label"] for row in export(http, "kto")}
        ranked = export(http, "ranked")
        wrong = http.get("/api/admin/export/csv")
    assert wanted["p1", "a1"]
    assert not wanted["p1", "b1"]
    assert wanted["p3", "a3"]
    assert not wanted["p4", "a4"]
    assert len(wanted) == 8
    assert [one["model_name"] for row in ranked if row["prompt"] == "p2" for one in row["ranked_models"]] == [
        "blue",
        "red",
    ]
    assert (wrong.status_code, "error" in wrong.json()) == (422, True)


def test_many_questions_each_come_once(place: str) -> None:
    held = [texts(number, "model_a", question_id=f"q{number % 700}") for number in range(1400)]
    with holding(place, held) as http:
        rows = export(http, "dpo")
    assert sorted(row["prompt"] for row in rows) == sorted(f"p{number}" for number in range(1400))


def test_a_conversation_that_was_voted_on_is_exported_as_messages(tmp_path: Path) -> None:
    with serve(arena(tmp_path, [Puppet("red", ["Red."]), Puppet("blue", ["Blue."])])) as url:
        with Visitor(url) as visitor:
            ready = visitor.played("one")
            visitor.do(ready["id"], "turns", {"prompt": "two"})
            visitor.events(ready["id"])
            reveal = visitor.vote(visitor.matchup(ready["id"]), "b").json()
        with httpx.Client(base_url=url, headers=KEY) as http:
            (row,) = export(http, "dpo", leaks=1)
    winner = reveal["models"][1]["label"]
    assert (row["winner"], row["prompt"]) == (winner, [{"role": "user", "content": "one"}])
    said = {"role": "assistant", "content": f"{winner.capitalize()}."}
    assert row["chosen"] == [said, {"role": "user", "content": "two"}, said]
