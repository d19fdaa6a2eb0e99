"""A vote counts once, whatever happens, and becomes the battles that ratings read."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest
import sqlalchemy as sa
from tests.server.crowd import send_often
from tests.server.puppets import Puppet, arena
from tests.server.visitor import Visitor
from tests.support.serve import serve

from palestra.ranking.style import style_of
from palestra.server.boards.service import Boards
from palestra.store.arena_battle_rows import to_battle
from palestra.store.arena_schema import battles, matchups, votes
from palestra.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from palestra.records.battle import Battle

COLOURS = ("red", "blue", "green", "grey")


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Every test runs on each kind of database."""
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return str(tmp_path)


@contextmanager
def voting(place: str, *puppets: Puppet, **more: Any) -> Iterator[Visitor]:
    entries = puppets or tuple(Puppet(name, [f"I say {len(name)}."]) for name in COLOURS[:2])
    with serve(arena(place, entries, **more)) as url, Visitor(url) as visitor:
        yield visitor


def stored(place: str) -> tuple[list[Battle], list[Any]]:
    """The battles and the votes that the database holds."""
    with (
        Database(place if "://" in place else f"{place}/arena.db") as database,
        database.reading() as connection,
    ):
        rows = connection.execute(sa.select(battles).order_by(battles.c.seq)).mappings()
        cast = connection.execute(sa.select(votes)).mappings().all()
        return [to_battle({str(name): value for name, value in row.items()}) for row in rows], list(cast)


def test_a_vote_becomes_a_battle_with_all_that_is_known(place: str) -> None:
    with voting(place) as visitor:
        ready = visitor.played("Who?", language="en")
        reveal = visitor.vote(ready, "b").json()
    (battle,), (vote,) = stored(place)
    labels = [model["label"] for model in reveal["models"]]
    assert [battle.model_a, battle.model_b] == labels
    assert battle.winner.value == "model_b"
    assert (battle.source, battle.anonymous, battle.order, battle.flags) == ("human", True, None, ())
    assert (battle.prompt, battle.language, battle.weight, battle.soft) == ("Who?", "en", 1.0, False)
    assert battle.response_a == f"I say {len(labels[0])}."
    assert battle.style == {
        f"{name}_{side}": n
        for side, text in (("a", battle.response_a), ("b", battle.response_b))
        for name, n in style_of(str(text)).items()
    }
    assert battle.voter == vote["voter"]
    assert len(vote["voter"]) == len(vote["address"]) == 32
    assert "127.0.0.1" not in vote["address"]


@pytest.mark.parametrize(("winner", "expected"), [("tie", "tie"), ("both_bad", "tie (bothbad)")])
def test_ties(tmp_path: Path, winner: str, expected: str) -> None:
    with voting(str(tmp_path)) as visitor:
        visitor.vote(visitor.played(), winner)
    (battle,), _ = stored(str(tmp_path))
    assert battle.winner.value == expected


def outcomes(place: str, ready: dict[str, Any]) -> set[tuple[str, str, str]]:
    """(slot, slot, winner) of each battle."""
    slot = {model["label"]: model["slot"] for model in ready["models"]}
    return {(slot[b.model_a], slot[b.model_b], b.winner.value) for b in stored(place)[0]}


def test_a_panels_winner_beats_each_other_that_answered(tmp_path: Path) -> None:
    with voting(str(tmp_path), *map(Puppet, COLOURS)) as visitor:
        ready = visitor.played(size=4)
        reveal = visitor.vote(ready, "c").json()
    assert outcomes(str(tmp_path), reveal) == {
        ("a", "c", "model_b"),
        ("b", "c", "model_b"),
        ("c", "d", "model_a"),
    }


def test_a_ranking_gives_every_earlier_beats_later_pair(tmp_path: Path) -> None:
    with voting(str(tmp_path), *map(Puppet, COLOURS)) as visitor:
        ready = visitor.played(size=3)
        reveal = visitor.vote(ready, ranking=["c", "a", "b"]).json()
        assert (reveal["winner"], reveal["ranking"]) == ("c", ["c", "a", "b"])
    assert outcomes(str(tmp_path), reveal) == {
        ("a", "c", "model_b"),
        ("b", "c", "model_b"),
        ("a", "b", "model_a"),
    }


