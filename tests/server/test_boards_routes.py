"""Leaderboard, charts, models, battles and runs, asked over HTTP."""

from __future__ import annotations

import csv
import io
import json
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import pytest
import sqlalchemy as sa
from tests.report.sample import arena
from tests.server.boards.making import MODELS, NOON, battle, battles
from tests.support.ports import wait_until
from tests.support.serve import serve

from palestra.config.schema import Config
from palestra.interchange.battles import write_battles
from palestra.interchange.rank import rank
from palestra.records.verdict import Verdict
from palestra.server.app import create_app
from palestra.server.settings import ServerSettings
from palestra.store.arena_battles import BattleTable
from palestra.store.arena_schema import matchups, model_states
from palestra.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONFIG = Config.model_validate(
    {
        "arena": {"name": "Test arena"},
        "models": [
            {
                "label": "ant-1B",
                "endpoint_type": "scripted",
                "organisation": "Ants",
                "licence": "MIT",
                "size_b": 1.5,
            },
            {"label": "bee-3B", "endpoint_type": "scripted"},
            {"label": "newcomer", "endpoint_type": "scripted"},
        ],
    }
)
PEOPLE = (
    "source = 'human' AND coalesce(anonymous, true) "
    "AND NOT list_contains(coalesce(flags, []), 'identity_leak')"
)


@pytest.fixture
def table(tmp_path: Path) -> Iterator[BattleTable]:
    with Database(tmp_path / "arena.db") as database:
        table = BattleTable(database)
        table.insert(battles(400))
        yield table


@pytest.fixture
def client(tmp_path: Path, table: BattleTable) -> Iterator[httpx.Client]:
    run = arena(["ant-1B", "outsider"], 6).write(tmp_path / "my run")
    settings = ServerSettings(config=CONFIG, database=str(tmp_path / "arena.db"), runs=(run,))
    with serve(create_app(settings)) as url, httpx.Client(base_url=url, timeout=20) as client:
        assert wait_until(lambda: client.get("/api/runs").json()[0]["state"] == "ready", 20)
        yield client


def get(client: httpx.Client, path: str, **params: Any) -> Any:
    reply = client.get(path, params=params)
    assert reply.status_code == 200, reply.text
    return reply.json()


def test_the_leaderboard_is_that_of_palestra_rank_on_the_same_battles(
    client: httpx.Client, tmp_path: Path
) -> None:
    path = tmp_path / "battles.jsonl"
    write_battles(path, battles(400))
    expected = rank(path, filter=PEOPLE, cluster="question_id")
    found = get(client, "/api/leaderboard")
    assert found["arena"] == "Test arena"
    assert found["n_battles"] == expected.n_battles
    assert found["n_voters"] == 5
    assert (found["method"]["interval"]["kind"], found["method"]["interval"]["cluster"]) == (
        "sandwich",
        "question_id",
    )
    for row, theirs in zip(found["rows"], expected.ratings, strict=True):
        for name in ("rank", "rank_low", "rank_high", "model", "n_battles", "component"):
            assert row[name] == getattr(theirs, name)
        for name in ("rating", "ci_low", "ci_high", "win_rate", "win_rate_low", "win_rate_high", "ties"):
            assert row[name] == pytest.approx(getattr(theirs, name), abs=1e-9)
        assert row["enough"] == (row["n_battles"] >= found["min_votes"])
        assert row["both_bad"] <= row["ties"]
    ant = next(row for row in found["rows"] if row["model"] == "ant-1B")
    assert (ant["organisation"], ant["licence"], ant["size_b"], ant["retired"]) == ("Ants", "MIT", 1.5, False)
    assert next(row for row in found["rows"] if row["model"] == "dog-13B")["size_b"] == 13
    assert [model["model"] for model in found["unrated"]] == ["newcomer"]
    assert any("told which model wrote it" in warning for warning in found["warnings"])
    assert sum(facet["n"] for facet in found["facets"]["categories"]) == found["n_battles"]


