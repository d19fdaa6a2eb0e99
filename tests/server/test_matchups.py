"""Blind battles and named ones, from the first word to the vote."""

from __future__ import annotations

import random
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from tests.server.puppets import Puppet, arena
from tests.server.visitor import Visitor, texts
from tests.support.ports import wait_until
from tests.support.serve import serve

from palestra.server.live.shapes import MatchupShape, RevealShape

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


@contextmanager
def visiting(place: Path, puppets: Sequence[Puppet], **serve_: Any) -> Iterator[Visitor]:
    with serve(arena(place, puppets, **serve_)) as url, Visitor(url) as visitor:
        yield visitor


def pair(**more: Any) -> list[Puppet]:
    return [Puppet("red", **more), Puppet("blue", **more)]


def answers(matchup: dict[str, Any], turn: int = -1) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = matchup["turns"][turn]["answers"]
    return found


def test_a_blind_battle_from_prompt_to_reveal(tmp_path: Path) -> None:
    with visiting(tmp_path, pair()) as visitor:
        made = visitor.begin("Say hello.")
        assert (made["kind"], made["state"], made["slots"]) == ("blind", "open", ["a", "b"])
        assert made["models"] is made["reveal"] is made["share"] is None
        events = visitor.events(made["id"])
        assert [name for name, _ in events][:: len(events) - 1] == ["snapshot", "end"]
        assert texts(events) == {"a": "Hello there.", "b": "Hello there."}
        ready = visitor.get("/api/matchups/current").json()
        assert (ready["id"], ready["can_vote"], ready["vote_now"]) == (made["id"], True, False)
        assert all(set(answer) == {"slot", "status", "text", "thinking"} for answer in answers(ready))
        reply = visitor.vote(ready, "b")
        assert reply.status_code == 200, reply.text
        reveal = RevealShape.model_validate(reply.json(), strict=True)
        assert (reveal.winner, reveal.counted, reveal.note) == ("b", True, None)
        assert {model.label for model in reveal.models} == {"red", "blue"}
        first, second = reveal.models
        assert first.before is None
        assert first.after is not None
        assert second.after is not None
        assert second.after.rating > first.after.rating
        assert (first.organisation, first.licence, first.size_b, first.tokens_out) == (
            "Puppeteers",
            "MIT",
            7,
            2,
        )
        decided = visitor.matchup(made["id"])
        MatchupShape.model_validate(decided, strict=True)
        assert decided["state"] == "voted"
        assert decided["token"] is None
        assert decided["reveal"] == reply.json()
        assert answers(decided)[0]["cost_usd"] == 0.5
        assert visitor.get("/api/matchups/current").json() is None
        assert visitor.get("/api/session").json()["voter"]["votes"] == 1


def test_what_is_told_before_the_vote_has_the_documented_shape(tmp_path: Path) -> None:
    with visiting(tmp_path, pair(thinking="Hm.")) as visitor:
        MatchupShape.model_validate(visitor.begin(), strict=True)
        ready = visitor.played()
        MatchupShape.model_validate(ready, strict=True)
        assert answers(ready)[0]["thinking"] == "Hm."


def test_a_reader_who_comes_late_or_again_gets_the_rest(tmp_path: Path) -> None:
    puppets = pair(words=[f"w{i} " for i in range(20)], pause_at=10)
    with visiting(tmp_path, puppets) as visitor:
        made = visitor.begin()
        with visitor.reading(made["id"]) as events:
            early = [next(events)]
            while len(texts(early)["a"].split()) < 10 or len(texts(early)["b"].split()) < 10:
                early.append(next(events))
        assert [data["vote_now"] for _, data in early if "vote_now" in data][-1]
        with visitor.reading(made["id"]) as events:
            snapshot = next(events)
            assert texts([snapshot]) == texts(early)
            assert answers(snapshot[1])[0]["status"] == "streaming"
            for puppet in puppets:
                puppet.go.set()
            late = [snapshot, *events]
        whole = "".join(puppets[0].words)
        assert texts(late) == {"a": whole, "b": whole}
        assert texts(visitor.events(made["id"])) == texts(late)
        assert all(len(puppet.asked) == 1 for puppet in puppets)