def test_a_vote_on_named_models_is_marked(tmp_path: Path) -> None:
    with voting(str(tmp_path)) as visitor:
        visitor.vote(visitor.played(models=["red", "blue"]), "a")
    (battle,), _ = stored(str(tmp_path))
    assert battle.anonymous is False


@pytest.mark.parametrize(
    ("ballot", "status"),
    [
        ({}, 422),
        ({"winner": "c"}, 422),
        ({"winner": "A"}, 422),
        ({"winner": "model_a"}, 422),
        ({"ranking": ["a"]}, 422),
        ({"ranking": ["a", "a"]}, 422),
        ({"ranking": ["a", "tie"]}, 422),
        ({"winner": "b", "ranking": ["a", "b"]}, 422),
        ({"winner": "a", "token": "0" * 43}, 403),
        ({"winner": "a", "token": ""}, 403),
    ],
)
def test_what_is_no_vote_is_refused_and_nothing_is_kept(
    tmp_path: Path, ballot: dict[str, Any], status: int
) -> None:
    with voting(str(tmp_path)) as visitor:
        ready = visitor.played()
        reply = visitor.post(f"/api/matchups/{ready['id']}/vote", {"token": ready["token"]} | ballot)
        assert reply.status_code == status
        assert reply.json()["error"]
        assert visitor.matchup(ready["id"])["state"] == "open"
    assert stored(str(tmp_path)) == ([], [])


def test_the_same_vote_again_gets_the_same_and_another_one_does_not(place: str) -> None:
    with voting(place) as visitor:
        ready = visitor.played()
        first = visitor.vote(ready, "a")
        assert visitor.vote(ready, "a").json() == first.json()
        other = visitor.vote(ready, "b")
        assert (other.status_code, other.json()["code"]) == (409, "voted")
        ranked = visitor.vote(ready, ranking=["a", "b"])
        assert ranked.status_code == 409
    with voting(place) as _:
        pass  # the server was started again in between
    with serve(arena(place, [Puppet("red"), Puppet("blue")])) as url:
        visitor = Visitor(url)
        with visitor:
            again = visitor.get(f"/api{first.json()['share']}").json()["reveal"]
    assert again == first.json()
    assert len(stored(place)[0]) == 1


@pytest.mark.slow
def test_the_same_vote_a_thousand_times_at_once_counts_once(place: str) -> None:
    with voting(place) as visitor:
        ready = visitor.played()
        replies = send_often(
            f"{visitor.http.base_url}/api/matchups/{ready['id']}/vote",
            {"token": ready["token"], "winner": "a"},
            1000,
            {"X-CSRF-Token": visitor.csrf},
            dict(visitor.http.cookies),
        )
    assert len(replies) == 1000
    assert {reply.status_code for reply in replies} == {200}
    assert len({reply.text for reply in replies}) == 1
    found, cast = stored(place)
    assert (len(found), len(cast)) == (1, 1)


def test_of_two_votes_at_once_one_counts_and_the_other_is_told(tmp_path: Path) -> None:
    with voting(str(tmp_path)) as visitor:
        ready = visitor.played()

        async def both() -> list[int]:
            async with httpx.AsyncClient(
                base_url=str(visitor.http.base_url),
                headers={"X-CSRF-Token": visitor.csrf},
                cookies=dict(visitor.http.cookies),
            ) as client:
                path = f"/api/matchups/{ready['id']}/vote"
                replies = await asyncio.gather(
                    *(client.post(path, json={"token": ready["token"], "winner": w}) for w in ("a", "b"))
                )
                return sorted(reply.status_code for reply in replies)

        assert asyncio.run(both()) == [200, 409]
    assert len(stored(str(tmp_path))[0]) == 1