def test_filters_reach_the_board(client: httpx.Client) -> None:
    whole = get(client, "/api/leaderboard", source="all")
    parts = [get(client, "/api/leaderboard", source=source)["n_battles"] for source in ("people", "judge")]
    assert sum(parts) == whole["n_battles"]
    for facet, name in (("categories", "category"), ("datasets", "dataset"), ("languages", "language")):
        for value in whole["facets"][facet]:
            found = get(client, "/api/leaderboard", source="all", **{name: value["name"]})
            assert found["n_battles"] == value["n"]
    early = get(client, "/api/leaderboard", source="all", until=NOON + 200)["n_battles"]
    late = get(client, "/api/leaderboard", source="all", since=NOON + 200)["n_battles"]
    assert early + late == whole["n_battles"]
    first, last = NOON // 60 * 60 + 60, NOON // 60 * 60 + 119.9
    assert get(client, "/api/leaderboard", since=first) == get(client, "/api/leaderboard", since=last)


@pytest.mark.parametrize(
    "path",
    [
        "/api/leaderboard?source=aliens",
        "/api/leaderboard?since=yesterday",
        "/api/leaderboard?since=nan",
        "/api/charts/pie",
        "/api/charts/matrix?format=xml",
        "/api/battles?limit=1000",
        "/api/battles?limit=0",
        "/api/battles?cursor=abc",
        "/api/battles?cursor=-1.2",
        "/api/battles?winner=nobody",
        "/api/battles?score_min=2",
        "/api/battles?score_max=nan",
        "/api/battles/none",
        "/api/models/none",
    ],
)
def test_a_question_that_makes_no_sense_gets_a_4xx_with_words(client: httpx.Client, path: str) -> None:
    reply = client.get(path)
    assert 400 <= reply.status_code < 500
    assert reply.json()["error"]


def test_a_vote_shows_on_the_board_at_once_and_a_deletion_too(
    client: httpx.Client, table: BattleTable
) -> None:
    before = get(client, "/api/leaderboard")
    table.insert([battle(9000, "ant-1B", "newcomer")], matchup_id="m")
    after = get(client, "/api/leaderboard")
    assert after["n_battles"] == before["n_battles"] + 1
    assert after["unrated"] == []
    table.delete_matchup("m")
    assert get(client, "/api/leaderboard") == before


def test_who_has_the_board_already_is_told_so(client: httpx.Client, table: BattleTable) -> None:
    paths = ("/api/leaderboard", "/api/charts/history", "/api/charts/matrix?format=csv")
    for number, path in enumerate(paths, 8000):
        first = client.get(path)
        tag = first.headers["etag"]
        again = client.get(path, headers={"If-None-Match": f'"other", W/{tag}'})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert first.headers["cache-control"] == "no-cache"
        table.insert([battle(number, "ant-1B", "bee-3B")])
        assert client.get(path, headers={"If-None-Match": tag}).status_code == 200


def test_retired_models_are_hidden_and_keep_their_part_in_the_ratings(
    tmp_path: Path, table: BattleTable
) -> None:
    with table.database.writing() as connection:
        connection.execute(
            sa.insert(model_states).values(label="dog-13B", enabled=True, weight=1.0, retired=True)
        )
    settings = ServerSettings(config=CONFIG, database=str(tmp_path / "arena.db"))
    with serve(create_app(settings)) as url, httpx.Client(base_url=url, timeout=20) as client:
        whole, hidden = get(client, "/api/leaderboard", retired=1), get(client, "/api/leaderboard")
        rest = [row for row in whole["rows"] if row["model"] != "dog-13B"]
        assert len(whole["rows"]) == 5
        assert [row["retired"] for row in whole["rows"]].count(True) == 1
        assert [(row["model"], row["rating"]) for row in hidden["rows"]] == [
            (r["model"], r["rating"]) for r in rest
        ]
        assert [row["rank"] for row in hidden["rows"]] == [1, 2, 3, 4]
        assert hidden["n_battles"] == whole["n_battles"]
        for name in ("intervals", "matrix", "history", "performance", "counts"):
            assert "dog-13B" not in get(client, f"/api/charts/{name}")["models"]
            assert "dog-13B" in get(client, f"/api/charts/{name}", retired=1)["models"]
        assert get(client, "/api/models/dog-13B")["row"]["retired"] is True