def test_many_words_come_in_few_events(tmp_path: Path) -> None:
    with visiting(tmp_path, pair(words=["x"] * 2000)) as visitor:
        events = visitor.events(visitor.begin()["id"])
    assert texts(events)["a"] == "x" * 2000
    assert len(events) < 100


def test_a_conversation_goes_on_with_each_models_own_answers(tmp_path: Path) -> None:
    puppets = [Puppet("red", ["I am", " one."]), Puppet("blue", ["I am", " the other."])]
    with visiting(tmp_path, puppets, max_turns=2) as visitor:
        ready = visitor.played("First?", system="Be brief.")
        going_on = visitor.do(ready["id"], "turns", {"prompt": "Second?"})
        assert len(going_on["turns"]) == 2
        assert not going_on["can_vote"]
        visitor.events(ready["id"])
        for puppet in puppets:
            said = [(message.role, message.content) for message in puppet.asked[1].messages]
            assert said == [
                ("system", "Be brief."),
                ("user", "First?"),
                ("assistant", "".join(puppet.words)),
                ("user", "Second?"),
            ]
        long_enough = visitor.post(f"/api/matchups/{ready['id']}/turns", {"prompt": "Third?"})
        assert (long_enough.status_code, long_enough.json()["code"]) == (409, "turns")
        assert visitor.vote(visitor.matchup(ready["id"]), "tie").status_code == 200
        battle_id = visitor.get("/api/battles").json()["items"][0]["battle_id"]
        battle = visitor.get(f"/api/battles/{battle_id}").json()
        assert [message["role"] for message in battle["prompt"]] == ["system", "user", "user"]
        roles = ["system", "user", "assistant", "user", "assistant"]
        assert [message["role"] for message in battle["response_a"]] == roles


def test_a_turn_waits_for_the_answers(tmp_path: Path) -> None:
    with visiting(tmp_path, pair(pause_at=1)) as visitor:
        made = visitor.begin()
        reply = visitor.post(f"/api/matchups/{made['id']}/turns", {"prompt": "More?"})
        assert (reply.status_code, reply.json()["code"]) == (409, "busy")


def test_regenerating_asks_all_again_on_the_open_stream(tmp_path: Path) -> None:
    puppets = pair(pause_at=1)
    with visiting(tmp_path, puppets) as visitor:
        made = visitor.begin()
        with visitor.reading(made["id"]) as events:
            first = next(events)
            assert first[0] == "snapshot"
            with Visitor(str(visitor.http.base_url)) as same:
                same.http.cookies, same.csrf = visitor.http.cookies, visitor.csrf
                same.do(made["id"], "regenerate")
            for puppet in puppets:
                puppet.go.set()
            rest = list(events)
        assert "snapshot" in [name for name, _ in rest]
        assert texts([first, *rest]) == {"a": "Hello there.", "b": "Hello there."}
        assert [request.repeat for request in puppets[0].asked] == [0, 1]


def test_stopping_keeps_what_is_there(tmp_path: Path) -> None:
    with visiting(tmp_path, pair(words=["One", " two", " three"], pause_at=2)) as visitor:
        made = visitor.begin()
        assert wait_until(lambda: visitor.matchup(made["id"])["vote_now"], 5)
        stopped = visitor.do(made["id"], "stop")
        assert {(a["status"], a["text"]) for a in answers(stopped)} <= {
            ("stopped", "One two"),
            ("stopped", "One"),
        }
        assert stopped["can_vote"]
        assert visitor.events(made["id"])[-1][0] == "end"
        assert visitor.vote(stopped, "a").status_code == 200


