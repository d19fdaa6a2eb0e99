"""A server that misbehaves: the run recovers where it can, and elsewhere keeps a record of what failed."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.behaviour import Behaviour, Fault, Reply
from tests.support.cli import palestra, rows, write_config

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.chat_server import ChatServer

WIRES = ("openai", "anthropic", "gemini", "ollama")
KINDS = {
    Fault.RATE_LIMIT: "rate_limit",
    Fault.SERVER_ERROR: "other",
    Fault.GARBAGE: "other",
    Fault.HALF: "other",
    Fault.NOTHING: "other",
    Fault.SLOW: "timeout",
    Fault.UNAUTHORIZED: "auth",
    Fault.BAD_REQUEST: "refused",
    Fault.FILTERED: "content_filter",
    Fault.EMPTY: "empty",
}
MENDED = (Fault.RATE_LIMIT, Fault.SERVER_ERROR, Fault.GARBAGE, Fault.HALF, Fault.NOTHING, Fault.SLOW)
N_PROMPTS = 4


def arena(folder: Path, chat: ChatServer, wire: str, **extra: Any) -> Path:
    """Two sound models, one that the server treats badly, and a judge."""
    address = f"{chat.url}/v1" if wire == "openai" else chat.url
    served = {"endpoint_type": wire, "base_url": address, "timeout": 1.0, **extra}
    prompts = folder / "prompts.jsonl"
    prompts.write_text("".join(json.dumps({"query": f"Question {n}?"}) + "\n" for n in range(N_PROMPTS)))
    return write_config(
        folder / "arena.yaml",
        {
            "arena": {"name": "arena"},
            "models": [{**served, "model": name} for name in ("sound", "steady", "faulty")],
            "judges": [{**served, "model": "judge", "max_tokens": 100}],
            "prompts": [{"path": str(prompts)}],
        },
    )


def behave(chat: ChatServer, **other: Behaviour) -> None:
    chat.behave({"judge": Behaviour(reply=Reply.VERDICT), **other})


@pytest.mark.slow
@pytest.mark.parametrize("wire", WIRES)
def test_faults_that_pass_are_recovered_from(wire: str, chat: ChatServer, tmp_path: Path) -> None:
    """Each call of the model and of the judge meets every fault once, and then is answered."""
    in_turn = Behaviour(faults=MENDED, slow=2.0)
    behave(
        chat, faulty=in_turn, judge=Behaviour(reply=Reply.VERDICT, faults=MENDED, slow=2.0, ignore_seed=False)
    )
    palestra("run", arena(tmp_path, chat, wire, retries=8), "-q", "--fail-on-errors", cwd=tmp_path)
    folder = tmp_path / "runs" / "arena"
    assert all(row["failure"] is None for row in rows(folder / "responses.jsonl"))
    assert all(row["failure"] is None for row in rows(folder / "verdicts.jsonl"))
    assert len(rows(folder / "battles.jsonl")) == 3 * N_PROMPTS


@pytest.mark.slow
@pytest.mark.parametrize("fault", KINDS)
@pytest.mark.parametrize("wire", WIRES)
def test_a_model_that_fails_for_good_is_a_record_and_never_a_loss(
    wire: str, fault: Fault, chat: ChatServer, tmp_path: Path
) -> None:
    behave(chat, faulty=Behaviour(faults=(fault,), for_good=True, slow=2.0, retry_after=""))
    done = palestra("run", arena(tmp_path, chat, wire, retries=1), "-q", cwd=tmp_path)
    assert f"faulty (model): {N_PROMPTS} of {N_PROMPTS} failed: {N_PROMPTS} {KINDS[fault]}" in done.stdout

    folder = tmp_path / "runs" / "arena"
    failed = [row for row in rows(folder / "responses.jsonl") if row["model"] == "faulty"]
    assert [row["failure"]["kind"] for row in failed] == [KINDS[fault]] * N_PROMPTS
    assert all(row["failure"]["message"] and row["text"] is None for row in failed)
    _assert_nowhere_a_result(folder, "faulty")
    assert len(rows(folder / "battles.jsonl")) == N_PROMPTS
    spend = json.loads((folder / "manifest.json").read_text())["spend"]
    assert next(row for row in spend if row["label"] == "faulty")["failed"] == {KINDS[fault]: N_PROMPTS}
    assert json.loads((folder / "manifest.json").read_text())["n_unjudged"] == 2 * N_PROMPTS


@pytest.mark.slow
@pytest.mark.parametrize("fault", [Fault.RATE_LIMIT, Fault.GARBAGE, Fault.NOTHING, Fault.UNREADABLE])
@pytest.mark.parametrize("wire", WIRES)
def test_a_judge_that_fails_for_good_makes_no_battle(
    wire: str, fault: Fault, chat: ChatServer, tmp_path: Path
) -> None:
    behave(chat, judge=Behaviour(faults=(fault,), for_good=True, retry_after=""))
    done = palestra("run", arena(tmp_path, chat, wire, retries=1), "-q", cwd=tmp_path)
    kind = {Fault.UNREADABLE: "unreadable"}.get(fault) or KINDS[fault]
    n_verdicts = N_PROMPTS * 3 * 2
    assert f"judge (judge): {n_verdicts} of {n_verdicts} failed: {n_verdicts} {kind}" in done.stdout

    folder = tmp_path / "runs" / "arena"
    verdicts = rows(folder / "verdicts.jsonl")
    assert {row["failure"]["kind"] for row in verdicts} == {kind}
    assert all(row[name] is None for row in verdicts for name in ("winner", "label", "score_a", "pref"))
    for name in ("battles.jsonl", "preferences.jsonl"):
        assert rows(folder / name) == []
    assert json.loads((folder / "training_data.json").read_text()) == []
    board = json.loads((folder / "leaderboard.json").read_text())
    assert board["n_battles"] == 0
    assert board["n_failed"] == n_verdicts
    assert board["ratings"] == []


@pytest.mark.slow
def test_what_failed_is_asked_again_unless_told_otherwise(chat: ChatServer, tmp_path: Path) -> None:
    config = arena(tmp_path, chat, "openai", retries=0)
    behave(chat, faulty=Behaviour(faults=(Fault.SERVER_ERROR,), for_good=True))
    palestra("run", config, "-q", "--fail-on-errors", cwd=tmp_path, code=1)
    asked = chat.log()["total"]

    behave(chat)
    palestra("run", config, "-q", "--no-retry-failed", cwd=tmp_path)
    assert chat.log()["total"] == asked

    palestra("run", config, "-q", "--fail-on-errors", cwd=tmp_path)
    assert chat.log()["total"] == asked + N_PROMPTS + 2 * N_PROMPTS * 2
    assert len(rows(tmp_path / "runs" / "arena" / "battles.jsonl")) == 3 * N_PROMPTS


def _assert_nowhere_a_result(folder: Path, model: str) -> None:
    """No artifact gives the model a battle, a rating, a win, a loss, a tie or a row to train on."""
    for name in ("verdicts.jsonl", "battles.jsonl"):
        assert all(model not in (row["model_a"], row["model_b"]) for row in rows(folder / name))
    for row in rows(folder / "preferences.jsonl"):
        assert model not in (row["winner"], row["loser"])
    ranked = json.loads((folder / "training_data.json").read_text())
    assert all(model != entry["model_name"] for row in ranked for entry in row["ranked_models"])
    board = json.loads((folder / "leaderboard.json").read_text())
    assert model not in {row["model"] for row in board["ratings"]}
    with (folder / "leaderboard.csv").open(newline="") as file:
        assert model not in {row["model"] for row in csv.DictReader(file)}
    assert model not in {
        row["model"] for row in json.loads((folder / "elo_ratings.json").read_text())["ratings"]
    }
