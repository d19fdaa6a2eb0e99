"""`palestra serve` opens the arena, says where, and ends in order; what is wrong is one message."""

from __future__ import annotations

import os
import signal
import stat
from typing import TYPE_CHECKING, Any

import pytest
from tests.server.visitor import Visitor, texts
from tests.support.cli import palestra, write_config
from tests.support.ports import bound_socket
from tests.support.serving import serving

from palestra.server.live.shapes import MatchupShape

if TYPE_CHECKING:
    from pathlib import Path

MODELS = [{"label": name, "endpoint_type": "scripted"} for name in ("red", "blue")]


def config(folder: Path, **more: Any) -> Path:
    return write_config(folder / "arena.yaml", {"arena": {"name": "colours"}, "models": MODELS, **more})


def test_without_a_config_it_is_the_sample_arena(tmp_path: Path) -> None:
    with serving(tmp_path, n_lines=4) as server:
        assert server.lines[0].startswith("The sample arena is at http://127.0.0.1:")
        assert "only this machine" in server.lines[1]
        assert "do not exist" in server.lines[2]
        assert "admin-key" in server.lines[3]
        with Visitor(server.url) as visitor:
            assert visitor.get("/api/session").json()["sample"] is True
            seeded = visitor.get("/api/leaderboard", params={"source": "all"}).json()["n_battles"]
            assert 100 < seeded <= 200
            prompt = visitor.get("/api/prompts/random").json()["prompt"]
            made = visitor.begin(prompt)
            events = visitor.events(made["id"])
            assert sum(name == "delta" for name, _ in events) > 3
            shown = texts(events)
            assert all("sample arena" not in text for text in shown.values())
            reveal = visitor.vote(visitor.matchup(made["id"]), "a").json()
            assert reveal["counted"]
            assert all(model["label"].startswith("sample-") for model in reveal["models"])
            board = visitor.get("/api/leaderboard", params={"source": "all"}).json()
            assert board["n_battles"] == seeded + 1
            assert len(board["rows"]) == 5
        code, errors = server.end()
    assert (code, errors) == (130, "Stopped.\n")
    assert (tmp_path / "palestra-sample.db").exists()
    assert stat.S_IMODE((tmp_path / "palestra-sample.db.admin-key").stat().st_mode) == 0o600


def test_sample_models_say_so_where_they_have_no_answer(tmp_path: Path) -> None:
    with serving(tmp_path) as server, Visitor(server.url) as visitor:
        before = visitor.get("/api/leaderboard", params={"source": "all"}).json()["n_battles"]
        ready = visitor.played("Something that nobody wrote an answer to.")
        assert {"This is the sample arena" in a["text"] for a in ready["turns"][0]["answers"]} == {True}
        reveal = visitor.vote(ready, "a").json()
        assert reveal["counted"] is False
        assert "no rating" in reveal["note"]
        assert visitor.get("/api/leaderboard", params={"source": "all"}).json()["n_battles"] == before
        MatchupShape.model_validate(visitor.matchup(ready["id"]), strict=True)


def test_a_config_is_served_and_its_votes_survive(tmp_path: Path) -> None:
    path = config(tmp_path)
    with serving(tmp_path, path) as server:
        assert server.lines[0].startswith("The arena 'colours' is at ")
        with Visitor(server.url) as visitor:
            assert visitor.get("/api/session").json()["arena"] == {"name": "colours"}
            visitor.vote(visitor.played(), "b")
        assert server.end(signal.SIGTERM)[0] == 0
    with serving(tmp_path, path) as server, Visitor(server.url) as visitor:
        assert visitor.get("/api/leaderboard").json()["n_battles"] == 1


def test_result_folders_are_shown(tmp_path: Path) -> None:
    palestra("demo", "--out", "run", "--quiet", cwd=tmp_path)
    with serving(tmp_path, config(tmp_path), "--run", "run") as server, Visitor(server.url) as visitor:
        (run,) = visitor.get("/api/runs").json()
        assert run["name"] == "run"


def test_flags_win_over_the_config(tmp_path: Path) -> None:
    path = config(tmp_path, serve={"host": "10.255.255.1", "port": 1, "min_votes": 5})
    arguments = ("--host", "localhost", "--set", "serve.min_votes=7", "--db", "other.db")
    with serving(tmp_path, path, *arguments) as server, Visitor(server.url) as visitor:
        assert visitor.get("/api/session").json()["limits"]["min_votes"] == 7
    assert (tmp_path / "other.db").exists()
    assert not (tmp_path / "palestra.db").exists()


def test_an_open_stream_does_not_hold_the_end_up(tmp_path: Path) -> None:
    slow = [{**model, "script": {"reply": "word " * 100, "delay_ms": 60_000}} for model in MODELS]
    path = config(tmp_path, models=slow)
    with serving(tmp_path, path) as server, Visitor(server.url) as visitor:
        made = visitor.begin()
        with visitor.reading(made["id"]) as events:
            assert next(events)[0] == "snapshot"
            code, errors = server.end(signal.SIGTERM)
    assert (code, errors) == (0, "Stopped.\n")


def test_the_admins_key_from_the_environment_is_in_no_output(tmp_path: Path) -> None:
    with serving(tmp_path, config(tmp_path), PALESTRA_ADMIN_KEY="swordfish-key") as server:
        code, errors = server.end()
    assert "swordfish" not in "".join(server.lines) + errors
    assert not list(tmp_path.glob("*.admin-key"))
    assert code == 130


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("missing.yaml",), 3, "there is no such file"),
        (("one.yaml",), 3, "two models or more, and 1"),
        (("arena.yaml", "--host", "no.such.host.test"), 2, "cannot listen on no.such.host.test"),
        (("arena.yaml", "--host", "192.0.2.1"), 2, "cannot listen on 192.0.2.1"),
        (("arena.yaml", "--run", "nowhere"), 4, "no such folder"),
        (("arena.yaml", "--db", "no/such/folder.db"), 3, "admin key cannot be kept"),
        (("arena.yaml", "--set", "serve.prt=1"), 3, "did you mean 'port'"),
        (("arena.yaml", "--port", "70000"), 2, "65535"),
        (("keyless.yaml",), 5, "no API key"),
    ],
)
def test_what_is_wrong_is_one_message(
    tmp_path: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    config(tmp_path)
    write_config(tmp_path / "one.yaml", {"models": MODELS[:1]})
    keyless = [{"endpoint_type": "openai", "model": f"gpt-{i}"} for i in range(2)]
    write_config(tmp_path / "keyless.yaml", {"models": keyless, "serve": {"port": 0}})
    done = palestra("serve", *arguments, cwd=tmp_path, code=code, timeout=60)
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with bound_socket() as taken:
        taken.listen()
        port = str(taken.getsockname()[1])
        done = palestra("serve", config(tmp_path), "--port", port, cwd=tmp_path, code=2)
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr
    assert "--port 0" in done.stderr


def test_a_secret_that_is_too_short_is_refused(tmp_path: Path) -> None:
    done = palestra("serve", config(tmp_path), cwd=tmp_path, code=2, env={"PALESTRA_SECRET": "short"})
    assert "PALESTRA_SECRET" in done.stderr
    assert os.listdir(tmp_path)
