"""`palestra.place` from end to end: calls counted and paid once, failures kept out, and what a user may get
wrong."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from tests.run.place.arenas import MODELS, battles, settings, write_jsonl
from tests.support.behaviour import Behaviour, Fault, Reply
from tests.support.cli import palestra, rows, write_config
from tests.support.require import ROOT

import palestra as library
from palestra.config.load import load_config
from palestra.config.schema import Config
from palestra.errors import BudgetReached, ConfigError, DataError, UsageError
from palestra.run.place.api import load
from palestra.run.place.settings import resolve

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.chat_server import ChatServer


SCORING = {"judge": Behaviour(reply=Reply.SCORES)}


def calls(chat: ChatServer) -> int:
    return int(chat.log()["total"])


def served(folder: Path, chat: ChatServer, **place: Any) -> dict[str, Any]:
    """A config whose model and judge are asked over HTTP; the judge's scores are those that OpenArena asks
    for."""
    endpoint = {"endpoint_type": "openai", "base_url": f"{chat.url}/v1", "retries": 0}
    config = settings(write_jsonl(folder / "arena.jsonl", battles(200)), **place)
    return config | {
        "models": [{**endpoint, "label": "new", "model": "one", "price": {"input": 1000, "output": 1000}}],
        "judges": [{**endpoint, "label": "judge", "model": "judge", "protocol": "scores"}],
        "concurrency": 4,
    }


def place(folder: Path, config: dict[str, Any], **options: Any) -> library.Placement:
    path = write_config(folder / "place.yaml", config)
    return library.place(config=path, out=folder / "out", db=folder / "a.db", **options)


def test_the_calls_that_are_said_are_the_calls_that_are_made_and_none_is_made_twice(
    chat: ChatServer, tmp_path: Path
) -> None:
    chat.behave(SCORING)
    config = served(tmp_path, chat, battles=20, calibrate=15, max_turns=1)
    path = write_config(tmp_path / "place.yaml", config)
    said = palestra("place", "--config", path, "--dry-run", "--db", "a.db", cwd=tmp_path).stdout
    told = (
        "at most 20 calls for answers and 70 for verdicts, 30 of which calibrate the temperature on 15 human"
    )
    assert told in said
    assert calls(chat) == 0
    first = place(tmp_path, config)
    assert calls(chat) == 20 + 70
    more = place(tmp_path, {**config, "place": {**config["place"], "battles": 25}})
    assert calls(chat) == 20 + 70 + 5 + 2 * 5, "a larger draw asks for what is new"
    again = place(tmp_path, config, labels="hard", calibrate=0)
    assert calls(chat) == 105, "other labels ask for nothing"
    assert (first.placed.n_prompts, more.placed.n_prompts, again.placed.labels) == (20, 25, "hard")
    assert first.calibration is not None
    assert first.manifest.n_prompts >= 20


def test_what_failed_makes_no_battle_is_counted_and_is_asked_for_again(
    chat: ChatServer, tmp_path: Path
) -> None:
    chat.behave({**SCORING, "judge": Behaviour(reply=Reply.SCORES, faults=(Fault.EMPTY,))})
    config = served(tmp_path, chat, battles=10, max_turns=1)
    with pytest.raises(DataError, match="no battle of new was judged"):
        place(tmp_path, config)
    assert all(row["failure"]["kind"] == "empty" for row in rows(tmp_path / "out" / "verdicts.jsonl"))
    assert calls(chat) == 30
    found = place(tmp_path, config)
    assert calls(chat) == 30 + 20, "answers are there; verdicts failed and are asked for again"
    assert (found.placed.n_prompts, found.board.n_failed) == (10, 0)


def test_prompts_without_an_answer_are_not_judged_and_are_counted(tmp_path: Path) -> None:
    arena = battles(100)
    config = settings(write_jsonl(tmp_path / "arena.jsonl", arena), battles=0, max_turns=1)
    answers = [{"question_id": row["question_id"], "response": "Mine."} for row in arena[:40]]
    path = write_jsonl(tmp_path / "answers.jsonl", answers)
    config["models"] = [{"label": "new", "endpoint_type": "recorded", "path": str(path)}]
    found = place(tmp_path, config)
    spend = {row.label: row for row in found.manifest.spend}
    assert set(spend) == {"new", "judge"}, "the arena's models are no part of what was spent"
    assert spend["new"].failed == {"missing": 48}
    assert (found.placed.n_prompts, found.manifest.n_unjudged) == (32, 48)
    judged = [row for row in rows(tmp_path / "out" / "battles.jsonl") if row["source"] == "llm-judge"]
    assert len(judged) == found.placed.n_battles == 32


def test_a_money_limit_stops_it_and_it_goes_on_later(chat: ChatServer, tmp_path: Path) -> None:
    chat.behave(SCORING)
    config = served(tmp_path, chat, battles=30, max_turns=1)
    config["judges"][0]["price"] = {"input": 0, "output": 0}
    with pytest.raises(BudgetReached, match="goes on"):
        place(tmp_path, config, max_cost=0.2)
    before = calls(chat)
    assert 0 < before < 90
    assert place(tmp_path, config).placed.n_prompts == 30
    assert calls(chat) == 90


async def test_it_works_where_an_event_loop_runs_already(tmp_path: Path) -> None:
    await asyncio.sleep(0)
    config = settings(write_jsonl(tmp_path / "arena.jsonl", battles(100)), battles=10)
    found = place(tmp_path, config)
    assert {row["model"] for row in found.rows()} == {*MODELS, "new"}
    assert [row["source"] for row in found.rows() if row["model"] == "new"] == ["evaluated"]
    assert found.rating.model == found.model == "new"
    assert "new: 10 battles on 10 prompts" in repr(found)
    assert "<table" in found._repr_html_()
    assert found.to_pandas().shape == found.to_polars().shape == (6, 17)


def test_a_model_a_file_and_a_judge_are_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    arena = battles(120)
    write_jsonl(tmp_path / "arena.jsonl", arena)
    answers = [{"question_id": row["question_id"], "response": "Mine."} for row in arena]
    write_jsonl(tmp_path / "answers.jsonl", answers)
    verdicts = [
        {
            "question_id": row["question_id"],
            "model_a": "answers",
            "model_b": row[side],
            "winner": "model_a",
            "score_a": 8,
            "score_b": 6,
        }
        for row in arena
        for side in ("model_a", "model_b")
    ]
    write_jsonl(tmp_path / "verdicts.jsonl", verdicts)
    found = library.place(
        "answers.jsonl",
        "arena.jsonl",
        "recorded:verdicts.jsonl",
        battles=30,
        min_battles=10,
        max_turns=1,
        rounds=20,
    )
    assert found.folder.name == "place-answers"
    assert (found.placed.wins, found.placed.n_prompts) == (30, 30)
    assert json.loads((found.folder / "placement.json").read_text())["win_rate"] == 1.0


def test_a_model_and_a_judge_may_be_mappings(tmp_path: Path) -> None:
    config = settings(write_jsonl(tmp_path / "arena.jsonl", battles(100)))
    found = library.place(
        config["models"][0],
        tmp_path / "arena.jsonl",
        config["judges"][0],
        battles=10,
        min_battles=10,
        ci="sandwich",
        quiet=True,
        out=tmp_path / "out",
        db=tmp_path / "a.db",
    )
    assert found.placed.n_prompts == 10


def test_every_answer_and_verdict_goes_through_the_store(tmp_path: Path) -> None:
    place(tmp_path, settings(write_jsonl(tmp_path / "arena.jsonl", battles(100)), battles=10, max_turns=1))
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        counts = [
            connection.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("responses", "verdicts")
        ]
    assert counts == [20, 20]


def test_a_changed_config_leaves_no_stale_files(tmp_path: Path) -> None:
    config = settings(write_jsonl(tmp_path / "arena.jsonl", battles(100)), battles=10)
    place(tmp_path, config)
    place(tmp_path, config, battles=12)
    assert (tmp_path / "out" / ".previous" / "battles.jsonl").is_file()
    assert json.loads((tmp_path / "out" / "placement.json").read_text())["n_prompts"] == 12


def test_check_says_what_a_placement_takes(chat: ChatServer, tmp_path: Path) -> None:
    path = write_config(tmp_path / "place.yaml", served(tmp_path, chat, battles=12, max_turns=1))
    said = palestra("check", path, "--offline", cwd=tmp_path).stdout
    assert "arena: 200 human battles of 5 models; 12 drawn" in said
    assert "new: at most 12 calls for answers and 24 for verdicts" in said


# What a user may get wrong


def test_a_label_of_the_arena_is_refused(tmp_path: Path) -> None:
    config = settings(write_jsonl(tmp_path / "arena.jsonl", battles(100)))
    config["models"][0]["label"] = "elm"
    with pytest.raises(ConfigError, match="the arena has a model of the name 'elm' already"):
        place(tmp_path, config)


def test_an_anchor_that_is_not_in_the_arena_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    config = settings(write_jsonl(tmp_path / "arena.jsonl", battles(100)))
    config["ranking"]["anchor"] = {"ceder": 1000.0}
    with pytest.raises(ConfigError, match=r"the anchor 'ceder' is no model of the arena\n.*'cedar'"):
        place(tmp_path, config)


def test_what_is_given_wins_over_a_config_that_says_the_contrary(tmp_path: Path) -> None:
    path = write_config(tmp_path / "c.yaml", settings(tmp_path / "a.jsonl", calibrate=9))
    fed = load(None, None, None, config=path, settings={"temperature": 0.5}).place
    assert (fed.temperature, fed.calibrate) == (0.5, 0)
    assert load(None, None, None, config=path, settings={"labels": "hard"}).place.calibrate == 0
    path = write_config(tmp_path / "d.yaml", settings(tmp_path / "a.jsonl", temperature=0.3))
    fitted = load(None, None, None, config=path, settings={"calibrate": 20}).place
    assert (fitted.temperature, fitted.calibrate) == (None, 20)


def test_nothing_to_place_is_said() -> None:
    with pytest.raises(UsageError, match="there is no"):
        load("scripted:x", None, None)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"judges": []}, "needs a judge"),
        ({"models": []}, "needs the model to place"),
        (
            {"models": [{"endpoint_type": "scripted", "label": name} for name in ("one", "two")]},
            "which model is to be placed\\? There are: one, two",
        ),
        ({"schedule": {"kind": "place", "into": "a", "repeats": 2}}, "one answer per prompt"),
        ({"ranking": {"method": "elo"}}, "rated by bradley-terry"),
        ({"place": {"calibrate": 9, "labels": "hard"}}, "hard labels need no temperature"),
        ({"place": {"calibrate": 9, "temperature": 1.0}}, "either given or fitted"),
        (
            {
                "place": {"calibrate": 9},
                "judges": [{"endpoint_type": "scripted", "label": name} for name in "ab"],
            },
            "fitted to one judge",
        ),
    ],
)
def test_a_config_that_makes_no_placement_says_why(change: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=said):
        resolve(Config.model_validate({**settings(tmp_path / "a.jsonl"), **change}))


def test_a_judge_is_asked_by_judgearenas_protocol_unless_it_is_said(tmp_path: Path) -> None:
    config = settings(tmp_path / "a.jsonl")
    assert resolve(Config.model_validate(config)).judges[0].protocol == "judgearena"
    config["judges"][0]["protocol"] = "pairwise"
    assert resolve(Config.model_validate(config)).judges[0].protocol == "pairwise"


def test_paths_of_the_arena_start_from_the_config_and_the_hub_stays(tmp_path: Path) -> None:
    config = {**settings(tmp_path), "schedule": {"kind": "place", "into": ["a.jsonl", "hub:owner/name"]}}
    found = load_config(write_config(tmp_path / "c.yaml", config), env={}).config
    assert found.schedule.into == (str(tmp_path / "a.jsonl"), "hub:owner/name")


def test_a_setting_out_of_range_goes_by_the_name_it_was_given(tmp_path: Path) -> None:
    said = palestra(
        "place", "--config", ROOT / "examples/place.yaml", "--level", "5", cwd=tmp_path, code=3
    ).stderr
    assert "--level" in said
    assert "--set" not in said


def test_a_placement_without_a_judge_says_so(tmp_path: Path) -> None:
    said = palestra("place", "ollama:x", "--into", ROOT / "examples/place.yaml", cwd=tmp_path, code=2).stderr
    assert "no judge (--judge)" in said