def test_charts_have_the_numbers_of_the_board(client: httpx.Client) -> None:
    board = get(client, "/api/leaderboard")
    models = [row["model"] for row in board["rows"]]
    intervals = get(client, "/api/charts/intervals")
    assert intervals["models"] == models
    assert intervals["rating"] == [row["rating"] for row in board["rows"]]
    matrix = get(client, "/api/charts/matrix")
    counts = get(client, "/api/charts/counts")
    assert counts == {"models": models, "n": matrix["n"]}
    assert [sum(row) for row in counts["n"]] == [row["n_battles"] for row in board["rows"]]
    for i in range(5):
        assert matrix["observed"][i][i] is None
        assert matrix["predicted"][i][i] is None
        for j in range(i):
            assert matrix["observed"][i][j] + matrix["observed"][j][i] == pytest.approx(1)
            assert matrix["predicted"][i][j] + matrix["predicted"][j][i] == pytest.approx(1)
    history = get(client, "/api/charts/history")
    assert 6 <= len(history["t"]) <= 60
    assert history["t"] == sorted(history["t"])
    for row in board["rows"]:
        assert history["rating"][row["model"]][-1] == pytest.approx(row["rating"], abs=1e-6)
    performance = get(client, "/api/charts/performance")
    assert performance["score"] == sorted(performance["score"], reverse=True)
    assert set(performance["models"]) == set(models)


@pytest.mark.parametrize("name", ["intervals", "matrix", "history", "performance", "counts"])
def test_a_chart_as_csv_holds_the_same_numbers(client: httpx.Client, name: str) -> None:
    reply = client.get(f"/api/charts/{name}", params={"format": "csv"})
    assert reply.headers["content-type"] == "text/csv; charset=utf-8"
    assert reply.headers["content-disposition"] == f'attachment; filename="{name}.csv"'
    rows = list(csv.DictReader(io.StringIO(reply.text)))
    data = get(client, f"/api/charts/{name}")
    assert list(dict.fromkeys(row["model"] for row in rows)) == data["models"]
    if name in ("intervals", "performance"):
        for column in data.keys() - {"models"}:
            assert [float(row[column]) for row in rows] == data[column]
    elif name == "history":
        assert len(rows) == len(data["t"]) * len(data["models"])
    else:
        assert len(rows) == 20
        at = {model: index for index, model in enumerate(data["models"])}
        for row in rows:
            assert int(row["battles"]) == data["n"][at[row["model"]]][at[row["opponent"]]]


def test_a_models_page_tells_its_record(client: httpx.Client) -> None:
    board = get(client, "/api/leaderboard")
    found = get(client, "/api/models/ant-1B")
    assert found["source"] == "people"
    row = next(row for row in board["rows"] if row["model"] == "ant-1B")
    assert found["row"] == row
    assert found["organisation"] == "Ants"
    for name, total in (("n", "n_battles"), ("wins", "wins"), ("losses", "losses"), ("ties", "ties")):
        assert sum(opponent[name] for opponent in found["opponents"]) == pytest.approx(row[total])
    assert sum(category["n"] for category in found["categories"]) == row["n_battles"]
    assert all(c["low"] <= c["win_rate"] <= c["high"] for c in found["categories"])
    history = found["history"]
    assert len({len(history[name]) for name in ("t", "rating", "low", "high")}) == 1
    assert history["rating"][-1] == pytest.approx(row["rating"], abs=1e-6)
    assert len(found["latest"]) == 10
    assert all("ant-1B" in (b["model_a"], b["model_b"]) for b in found["latest"])
    newcomer = get(client, "/api/models/newcomer")
    assert (newcomer["row"], newcomer["opponents"], newcomer["latest"]) == (None, [], [])


def test_a_label_with_slashes_has_a_page(client: httpx.Client, table: BattleTable) -> None:
    table.insert([battle(9001, "org/model?x#1 ü", "ant-1B")])
    found = client.get("/api/models/org%2Fmodel%3Fx%231%20%C3%BC")
    assert found.json()["label"] == "org/model?x#1 ü"


