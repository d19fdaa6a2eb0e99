"""Potato's Model Arena over HTTP: call by call, with its check values."""

from __future__ import annotations

import itertools
import math
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import sqlalchemy as sa
from tests.server.crowd import send_often
from tests.server.puppets import Puppet, arena
from tests.server.visitor import Visitor
from tests.support.serve import serve

from palestra.store.arena_schema import battles, votes
from palestra.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = {"X-API-Key": "admin-key"}
API = "/admin/arena/api"
NUMBERS = ("wins", "comparisons", "win_rate", "win_rate_lo", "win_rate_hi", "elo", "bt_score")


class Admin:
    """Whoever holds the key."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, headers=KEY, timeout=30)

    def get(self, call: str, **params: Any) -> Any:
        reply = self.http.get(f"{API}/{call}", params=params)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def run(self, prompt: str) -> Any:
        reply = self.http.post(f"{API}/run", json={"prompt": prompt})
        assert reply.status_code == 200, reply.text
        return reply.json()

    def prefer(self, prompt: str, winner: str, ranking: list[str] | None = None) -> list[dict[str, Any]]:
        body = {"prompt": prompt, "winner": winner} | ({"ranking": ranking} if ranking else {})
        reply = self.http.post(f"{API}/preference", json=body)
        assert reply.status_code == 200, reply.text
        assert reply.json()["recorded"] is True
        rows: list[dict[str, Any]] = reply.json()["leaderboard"]
        return rows

    def board(self) -> dict[str, dict[str, Any]]:
        return {row["label"]: row for row in self.get("leaderboard")["leaderboard"]}


@contextmanager
def admin(place: Path | str, *labels: str, **broken: bool) -> Iterator[Admin]:
    puppets = [Puppet(name, [f"I am {name}", ", surely."], fails=name in broken) for name in labels]
    with serve(arena(place, puppets)) as url:
        found = Admin(url)
        with found.http:
            yield found


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """On each kind of database."""
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return str(tmp_path)


@pytest.mark.parametrize("path", ["/admin/arena", "/admin/arena/"])
def test_the_page_is_there(tmp_path: Path, path: str) -> None:
    with admin(tmp_path, "A", "B") as page:
        reply = page.http.get(path, headers={"Accept": "text/html"})
    assert reply.status_code in (200, 503)  # 503: the pages are not built here
    assert reply.headers["content-type"].startswith("text/html")


def test_a_run_asks_all_models_in_the_order_of_the_config(tmp_path: Path) -> None:
    with admin(tmp_path, "C", "A", "B", A=True) as arena_admin:
        found = arena_admin.run("Who?")
    assert found["prompt"] == "Who?"
    assert [result["label"] for result in found["results"]] == ["C", "A", "B"]
    for result in found["results"]:
        assert set(result) == {"label", "model", "response", "latency_ms", "error"}
        assert isinstance(result["latency_ms"], int)
    good, failed, _ = found["results"]
    assert (good["response"], good["error"]) == ("I am C, surely.", None)
    assert failed["response"] is None
    assert "broke" in failed["error"]


def test_all_models_are_asked_at_once_and_a_slow_one_blocks_none(tmp_path: Path) -> None:
    slow = [Puppet(f"m{n}", ["x"], delay=1.0) for n in range(6)]
    with serve(arena(tmp_path, slow)) as url, httpx.Client(base_url=url, headers=KEY) as http:
        reply = http.post(f"{API}/run", json={"prompt": "p"})
    assert reply.elapsed.total_seconds() < 6 * 1.0
    assert all(result["latency_ms"] >= 990 for result in reply.json()["results"])


def test_numbers_are_null_before_the_first_preference(tmp_path: Path) -> None:
    with admin(tmp_path, "A", "B") as page:
        page.run("p")
        rows = page.get("leaderboard")["leaderboard"]
    assert [row["label"] for row in rows] == ["A", "B"]
    assert all(row[name] is None for row in rows for name in NUMBERS)


def test_seven_to_three(tmp_path: Path) -> None:
    with admin(tmp_path, "A", "B") as page:
        for number in range(10):
            page.run(f"prompt {number}")
            page.prefer(f"prompt {number}", "A" if number % 3 else "B" if number < 9 else "A")
        board = page.board()
    assert (board["A"]["wins"], board["A"]["comparisons"], board["A"]["win_rate"]) == (7, 10, 0.7)
    bounds = (board["A"]["win_rate_lo"], board["A"]["win_rate_hi"])
    assert bounds == pytest.approx((0.396773, 0.892211), abs=1e-6)
    assert [board[x]["bt_score"] for x in "AB"] == pytest.approx([59.8, 40.2], abs=0.05)


@pytest.mark.parametrize(
    ("labels", "told", "scores", "elo"),
    [
        ("AB", [("A", None)], [67.1, 32.9], [1016, 984]),
        ("ABC", [("A", None)], [74.4, 37.0, 37.0], [1032, 984, 984]),
        ("ABC", [("A", ["A", "B", "C"])], [76.6, 50.6, 23.0], [1032, 1000, 968]),
    ],
)
def test_one_preference(
    tmp_path: Path, labels: str, told: list[Any], scores: list[float], elo: list[float]
) -> None:
    with admin(tmp_path, *labels) as page:
        page.run("p")
        for winner, ranking in told:
            page.prefer("p", winner, ranking)
        board = page.board()
    assert [board[x]["bt_score"] for x in labels] == pytest.approx(scores, abs=0.05)
    assert [board[x]["elo"] for x in labels] == pytest.approx(elo)


def test_a_cycle_leaves_all_equal_and_the_board_is_sorted(tmp_path: Path) -> None:
    with admin(tmp_path, "A", "B", "C") as page:
        for prompt, pair in (("p", "AB"), ("q", "BC"), ("r", "CA")):
            page.run(prompt)
            page.prefer(prompt, pair[0], list(pair))
        assert [row["bt_score"] for row in page.board().values()] == pytest.approx([50, 50, 50])
        page.run("s")
        assert [row["label"] for row in page.prefer("s", "C", ["C", "A", "B"])] == ["C", "A", "B"]


def test_a_failed_model_takes_part_in_nothing(tmp_path: Path) -> None:
    with admin(tmp_path, "A", "B", "C", C=True) as page:
        page.run("p")
        page.prefer("p", "A")
        page.prefer("p", "B", ["B", "C", "A"])
        board = page.board()
        assert [board[x]["comparisons"] for x in "ABC"] == [2, 2, 0]
        assert board["C"]["bt_score"] is None
        assert {row["loser"] for row in page.get("export_dpo")["pairs"]} == {"A", "B"}
        reply = page.http.post(f"{API}/preference", json={"prompt": "p", "winner": "C"})
        assert (reply.status_code, page.board()) == (409, board)


def test_the_only_answer_beats_nobody(tmp_path: Path) -> None:
    with admin(tmp_path, "A", "B", B=True) as page:
        page.run("p")
        rows = page.prefer("p", "A")
        assert all(row["comparisons"] in (None, 0) for row in rows)
        assert page.get("export_dpo") == {"count": 0, "pairs": []}


def test_a_ranking_of_one_that_answered_is_refused_and_nothing_is_kept(tmp_path: Path) -> None:
    with admin(tmp_path, "A", "B", B=True) as page:
        page.run("p")
        body = {"prompt": "p", "winner": "A", "ranking": ["A", "B"]}
        reply = page.http.post(f"{API}/preference", json=body)
        assert (reply.status_code, "only one answered" in reply.json()["error"]) == (409, True)
    assert counts(str(tmp_path)) == (0, 0)


def test_training_rows(tmp_path: Path) -> None:
    with admin(tmp_path, "A", "B", "C") as page:
        page.run("p")
        page.prefer("p", "B", ["B", "C", "A"])
        found = page.get("export_dpo")
    assert found["count"] == len(found["pairs"]) == 3
    assert {(row["winner"], row["loser"]) for row in found["pairs"]} == {("B", "C"), ("B", "A"), ("C", "A")}
    for row in found["pairs"]:
        assert set(row) == {"prompt", "chosen", "rejected", "winner", "loser"}
        assert row["prompt"] == "p"
        assert row["chosen"] == f"I am {row['winner']}, surely."
        assert row["rejected"] == f"I am {row['loser']}, surely."


def test_an_answer_that_reads_like_a_conversation_is_a_text(tmp_path: Path) -> None:
    text = '[{"role": "user", "content": "hm"}]'
    with serve(arena(tmp_path, [Puppet("A", [text]), Puppet("B")])) as url:
        page = Admin(url)
        with page.http:
            page.run(text)
            page.prefer(text, "A")
            (row,) = page.get("export_dpo")["pairs"]
    assert (row["prompt"], row["chosen"]) == (text, text)


def counts(place: str) -> tuple[int, int]:
    """Votes and battles that are stored."""
    name = place if "://" in place else f"{place}/arena.db"
    with Database(name) as database, database.reading() as connection:
        found = [connection.execute(sa.select(sa.func.count()).select_from(t)) for t in (votes, battles)]
        return found[0].scalar_one(), found[1].scalar_one()


def test_the_same_preference_a_thousand_times_at_once_counts_once(place: str) -> None:
    with admin(place, "A", "B", "C") as page:
        page.run("p")
        body = {"prompt": "p", "winner": "A"}
        replies = send_often(f"{page.http.base_url}{API}/preference", body, 1000, KEY)
    assert len(replies) == 1000
    assert {reply.status_code for reply in replies} == {200}
    assert len({reply.text for reply in replies}) == 1
    assert counts(place) == (1, 2)


def test_preferences_survive_a_restart_and_still_count_once(place: str) -> None:
    with admin(place, "A", "B") as page:
        page.run("p")
        page.prefer("p", "A")
        before = page.board()
    with admin(place, "A", "B") as page:
        assert page.board() == before
        page.prefer("p", "A")
        assert page.board() == before
        page.run("p")  # the models say the same again
        page.prefer("p", "A")
        assert page.board() == before
        page.prefer("p", "B")
        assert page.board()["B"]["wins"] == 1


def test_preferences_are_named_battles_of_people(tmp_path: Path) -> None:
    with admin(tmp_path, "A", "B") as page:
        page.run("p")
        page.prefer("p", "B")
        (listed,) = page.http.get("/api/battles").json()["items"]
        told = page.http.get(f"/api/battles/{listed['battle_id']}").json()
        assert page.http.get("/api/leaderboard").json()["left_out"]["named"] == 1
    assert (told["source"], told["anonymous"], told["winner"]) == ("human", False, "model_b")
    assert (told["model_a"], told["prompt"], told["response_b"]) == ("A", "p", "I am B, surely.")


def test_what_to_compare_next(tmp_path: Path) -> None:
    with admin(tmp_path, "A", "B", "C", "D", D=True) as page:
        for prompt in ("p", "q"):
            page.run(prompt)
        page.prefer("p", "A", ["A", "B"])
        strength = {
            x: math.log(row["bt_score"] / (100 - row["bt_score"])) if row["bt_score"] else 0.0
            for x, row in page.board().items()
        }
        for strategy in ("uncertainty", "moderate_margin", "random"):
            found = page.get("suggest_pairs", strategy=strategy)
            assert found["count"] == len(found["pairs"]) == 5
            assert found["strategy"] == strategy
            seen = [(row["prompt"], row["model_a"], row["model_b"]) for row in found["pairs"]]
            assert set(seen) == {(p, a, b) for p in "pq" for a, b in itertools.combinations("ABC", 2)} - {
                ("p", "A", "B")
            }
            values = [row["acquisition"] for row in found["pairs"]]
            assert values == sorted(values, reverse=True)
            for row in found["pairs"]:
                assert row["response_a"] == f"I am {row['model_a']}, surely."
                gap = abs(strength[row["model_a"]] - strength[row["model_b"]])
                if strategy == "uncertainty":
                    p = 1 / (1 + math.exp(-gap))
                    assert row["acquisition"] == pytest.approx(1 - 2 * abs(p - 0.5))
                elif strategy == "moderate_margin":
                    assert row["acquisition"] == pytest.approx(1 / (1 + gap))
        assert page.get("suggest_pairs", k=2)["count"] == 2
        assert page.get("suggest_pairs")["strategy"] == "uncertainty"
        reply = page.http.get(f"{API}/suggest_pairs", params={"strategy": "best"})
        assert (reply.status_code, "best" in reply.json()["error"]) == (400, True)
        for k in ("0", "-1", "x", "1e9"):
            assert page.http.get(f"{API}/suggest_pairs", params={"k": k}).status_code == 422


def test_when_all_is_compared_the_same_pairs_are_suggested_again(tmp_path: Path) -> None:
    with admin(tmp_path, "A", "B") as page:
        assert page.get("suggest_pairs") == {"count": 0, "strategy": "uncertainty", "pairs": []}
        page.run("p")
        page.prefer("p", "A")
        (row,) = page.get("suggest_pairs")["pairs"]
    assert row["decided"] is True


CALLS = (
    ("GET", "leaderboard"),
    ("GET", "export_dpo"),
    ("GET", "suggest_pairs"),
    ("POST", "run"),
    ("POST", "preference"),
)


@pytest.mark.parametrize(("method", "call"), CALLS)
def test_without_the_right_key_every_call_is_refused(tmp_path: Path, method: str, call: str) -> None:
    body = {"prompt": "p", "winner": "A"} if method == "POST" else None
    with serve(arena(tmp_path, [Puppet("A"), Puppet("B")])) as url, httpx.Client(base_url=url) as http:
        for headers in ({}, {"X-API-Key": ""}, {"X-API-Key": "admin-ke"}, {"X-API-Key": "admin-keyy"}):
            reply = http.request(method, f"{API}/{call}", json=body, headers=headers)
            assert reply.status_code == 403
            assert reply.json()["error"]
        with Visitor(url) as visitor:
            reply = visitor.post(f"{API}/{call}", body) if body else visitor.get(f"{API}/{call}")
            assert (reply.status_code, reply.json()["code"]) == (403, "admin")


def test_a_signed_in_admin_needs_no_key_but_the_token(tmp_path: Path) -> None:
    with serve(arena(tmp_path, [Puppet("A"), Puppet("B")])) as url, Visitor(url) as visitor:
        visitor.csrf = visitor.post("/api/admin/login", {"key": "admin-key"}).json()["csrf"]
        assert visitor.get(f"{API}/leaderboard").status_code == 200
        assert visitor.post(f"{API}/run", {"prompt": "p"}).status_code == 200
        forged = visitor.http.post(f"{API}/run", json={"prompt": "p"})
        assert (forged.status_code, forged.json()["code"]) == (403, "csrf")


BAD = {
    "run": [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b'"p"',
        b"null",
        b"3",
        b"[" * 100_000,
        b"{}",
        b'{"prompt": ""}',
        b'{"prompt": " \\n\\t "}',
        b'{"prompt": null}',
        b'{"prompt": 3}',
        b'{"prompt": ["p"]}',
        b'{"prompt": "a\\u0000"}',
        b'{"prompt": "\\ud800"}',
        b'{"prompt": NaN}',
    ],
    "preference": [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"prompt": "p"}',
        b'{"winner": "A"}',
        b'{"prompt": " ", "winner": "A"}',
        b'{"prompt": "p", "winner": ""}',
        b'{"prompt": "p", "winner": " "}',
        b'{"prompt": "p", "winner": null}',
        b'{"prompt": "p", "winner": 1}',
        b'{"prompt": "p", "winner": ["A"]}',
        b'{"prompt": "p", "winner": "Z"}',
        b'{"prompt": "p", "winner": "\\ud800"}',
        b'{"prompt": "never run", "winner": "A"}',
        b'{"prompt": "p", "winner": "A", "ranking": []}',
        b'{"prompt": "p", "winner": "A", "ranking": "A"}',
        b'{"prompt": "p", "winner": "A", "ranking": ["B", "A"]}',
        b'{"prompt": "p", "winner": "A", "ranking": ["A", "Z"]}',
        b'{"prompt": "p", "winner": "A", "ranking": ["A", "A"]}',
        b'{"prompt": "p", "winner": "A", "ranking": ["A", "B", "B"]}',
        b'{"prompt": "p", "winner": "A", "ranking": ["A", 1]}',
        b'{"prompt": "p", "winner": "A", "ranking": {"A": 1}}',
        b'{"prompt": "p", "ranking": ["A", "B"]}',
    ],
}


def test_whatever_is_wrong_is_told_and_nothing_is_kept(tmp_path: Path) -> None:
    with admin(tmp_path, "A", "B") as page:
        page.run("p")
        for call, bodies in BAD.items():
            for body in bodies:
                headers = {"Content-Type": "application/json"}
                reply = page.http.post(f"{API}/{call}", content=body, headers=headers)
                assert 400 <= reply.status_code < 500, (call, body[:80], reply.status_code)
                assert reply.json()["error"], (call, body[:80])
        form = page.http.post(f"{API}/run", data={"prompt": "p"})
        assert 400 <= form.status_code < 500
        assert all(row["comparisons"] is None for row in page.board().values())
    assert counts(str(tmp_path)) == (0, 0)