def test_what_was_stopped_before_it_began_cannot_be_voted_on(tmp_path: Path) -> None:
    puppets = [Puppet("red", delay=30), Puppet("blue")]
    with visiting(tmp_path, puppets) as visitor:
        made = visitor.begin()
        stopped = visitor.do(made["id"], "stop")
        assert not stopped["can_vote"]
        assert stopped["state"] == "open"
        reply = visitor.vote(stopped, "a")
        assert (reply.status_code, reply.json()["code"]) == (409, "early")
        puppets[0].delay = 0
        visitor.do(made["id"], "regenerate")
        visitor.events(made["id"])
        assert visitor.matchup(made["id"])["can_vote"]


def test_voting_while_both_still_speak_stops_them(tmp_path: Path) -> None:
    with visiting(tmp_path, pair(words=["One", " two", " three"], pause_at=2)) as visitor:
        made = visitor.begin()
        assert wait_until(lambda: visitor.matchup(made["id"])["vote_now"], 5)
        assert visitor.vote(made, "both_bad").status_code == 200
        assert {answer["status"] for answer in answers(visitor.matchup(made["id"]))} == {"stopped"}


def test_a_failed_model_voids_the_battle_and_others_are_asked(tmp_path: Path) -> None:
    puppets = [Puppet("broken", fails=True), Puppet("red"), Puppet("blue")]
    with visiting(tmp_path, puppets) as visitor:
        for _ in range(20):
            events = visitor.events(visitor.begin("Hello?")["id"])
            if events[-2][0] == "replaced":
                break
        name, told = events[-2]
        assert name == "replaced"
        assert "broken" not in str(events)
        assert "provider.test" not in str(events)
        visitor.events(told["by"])
        successor = visitor.matchup(told["by"])
        assert successor["can_vote"]
        assert successor["turns"][0]["prompt"] == "Hello?"
        reply = visitor.vote(successor, "a")
        assert {model["label"] for model in reply.json()["models"]} == {"red", "blue"}


def test_after_several_failures_the_visitor_is_told(tmp_path: Path) -> None:
    puppets = [Puppet(f"broken {i}", fails=True) for i in range(12)]
    with visiting(tmp_path, puppets) as visitor:
        seen = [visitor.begin("Hello?")["id"]]
        while True:
            name, told = visitor.events(seen[-1])[-2]
            assert name == "replaced"
            if told["by"] is None:
                break
            seen.append(told["by"])
        assert len(seen) == 4
        assert "Several models" in told["reason"]
        last = visitor.matchup(seen[-1])
        assert (last["state"], last["replaced_by"], last["can_vote"]) == ("replaced", None, False)
        for puppet in puppets:
            puppet.fails = False
        again = visitor.do(seen[-1], "replace", status=201)
        assert visitor.events(again["id"])[-1][0] == "end"
        assert visitor.matchup(again["id"])["can_vote"]
        assert visitor.matchup(seen[-1])["replaced_by"] == again["id"]


def test_a_failed_battle_cannot_be_voted_on(tmp_path: Path) -> None:
    with visiting(tmp_path, pair(fails=True)) as visitor:
        made = visitor.begin()
        visitor.events(made["id"])
        reply = visitor.vote(made, "a")
        assert (reply.status_code, reply.json()["code"]) == (409, "replaced")
        assert visitor.get("/api/battles").json()["items"] == []


def test_giving_a_battle_up_gives_another_on_the_same_prompt(tmp_path: Path) -> None:
    with visiting(tmp_path, [Puppet("red"), Puppet("blue"), Puppet("green")]) as visitor:
        made = visitor.played("Hello?")
        other = visitor.do(made["id"], "replace", status=201)
        assert other["id"] != made["id"]
        assert other["turns"][0]["prompt"] == "Hello?"
        assert visitor.do(made["id"], "replace", status=201)["id"] == other["id"]
        old = visitor.matchup(made["id"])
        assert (old["state"], old["replaced_by"], old["models"]) == ("replaced", other["id"], None)
        assert visitor.vote(made, "a").status_code == 409


