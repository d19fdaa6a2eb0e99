"""Open battles outlive the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from tests.server.puppets import Puppet, arena
from tests.server.visitor import Visitor, texts
from tests.support.ports import wait_until
from tests.support.serve import serve

from palestra.store.arena_schema import battles
from palestra.store.database import Database

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return str(tmp_path)


def again(old: Visitor, url: str) -> Visitor:
    """The same visitor at a server that was started again."""
    new = Visitor(url)
    new.http.cookies, new.csrf = old.http.cookies, old.csrf
    return new


def test_a_battle_that_was_broken_off_is_played_on(place: str) -> None:
    early = [Puppet("red", ["Done."]), Puppet("blue", ["Half", " way."], pause_at=1)]
    with serve(arena(place, early)) as url:
        visitor = Visitor(url)
        made = visitor.begin("Hello?")
        assert wait_until(
            lambda: "done" in [a["status"] for a in visitor.matchup(made["id"])["turns"][0]["answers"]], 5
        )
        visitor.http.close()
    late = [Puppet("red", ["Another."]), Puppet("blue", ["Half", " way."])]
    with serve(arena(place, late)) as url, again(visitor, url) as visitor:
        current = visitor.get("/api/matchups/current").json()
        assert current["id"] == made["id"]
        shown = texts(visitor.events(made["id"]))
        assert set(shown.values()) == {"Done.", "Half way."}
        assert (len(late[0].asked), len(late[1].asked)) == (0, 1)
        assert visitor.vote(visitor.matchup(made["id"]), "a").status_code == 200


def test_a_finished_battle_is_there_to_be_voted_on(place: str) -> None:
    with serve(arena(place, [Puppet("red"), Puppet("blue")])) as url:
        visitor = Visitor(url)
        ready = visitor.played()
        visitor.http.close()
    with serve(arena(place, [Puppet("red"), Puppet("blue")])) as url, again(visitor, url) as visitor:
        assert visitor.matchup(ready["id"]) == ready
        reveal = visitor.vote(ready, "a").json()
        visitor.http.close()
    with serve(arena(place, [Puppet("red"), Puppet("blue")])) as url, again(visitor, url) as visitor:
        assert visitor.matchup(ready["id"])["reveal"] == reveal
        assert visitor.vote(ready, "a").json() == reveal


def test_a_failure_that_nothing_came_of_is_asked_for_again(tmp_path: Path) -> None:
    """As after a kill between noting a failure and asking others."""
    with serve(arena(tmp_path, [Puppet("red", fails=True), Puppet("blue", fails=True)])) as url:
        visitor = Visitor(url)
        made = visitor.begin()
        visitor.events(made["id"])
        visitor.http.close()
    with Database(tmp_path / "arena.db") as database, database.writing() as connection:
        connection.execute(sa.text("UPDATE matchups SET state = 'open', reason = NULL, replaced_by = NULL"))
    late = [Puppet("red"), Puppet("blue")]
    with serve(arena(tmp_path, late)) as url, again(visitor, url) as visitor:
        assert set(texts(visitor.events(made["id"])).values()) == {"Hello there."}
        assert visitor.matchup(made["id"])["can_vote"]


def test_a_model_that_is_gone_since_voids_the_battle(tmp_path: Path) -> None:
    with serve(arena(tmp_path, [Puppet("red", pause_at=0), Puppet("blue", pause_at=0)])) as url:
        visitor = Visitor(url)
        made = visitor.begin()
        visitor.http.close()
    puppets = [Puppet(name) for name in ("blue", "green", "grey")]
    with serve(arena(tmp_path, puppets)) as url, again(visitor, url) as visitor:
        name, told = visitor.events(made["id"])[-2]
        assert (name, bool(told["by"])) == ("replaced", True)


def test_an_unfinished_turn_is_asked_again_after_a_restart(tmp_path: Path) -> None:
    with serve(arena(tmp_path, [Puppet("red"), Puppet("blue")])) as url:
        visitor = Visitor(url)
        ready = visitor.played()
        visitor.do(ready["id"], "turns", {"prompt": "And?"})
        visitor.http.close()
    with Database(tmp_path / "arena.db") as database, database.writing() as connection:
        connection.execute(sa.text("DELETE FROM answers WHERE turn = 1"))
    late = [Puppet("red"), Puppet("blue")]
    with serve(arena(tmp_path, late)) as url, again(visitor, url) as visitor:
        visitor.events(ready["id"])
        assert visitor.matchup(ready["id"])["can_vote"]
        assert [len(puppet.asked[0].messages) for puppet in late] == [3, 3]


def test_no_acknowledged_vote_is_lost_when_the_server_is_killed(tmp_path: Path) -> None:
    """A server of its own, killed at once after the acknowledgement."""
    import subprocess
    import sys

    from tests.support.cli import clean_environment, write_config

    models = [{"label": name, "endpoint_type": "scripted"} for name in ("red", "blue")]
    config = write_config(tmp_path / "c.yaml", {"models": models, "serve": {"port": 0}})
    command = [sys.executable, "-m", "palestra", "serve", str(config), "--db", str(tmp_path / "k.db")]
    acknowledged = 0
    for _ in range(3):
        server = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=tmp_path,
            env=clean_environment(PYTHONUNBUFFERED="1"),
        )
        try:
            assert server.stdout is not None
            url = server.stdout.readline().split(" is at ")[1].split()[0]
            with Visitor(url) as visitor:
                for _ in range(3):
                    ready = visitor.played()
                    assert visitor.vote(ready, "tie").status_code == 200
                    acknowledged += 1
        finally:
            server.kill()
            server.communicate()
    with Database(tmp_path / "k.db") as database, database.reading() as connection:
        assert (
            connection.execute(sa.select(sa.func.count()).select_from(battles)).scalar() == acknowledged == 9
        )