def test_models_are_listed_in_the_order_of_the_config(client: httpx.Client) -> None:
    found = get(client, "/api/models")
    assert [model["label"] for model in found] == ["ant-1B", "bee-3B", "newcomer"]
    assert found[0] == {
        "label": "ant-1B",
        "organisation": "Ants",
        "licence": "MIT",
        "size_b": 1.5,
        "retired": False,
        "enabled": True,
    }


def test_the_list_of_battles_is_read_page_by_page(client: httpx.Client, table: BattleTable) -> None:
    first = get(client, "/api/battles", limit=90)
    table.insert([battle(9002, "ant-1B", "bee-3B")])
    found, cursor = list(first["items"]), first["next"]
    while cursor:
        page = get(client, "/api/battles", limit=90, cursor=cursor)
        assert page["total"] == 400
        found += page["items"]
        cursor = page["next"]
    assert [row["battle_id"] for row in found] == [f"battle-{n}" for n in reversed(range(400))]


def test_battles_are_found_by_what_is_asked(client: httpx.Client, table: BattleTable) -> None:
    table.insert([battle(9003, "ant-1B", "bee-3B", prompt="A very %strange_ question", flags=("odd",))])
    assert get(client, "/api/battles", q="%STRANGE_")["total"] == 1
    assert get(client, "/api/battles", q="%very%")["total"] == 0
    assert (
        get(client, "/api/battles", flag="odd")["items"][0]["prompt_excerpt"] == "A very %strange_ question"
    )
    both = get(client, "/api/battles", model="ant-1B", opponent="bee-3B", limit=100)["items"]
    assert all({b["model_a"], b["model_b"]} == {"ant-1B", "bee-3B"} for b in both)
    judged = get(client, "/api/battles", source="judge", judge="Judge", score_min=0.75, limit=100)["items"]
    assert judged
    assert all(b["score"] >= 0.75 and b["judge_model"] == "Judge" for b in judged)
    pair = {"model": "ant-1B", "opponent": "bee-3B", "limit": 100}
    lost = get(client, "/api/battles", **pair, score_max=0.25)["items"]
    assert lost
    assert all((b["score"] if b["model_a"] == "ant-1B" else 1 - b["score"]) <= 0.25 for b in lost)
    bad = get(client, "/api/battles", winner="both_bad", limit=100)
    assert {b["winner"] for b in bad["items"]} == {"tie (bothbad)"}


def test_subsets_can_be_chosen(client: httpx.Client, table: BattleTable) -> None:
    table.insert([battle(9005, "ant-1B", "bee-3B", dataset="qa", subset="hard")])
    assert get(client, "/api/battles/subsets", dataset="qa") == {"subsets": [{"name": "hard", "n": 1}]}
    found = get(client, "/api/battles", dataset="qa", subset="hard")
    assert [row["battle_id"] for row in found["items"]] == ["battle-9005"]


def test_a_battle_is_told_whole(client: httpx.Client, table: BattleTable) -> None:
    judged = battle(
        9004,
        "ant-1B",
        "bee-3B",
        source="llm-judge",
        judge_model="J",
        question_id="asked",
        prompt="Why?",
        response_a="# Because\n\n- one\n- **two**",
        response_b="No.",
        voter=None,
    )
    table.insert([judged], matchup_id="m")
    table.database.put(
        [
            Verdict.model_validate(
                {
                    "key": "k",
                    "question_id": "asked",
                    "model_a": "bee-3B",
                    "model_b": "ant-1B",
                    "order": "ab",
                    "judge_model": "J",
                    "winner": "model_b",
                    "explanation": "Clear.",
                    "raw": "[[B]]",
                }
            )
        ]
    )
    with table.database.writing() as connection:
        connection.execute(
            sa.insert(matchups).values(
                id="m",
                voter="v",
                kind="blind",
                models=["ant-1B", "bee-3B"],
                state="voted",
                question_id="asked",
                share_id="shared-id",
                created=NOON,
            )
        )
    found = get(client, "/api/battles/battle-9004")
    assert (found["prompt"], found["response_b"], found["share"]) == ("Why?", "No.", "/shared/shared-id")
    assert found["style"]["a"]["lists"] == 2
    assert found["style"]["a"]["characters"] == len("# Because\n\n- one\n- **two**")
    (verdict,) = found["verdicts"]
    assert (verdict["winner"], verdict["order"], verdict["raw"]) == ("model_a", "ba", "[[B]]")
    assert "voter" not in json.dumps(found)