def test_named_models_are_told_with_their_measures_and_failures(tmp_path: Path) -> None:
    puppets = [Puppet("red"), Puppet("broken", fails=True), Puppet("blue")]
    with visiting(tmp_path, puppets) as visitor:
        made = visitor.begin(models=["blue", "broken", "red"])
        assert [model["label"] for model in made["models"]] == ["blue", "broken", "red"]
        visitor.events(made["id"])
        ready = visitor.matchup(made["id"])
        MatchupShape.model_validate(ready, strict=True)
        assert [answer["status"] for answer in answers(ready)] == ["done", "failed", "done"]
        assert answers(ready)[1]["failure"]["kind"] == "other"
        assert "broke" in answers(ready)[1]["failure"]["message"]
        assert answers(ready)[0]["tokens_out"] == 2
        assert ready["can_vote"]
        refused = visitor.vote(ready, "b")
        assert (refused.status_code, refused.json()["code"]) == (409, "failed")
        reveal = visitor.vote(ready, "c").json()
        assert "names were known" in reveal["note"]
        (battle,) = visitor.get("/api/battles", params={"source": "all"}).json()["items"]
        assert {battle["model_a"], battle["model_b"]} == {"red", "blue"}
        assert visitor.get("/api/leaderboard").json()["n_battles"] == 0


def test_the_first_place_of_both_sides_is_drawn(tmp_path: Path) -> None:
    with visiting(tmp_path, pair()) as visitor:
        firsts = set()
        for _ in range(40):
            ready = visitor.played(f"Prompt {random.random()}")
            firsts.add(visitor.vote(ready, "tie").json()["models"][0]["label"])
            if len(firsts) == 2:
                break
    assert firsts == {"red", "blue"}


def test_a_shared_battle_is_seen_by_others_and_tells_no_voter(tmp_path: Path) -> None:
    with visiting(tmp_path, pair()) as visitor:
        ready = visitor.played()
        path = visitor.vote(ready, "a").json()["share"]
        with Visitor(str(visitor.http.base_url)) as other:
            assert other.get(f"/api/matchups/{ready['id']}").status_code == 404
            seen = other.get(f"/api{path}").json()
            assert other.get("/api/shared/nothing").status_code == 404
        MatchupShape.model_validate(seen, strict=True)
        assert seen["reveal"]["winner"] == "a"
        assert seen["token"] is None


def test_a_battle_is_its_voters_alone(tmp_path: Path) -> None:
    with visiting(tmp_path, pair()) as visitor, Visitor(str(visitor.http.base_url)) as other:
        ready = visitor.played()
        for what in ("turns", "regenerate", "stop", "replace"):
            reply = other.post(
                f"/api/matchups/{ready['id']}/{what}", {"prompt": "p"} if what == "turns" else None
            )
            assert reply.status_code == 404
        assert other.get(f"/api/matchups/{ready['id']}/events").status_code == 404
        reply = other.vote(ready, "a")
        assert (reply.status_code, reply.json()["code"]) == (403, "token")


def test_random_prompts_are_known_by_their_category(tmp_path: Path) -> None:
    with visiting(tmp_path, pair(), example_prompts=["One?", "Two?"]) as visitor:
        drawn = {visitor.get("/api/prompts/random").json()["prompt"] for _ in range(50)}
        assert drawn == {"One?", "Two?"}
    (tmp_path / "other").mkdir()
    with visiting(tmp_path / "other", pair()) as visitor:
        assert visitor.get("/api/prompts/random").status_code == 404


@pytest.mark.parametrize("size", [2, 3, 4])
def test_a_panel_of_hidden_models(tmp_path: Path, size: int) -> None:
    puppets = [Puppet(name) for name in ("red", "blue", "green", "grey")]
    with visiting(tmp_path, puppets, panel=size) as visitor:
        ready = visitor.played()
        assert ready["size"] == size
        reveal = visitor.vote(ready, "both_bad").json()
        assert len({model["label"] for model in reveal["models"]}) == size
        assert visitor.get("/api/battles").json()["total"] == size * (size - 1) // 2
