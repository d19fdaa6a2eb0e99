"""A server that misbehaves: the run recovers where it can, and elsewhere keeps a record of what failed."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.behaviour import Behaviour, Fault, Reply
from tests.support.cli import palestra, rows, write_config

if TYPE_CHECKING:
    from collections.abc import Iterable
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
PASSING = (Fault.RATE_LIMIT, Fault.SERVER_ERROR, Fault.GARBAGE, Fault.HALF, Fault.NOTHING, Fault.SLOW)
N_PROMPTS = 3
SOUND = ("sound", "steady")


def arena(
    folder: Path,
    chat: ChatServer,
    wire: str,
    models: Iterable[str] = SOUND,
    judges: Iterable[str] = ("judge",),
    **extra: Any,
) -> Path:
    """Models and judges on one server; each is treated by its name."""
    address = f"{chat.url}/v1" if wire == "openai" else chat.url
    served = {"endpoint_type": wire, "base_url": address, "timeout": 1.0, **extra}
    prompts = folder / "prompts.jsonl"
    prompts.write_text("".join(json.dumps({"query": f"Question {n}?"}) + "\n" for n in range(N_PROMPTS)))
    return write_config(
        folder / "arena.yaml",
        {
            "arena": {"name": "arena"},
            "models": [{**served, "model": name} for name in models],
            "judges": [{**served, "model": name} for name in judges],
            "prompts": [{"path": str(prompts)}],
            "schedule": {"kind": "baseline", "baseline": "sound"},
        },
    )


def kinds_of(wire: str) -> dict[Fault, str]:
    """Fault → kind of failure. Ollama's shape has no word for a filter: such an answer is empty."""
    return {**KINDS, Fault.FILTERED: "empty"} if wire == "ollama" else KINDS


def faulty(fault: Fault, *, for_good: bool, reply: Reply = Reply.WORDS) -> Behaviour:
    """A model or judge that meets the fault once per call, or every time."""
    waits = "" if for_good else "0"
    return Behaviour(reply=reply, faults=(fault,), for_good=for_good, slow=2.0, retry_after=waits)


@pytest.mark.slow
@pytest.mark.parametrize("wire", WIRES)
def test_faults_that_pass_are_recovered_from(wire: str, chat: ChatServer, tmp_path: Path) -> None:
    """Each call of six models and of six judges meets a fault once."""
    models = {f"model-{fault}": faulty(fault, for_good=False) for fault in PASSING}
    judges = {f"judge-{fault}": faulty(fault, for_good=False, reply=Reply.VERDICT) for fault in PASSING}
    chat.behave({**models, **judges})
    config = arena(tmp_path, chat, wire, [*SOUND, *models], judges, retries=2)
    palestra("run", config, "-q", "--fail-on-errors", cwd=tmp_path)
    folder = tmp_path / "runs" / "arena"
    responses, verdicts = rows(folder / "responses.jsonl"), rows(folder / "verdicts.jsonl")
    assert len(responses) == N_PROMPTS * 8
    assert len(verdicts) == N_PROMPTS * 7 * 6 * 2
    assert all(row["failure"] is None for row in (*responses, *verdicts))
    assert len(rows(folder / "battles.jsonl")) == N_PROMPTS * 7 * 6
    injected = chat.log()["faults"]
    calls = N_PROMPTS + N_PROMPTS * 7 * 2
    assert injected == {fault.value: calls for fault in PASSING}


@pytest.mark.slow
@pytest.mark.parametrize("wire", WIRES)
def test_a_model_that_fails_for_good_is_a_record_and_never_a_loss(
    wire: str, chat: ChatServer, tmp_path: Path
) -> None:
    """One model for each fault: the run finishes, and tells them apart."""
    models = {f"model-{fault}": faulty(fault, for_good=True) for fault in KINDS}
    chat.behave({"judge": Behaviour(reply=Reply.VERDICT), **models})
    done = palestra("run", arena(tmp_path, chat, wire, [*SOUND, *models], retries=1), "-q", cwd=tmp_path)

    folder = tmp_path / "runs" / "arena"
    responses = rows(folder / "responses.jsonl")
    manifest = json.loads((folder / "manifest.json").read_text())
    for fault, kind in kinds_of(wire).items():
        name = f"model-{fault}"
        assert f"{name} (model): {N_PROMPTS} of {N_PROMPTS} failed: {N_PROMPTS} {kind}" in done.stdout
        failed = [row for row in responses if row["model"] == name]
        assert [row["failure"]["kind"] for row in failed] == [kind] * N_PROMPTS
        assert all(row["failure"]["message"] and row["text"] is None for row in failed)
        spend = next(row for row in manifest["spend"] if row["label"] == name)
        assert (spend["ok"], spend["failed"]) == (0, {kind: N_PROMPTS})
        _assert_nowhere_a_result(folder, name)
    assert len(rows(folder / "battles.jsonl")) == N_PROMPTS
    assert manifest["n_unjudged"] == len(KINDS) * N_PROMPTS


@pytest.mark.slow
@pytest.mark.parametrize("wire", WIRES)
def test_a_judge_that_fails_for_good_makes_no_battle(wire: str, chat: ChatServer, tmp_path: Path) -> None:
    kinds = {**kinds_of(wire), Fault.UNREADABLE: "unreadable"}
    judges = {f"judge-{fault}": faulty(fault, for_good=True, reply=Reply.VERDICT) for fault in kinds}
    chat.behave(judges)
    done = palestra("run", arena(tmp_path, chat, wire, judges=judges, retries=1), "-q", cwd=tmp_path)

    folder = tmp_path / "runs" / "arena"
    verdicts = rows(folder / "verdicts.jsonl")
    each = N_PROMPTS * 2
    for fault, kind in kinds.items():
        assert f"judge-{fault} (judge): {each} of {each} failed: {each} {kind}" in done.stdout
        given = [row["failure"]["kind"] for row in verdicts if row["judge_model"] == f"judge-{fault}"]
        assert given == [kind] * each
    assert all(row[name] is None for row in verdicts for name in ("winner", "label", "score_a", "pref"))
    for name in ("battles.jsonl", "preferences.jsonl"):
        assert rows(folder / name) == []
    assert json.loads((folder / "training_data.json").read_text()) == []
    board = json.loads((folder / "leaderboard.json").read_text())
    assert (board["n_battles"], board["n_failed"], board["ratings"]) == (0, each * len(kinds), [])
    assert "nothing can be said" in done.stdout


@pytest.mark.slow
def test_what_failed_is_asked_again_unless_told_otherwise(chat: ChatServer, tmp_path: Path) -> None:
    verdict = Behaviour(reply=Reply.VERDICT)
    config = arena(tmp_path, chat, "openai", [*SOUND, "faulty"], retries=0)
    chat.behave({"judge": verdict, "faulty": faulty(Fault.SERVER_ERROR, for_good=True)})
    palestra("run", config, "-q", "--fail-on-errors", cwd=tmp_path, code=1)
    asked = chat.log()["total"]

    chat.behave({"judge": verdict})
    palestra("run", config, "-q", "--no-retry-failed", cwd=tmp_path)
    assert chat.log()["total"] == asked

    palestra("run", config, "-q", "--fail-on-errors", cwd=tmp_path)
    assert chat.log()["total"] == asked + N_PROMPTS + 2 * N_PROMPTS
    assert len(rows(tmp_path / "runs" / "arena" / "battles.jsonl")) == 2 * N_PROMPTS


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