def test_two_servers_on_one_database_count_a_vote_once(place: str) -> None:
    with voting(place) as visitor, serve(arena(place, [Puppet("red"), Puppet("blue")])) as other_url:
        ready = visitor.played()
        first = visitor.vote(ready, "a")
        with Visitor(other_url) as other:
            other.http.cookies = visitor.http.cookies
            other.csrf = visitor.csrf
            assert other.vote(ready, "a").json() == first.json()
            assert other.vote(ready, "b").status_code == 409
    assert len(stored(place)[0]) == 1


def test_an_answer_that_names_its_model_is_flagged(tmp_path: Path) -> None:
    puppets = [Puppet("red-7b", ["As Red 7B I", " say no."]), Puppet("blue")]
    with voting(str(tmp_path), *puppets) as visitor:
        visitor.vote(visitor.played(), "a")
        assert visitor.get("/api/leaderboard").json()["n_battles"] == 0
    (battle,), (vote,) = stored(str(tmp_path))
    assert battle.flags == ("identity_leak",)
    assert list(vote["flags"]) == ["identity_leak"]


def test_thinking_that_names_its_model_is_flagged(tmp_path: Path) -> None:
    puppets = [Puppet("red-7b", thinking="As Red 7B I should…"), Puppet("blue")]
    with voting(str(tmp_path), *puppets) as visitor:
        visitor.vote(visitor.played(), "a")
    (battle,), (vote,) = stored(str(tmp_path))
    assert battle.flags == tuple(vote["flags"]) == ("identity_leak",)


@pytest.mark.parametrize("restarted", [False, True])
def test_a_model_that_named_itself_stays_known_when_it_answers_again(place: str, restarted: bool) -> None:
    teller = Puppet("red-7b", ["As Red 7B I", " say no."])
    with voting(place, teller, Puppet("blue")) as visitor:
        ready = visitor.played()
        teller.words = ("No.",)
        visitor.do(ready["id"], "regenerate")
        visitor.events(ready["id"])
        if not restarted:
            visitor.vote(ready, "a")
        cookies, csrf = visitor.http.cookies, visitor.csrf
    if restarted:
        with voting(place, teller, Puppet("blue")) as visitor:
            visitor.http.cookies, visitor.csrf = cookies, csrf
            assert visitor.vote(ready, "a").status_code == 200
    (battle,), (vote,) = stored(place)
    assert "Red" not in f"{battle.response_a}{battle.response_b}"
    assert battle.flags == tuple(vote["flags"]) == ("identity_leak",)


@pytest.mark.parametrize(("what", "body"), [("regenerate", None), ("turns", {"prompt": "And?"})])
def test_what_another_server_decided_is_not_gone_on_with(
    place: str, what: str, body: dict[str, str] | None
) -> None:
    with voting(place) as visitor, serve(arena(place, [Puppet("red"), Puppet("blue")])) as other_url:
        ready = visitor.played()
        with Visitor(other_url) as other:
            other.http.cookies, other.csrf = visitor.http.cookies, visitor.csrf
            assert other.vote(ready, "a").status_code == 200
        assert visitor.do(ready["id"], what, body, status=409)["code"] == "voted"
        assert visitor.matchup(ready["id"])["state"] == "voted"
        assert len(visitor.matchup(ready["id"])["turns"]) == 1


def test_the_chance_of_the_models_is_kept(tmp_path: Path) -> None:
    with voting(str(tmp_path), *map(Puppet, COLOURS)) as visitor:
        visitor.begin()
    with Database(tmp_path / "arena.db") as database, database.reading() as connection:
        chance = connection.execute(sa.select(matchups.c.propensity)).scalar_one()
    assert chance == pytest.approx(1 / 6)


@pytest.mark.parametrize("error", [ArithmeticError, np.linalg.LinAlgError, TimeoutError])
def test_a_vote_counts_though_no_standings_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    async def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(Boards, "standings_before_after", fail)
    with voting(str(tmp_path)) as visitor:
        reveal = visitor.vote(visitor.played(), "a")
    assert (reveal.status_code, reveal.json()["winner"]) == (200, "a")
    assert len(stored(str(tmp_path))[0]) == 1