def test_a_result_folder_has_boards_charts_and_battles_of_its_own(client: httpx.Client) -> None:
    (run,) = get(client, "/api/runs")
    assert (run["name"], run["state"], run["n_battles"], run["failed_verdicts"]) == ("my run", "ready", 6, 0)
    board = get(client, "/api/leaderboard", run="my run")
    assert {row["model"] for row in board["rows"]} == {"ant-1B", "outsider"}
    assert board["n_battles"] == 6
    assert get(client, "/api/charts/counts", run="my run")["n"] == [[0, 6], [6, 0]]
    assert get(client, "/api/models/outsider", run="my run")["row"]["n_battles"] == 6
    listed = get(client, "/api/battles", run="my run")
    assert listed["total"] == 6
    whole = get(client, f"/api/battles/{quote(listed['items'][0]['battle_id'], safe='')}")
    assert {verdict["order"] for verdict in whole["verdicts"]} == {"ab", "ba"}
    assert get(client, "/api/leaderboard", run="my run", source="people")["rows"] == []
    assert {row["model"] for row in get(client, "/api/leaderboard")["rows"]} == set(MODELS)


def test_listeners_hear_of_changes_at_most_once_a_second(client: httpx.Client, table: BattleTable) -> None:
    heard: list[dict[str, int]] = []
    stop = threading.Event()

    def vote() -> None:
        number = 10_000
        while not stop.is_set():
            table.insert([battle(number, "ant-1B", "bee-3B")])
            number += 1
            time.sleep(0.02)

    voting = threading.Thread(target=vote)
    with client.stream("GET", "/api/leaderboard/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = stream.iter_lines()
        began = time.monotonic()
        voting.start()
        try:
            for line in lines:
                if line.startswith("data:"):
                    heard.append(json.loads(line[5:]))
                if len(heard) == 4:
                    break
        finally:
            stop.set()
            voting.join()
        assert time.monotonic() - began > 2
    assert [state["seq"] for state in heard] == sorted({state["seq"] for state in heard})
    assert all(state["n_battles"] > 0 for state in heard)


def test_many_who_ask_at_once_are_answered_alike(client: httpx.Client, table: BattleTable) -> None:
    table.insert([battle(9005, "ant-1B", "bee-3B")])
    replies: list[tuple[int, str]] = []

    def ask() -> None:
        reply = httpx.get(f"{client.base_url}/api/leaderboard", timeout=30)
        replies.append((reply.status_code, reply.headers["etag"]))

    threads = [threading.Thread(target=ask) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(replies) == 40
    assert len(set(replies)) == 1


def test_replies_have_the_fields_that_the_documentation_tells(client: httpx.Client) -> None:
    schemas = get(client, "/openapi.json")["components"]["schemas"]
    battles = get(client, "/api/battles")
    run_id = quote(get(client, "/api/battles", run="my run")["items"][0]["battle_id"], safe="")
    battle_page = get(client, f"/api/battles/{run_id}")
    board, page = get(client, "/api/leaderboard"), get(client, "/api/models/ant-1B")
    told = {
        "LeaderboardShape": board,
        "RowShape": board["rows"][0],
        "UnratedShape": board["unrated"][0],
        "MethodShape": board["method"],
        "FacetsShape": board["facets"],
        "ListedModelShape": get(client, "/api/models")[0],
        "ModelPageShape": page,
        "OpponentShape": page["opponents"][0],
        "CategoryShape": page["categories"][0],
        "BattleListShape": battles,
        "BattleRowShape": battles["items"][0],
        "BattleShape": battle_page,
        "VerdictShape": battle_page["verdicts"][0],
        "RunShape": get(client, "/api/runs")[0],
    }
    for name, reply in told.items():
        assert set(reply) == set(schemas[name]["properties"]), name
