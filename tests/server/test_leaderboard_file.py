"""`leaderboard.json` is kept current after each vote, and no vote waits for it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from tests.server.puppets import Puppet, arena
from tests.server.visitor import Visitor
from tests.support.cli import palestra, write_config
from tests.support.ports import wait_until
from tests.support.serve import serve
from tests.support.serving import serving

from palestra.interchange.gpu_poor import Totals, read_totals

if TYPE_CHECKING:
    from pathlib import Path


def puppets() -> list[Puppet]:
    return [Puppet(name, [f"I say {len(name)}."]) for name in ("red", "blue")]


def vote(visitor: Visitor, winner: str) -> None:
    reply = visitor.vote(visitor.played(), winner)
    assert reply.status_code == 200, reply.text


def becomes(path: Path, want: int) -> bool:
    """Whether the file soon holds so many battles of each model. It is whole whenever it is read."""
    return wait_until(lambda: {sum(row) for row in read_totals(path).values()} == {want}, 10)


def test_each_vote_is_in_the_file_and_a_deleted_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "leaderboard.json"
    with serve(arena(tmp_path, puppets(), leaderboard_json=str(path))) as url, Visitor(url) as visitor:
        assert read_totals(path) == {}, "it is there before the first vote"
        for number, winner in enumerate(("a", "b", "tie", "both_bad"), start=1):
            vote(visitor, winner)
            assert becomes(path, number), path.read_text()
        rows = json.loads(path.read_text())
        board = visitor.get("/api/leaderboard").json()["rows"]
        for row in board:
            mine = rows[row["model"]]
            assert (mine["wins"], mine["losses"], mine["ties"]) == (row["wins"], row["losses"], row["ties"])
        assert rows["red"]["opponents"]["blue"] == {
            "wins": rows["red"]["wins"],
            "losses": rows["red"]["losses"],
            "ties": 2,
        }
        admin = {"X-API-Key": "admin-key"}
        cast = visitor.get("/api/admin/votes", headers=admin).json()["items"]
        gone = visitor.http.delete(f"/api/admin/votes/{cast[0]['matchup_id']}", headers=admin)
        assert gone.is_success, gone.text
        assert becomes(path, 3), path.read_text()


def test_what_the_file_says_outlives_the_server(tmp_path: Path) -> None:
    path = tmp_path / "leaderboard.json"
    for number in (1, 2):
        with serve(arena(tmp_path, puppets(), leaderboard_json=str(path))) as url, Visitor(url) as visitor:
            vote(visitor, "a")
        assert {sum(row) for row in read_totals(path).values()} == {number}, "written as it ends"
    assert sorted(file.name for file in tmp_path.glob("*leaderboard*")) == ["leaderboard.json"]


def test_a_file_that_holds_more_is_kept_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "leaderboard.json"
    old = '{"red": {"wins": 9, "losses": 0, "opponents": {}}}'
    for name in ("leaderboard.json.previous", "leaderboard.json.previous-2"):
        path.write_text(old)
        with serve(arena(tmp_path, puppets(), leaderboard_json=str(path))):
            assert (tmp_path / name).read_text() == old
            assert read_totals(path) == {}


def test_votes_count_though_the_file_cannot_be_written(tmp_path: Path) -> None:
    folder = tmp_path / "there"
    folder.mkdir()
    path = folder / "leaderboard.json"
    with serve(arena(tmp_path, puppets(), leaderboard_json=str(path))) as url, Visitor(url) as visitor:
        os.rename(folder, tmp_path / "away")
        vote(visitor, "a")
        os.rename(tmp_path / "away", folder)
        vote(visitor, "a")
        assert becomes(path, 2)


def test_palestra_serve_keeps_it(tmp_path: Path) -> None:
    scripted = {"endpoint_type": "scripted", "script": {"echo": True}}
    config = write_config(
        tmp_path / "arena.yaml", {"models": [{"label": "red", **scripted}, {"label": "blue", **scripted}]}
    )
    found: Totals = {}
    with serving(tmp_path, config, "--leaderboard-json", "board.json", n_lines=3) as server:
        with Visitor(server.url) as visitor:
            vote(visitor, "a")
        assert becomes(tmp_path / "board.json", 1)
        found = read_totals(tmp_path / "board.json")
        code, errors = server.end()
    assert code == 130, errors
    assert sorted(found.values()) == [(0, 1, 0), (1, 0, 0)]


def test_another_file_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "leaderboard.json"
    path.write_text("[]")
    scripted = {"endpoint_type": "scripted", "script": {"echo": True}}
    config = write_config(
        tmp_path / "arena.yaml", {"models": [{"label": "red", **scripted}, {"label": "blue", **scripted}]}
    )
    done = palestra("serve", config, "--port", "0", "--leaderboard-json", path, cwd=tmp_path, code=3)
    assert "expected {model" in done.stderr
    assert "name another in serve.leaderboard_json" in done.stderr
    assert path.read_text() == "[]"
