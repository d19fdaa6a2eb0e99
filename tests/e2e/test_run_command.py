"""`palestra run` as a user meets it: flags, money, interruption, the result folder."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.behaviour import Behaviour, Reply
from tests.support.cli import clean_environment, command, palestra, rows, write_config

from palestra.run.folder import ARTIFACTS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.chat_server import ChatServer

N_PROMPTS = 20
PRICE = {"input": 0.0, "output": 1_000_000.0}
"""A dollar per token, so that a call's cost is the words of its reply."""


def arena(folder: Path, chat: ChatServer, **sections: Any) -> Path:
    """Two served models and a served judge over twenty prompts."""
    served = {"endpoint_type": "openai", "base_url": chat.openai_url}
    folder.mkdir(exist_ok=True)
    (folder / "prompts.jsonl").write_text(
        "".join(json.dumps({"query": f"Question {n}?"}) + "\n" for n in range(N_PROMPTS))
    )
    config: dict[str, Any] = {
        "arena": {"name": "arena"},
        "models": [{**served, "model": "one"}, {**served, "model": "two"}],
        "judges": [{**served, "model": "judge"}],
        "prompts": [{"path": "prompts.jsonl"}],
        "concurrency": 4,
    }
    return write_config(folder / "arena.yaml", {**config, **sections})


def priced(chat: ChatServer) -> dict[str, Any]:
    """The same models and judge with a price; each reply is a few dollars."""
    served = {"endpoint_type": "openai", "base_url": chat.openai_url, "price": PRICE, "max_tokens": 60}
    return {
        "models": [{**served, "model": "one"}, {**served, "model": "two"}],
        "judges": [{**served, "model": "judge"}],
    }


@pytest.fixture
def judged(chat: ChatServer) -> ChatServer:
    chat.behave({"judge": Behaviour(reply=Reply.VERDICT)})
    return chat


def test_a_run_leaves_every_artifact_and_says_who_is_ahead(judged: ChatServer, tmp_path: Path) -> None:
    done = palestra("run", arena(tmp_path, judged), cwd=tmp_path)
    folder = tmp_path / "runs" / "arena"
    assert sorted(path.name for path in folder.iterdir()) == sorted(ARTIFACTS)
    assert re.search(r"\b(one|two)\b.*\b(one|two)\b.* on (20|40)? ?.*prompts", done.stdout), done.stdout
    assert "2 models, 20 prompts, 20 matchups: 40 answers and 40 verdicts, at most 80 calls" in done.stderr
    assert "answers 40/40 · verdicts 40/40" in done.stderr
    assert "80 calls made" in done.stdout
    board = json.loads((folder / "leaderboard.json").read_text())
    assert board["n_battles"] == 20
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["complete"]
    assert sum(row["calls"] for row in manifest["spend"]) == 80


def test_flags_alone_make_a_run(judged: ChatServer, tmp_path: Path) -> None:
    (tmp_path / "prompts.jsonl").write_text('{"prompt": "Why?"}\n')
    at = f"@{judged.openai_url}"
    models = ["--model", f"vllm:one{at}", "--model", f"Second=vllm:two{at}"]
    judge = ["--judge", f"vllm:judge{at}", "--prompts", "prompts.jsonl"]
    palestra("run", *models, *judge, "--set", "arena.name=flags", "--seed", "7", cwd=tmp_path)
    (battle,) = rows(tmp_path / "runs" / "flags" / "battles.jsonl")
    assert (battle["model_a"], battle["model_b"]) == ("one", "Second")
    assert json.loads((tmp_path / "runs" / "flags" / "manifest.json").read_text())["seed"] == 7


def test_nothing_to_run_is_a_usage_error(tmp_path: Path) -> None:
    done = palestra("run", "--model", "ollama:x", cwd=tmp_path, code=2)
    assert "there is nothing to run" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_resolved_config_repeats_the_run(judged: ChatServer, tmp_path: Path) -> None:
    palestra("run", arena(tmp_path, judged), "-q", cwd=tmp_path)
    folder = tmp_path / "runs" / "arena"
    before = (folder / "leaderboard.json").read_bytes()
    asked = judged.log()["total"]
    resolved = (folder / "config.yaml").read_bytes()
    (tmp_path / "again.yaml").write_bytes(resolved)
    palestra("run", "again.yaml", "-q", cwd=tmp_path)
    assert judged.log()["total"] == asked
    assert (folder / "leaderboard.json").read_bytes() == before
    assert (folder / "config.yaml").read_bytes() == resolved
    assert not (folder / ".previous").exists()


def test_another_config_sets_the_old_results_aside_and_pays_for_nothing_again(
    judged: ChatServer, tmp_path: Path
) -> None:
    config = arena(tmp_path, judged)
    palestra("run", config, "-q", cwd=tmp_path)
    asked = judged.log()["total"]
    palestra("run", config, "--set", "ranking.ci=bootstrap", "-q", cwd=tmp_path)
    assert judged.log()["total"] == asked
    folder = tmp_path / "runs" / "arena"
    assert json.loads((folder / "leaderboard.json").read_text())["interval"]["kind"] == "bootstrap"
    old = json.loads((folder / ".previous" / "leaderboard.json").read_text())
    assert old["interval"]["kind"] == "sandwich"


def test_listing_the_models_the_other_way_round_pays_for_nothing_again(
    judged: ChatServer, tmp_path: Path
) -> None:
    config = arena(tmp_path, judged)
    palestra("run", config, "-q", cwd=tmp_path)
    asked = judged.log()["total"]
    served = {"endpoint_type": "openai", "base_url": judged.openai_url}
    models = [{**served, "model": "two"}, {**served, "model": "one"}]
    palestra("run", arena(tmp_path, judged, models=models), "-q", cwd=tmp_path)
    assert judged.log()["total"] == asked
    battle = rows(tmp_path / "runs" / "arena" / "battles.jsonl")[0]
    assert (battle["model_a"], battle["model_b"]) == ("two", "one")


def test_a_dry_run_says_what_to_expect_and_calls_nobody(judged: ChatServer, tmp_path: Path) -> None:
    config = arena(tmp_path, judged, **priced(judged))
    done = palestra("run", config, "--dry-run", cwd=tmp_path)
    assert "one (model): 20 calls (0 of 20 are stored)" in done.stdout
    assert "judge (judge): 40 calls (0 of 40 are stored)" in done.stdout
    assert re.search(r"In all: 80 calls, about \$\d", done.stdout)
    assert judged.log()["total"] == 0
    assert not (tmp_path / "runs").exists()
    palestra("run", config, "-q", cwd=tmp_path)
    done = palestra("run", config, "--dry-run", cwd=tmp_path)
    assert "In all: 0 calls, about $0.0000" in done.stdout


def test_a_money_limit_stops_the_run_and_the_next_one_goes_on(judged: ChatServer, tmp_path: Path) -> None:
    config = arena(tmp_path, judged, **priced(judged))
    done = palestra("run", config, "--max-cost", "300", "-q", cwd=tmp_path, code=6)
    assert "--max-cost 300" in done.stderr
    folder = tmp_path / "runs" / "arena"
    manifest = json.loads((folder / "manifest.json").read_text())
    spent = sum(row["cost_usd"] or 0.0 for row in manifest["spend"])
    assert 200 < spent <= 300
    assert not manifest["complete"]
    asked = judged.log()["total"]
    assert 0 < asked < 80
    palestra("run", config, "-q", cwd=tmp_path)
    assert judged.log()["total"] == 80
    assert len(rows(folder / "battles.jsonl")) == N_PROMPTS


def test_a_money_limit_without_a_known_price_is_refused(tmp_path: Path) -> None:
    (tmp_path / "prompts.jsonl").write_text('{"prompt": "Why?"}\n')
    models = ["--model", "openai:no-such-model-1", "--model", "openai:no-such-model-2"]
    rest = ["--judge", "openai:no-such-judge", "--prompts", "prompts.jsonl", "--max-cost", "1"]
    done = palestra("run", *models, *rest, cwd=tmp_path, env={"OPENAI_API_KEY": "k-123456"}, code=2)
    assert "no price is known for no-such-model-1" in done.stderr
    assert "price:" in done.stderr


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_keeps_what_was_paid_for(times: int, chat: ChatServer, tmp_path: Path) -> None:
    """Once: calls under way are finished and stored. Twice: they are dropped."""
    slow = Behaviour(delay=0.5)
    chat.behave({"*": slow, "judge": Behaviour(reply=Reply.VERDICT, delay=0.5)})
    config = arena(tmp_path, chat)
    process = subprocess.Popen(
        command("run", config), cwd=tmp_path, env=clean_environment(), stderr=subprocess.PIPE, text=True
    )
    while chat.log()["total"] < 10:
        time.sleep(0.05)
    for _ in range(times):
        process.send_signal(signal.SIGINT)
        time.sleep(0.1)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 130, said
    assert "Traceback" not in said
    asked = chat.log()["total"]
    assert asked < 80
    done = palestra("run", config, "--dry-run", cwd=tmp_path)
    stored = sum(int(count) for count in re.findall(r"\((\d+) of \d+ are stored\)", done.stdout))
    assert stored == asked if times == 1 else asked - 4 <= stored <= asked
    if times == 1:
        manifest = json.loads((tmp_path / "runs" / "arena" / "manifest.json").read_text())
        assert not manifest["complete"]
    chat.behave({"judge": Behaviour(reply=Reply.VERDICT)})
    palestra("run", config, "-q", cwd=tmp_path)
    assert chat.log()["total"] == 80 + (asked - stored)


def test_two_models_that_are_the_same_are_asked_once(judged: ChatServer, tmp_path: Path) -> None:
    """A label is no part of a key: what the same endpoint would answer is not paid for twice."""
    same = {"endpoint_type": "openai", "base_url": judged.openai_url, "model": "one"}
    models = [{**same, "label": "first"}, {**same, "label": "second"}]
    palestra("run", arena(tmp_path, judged, models=models), "-q", cwd=tmp_path)
    assert judged.log()["models"]["one"] == N_PROMPTS
    responses = rows(tmp_path / "runs" / "arena" / "responses.jsonl")
    assert {row["model"] for row in responses} == {"first", "second"}


def test_turns_are_asked_one_after_another_with_the_models_own_answers(
    judged: ChatServer, tmp_path: Path
) -> None:
    config = arena(tmp_path, judged)
    (tmp_path / "prompts.jsonl").write_text(json.dumps({"turns": ["Name a river.", "And its sea?"]}) + "\n")
    palestra("run", config, "-q", cwd=tmp_path)
    assert judged.log()["models"] == {"one": 2, "two": 2, "judge": 2}
    folder = tmp_path / "runs" / "arena"
    for row in rows(folder / "responses.jsonl"):
        assert [turn["role"] for turn in row["text"]] == ["user", "assistant", "user", "assistant"]
        assert row["text"][2]["content"] == "And its sea?"
    second = [r["body"] for r in judged.requests() if r["body"]["model"] == "one"][1]
    assert [message["role"] for message in second["messages"]] == ["user", "assistant", "user"]
    assert rows(folder / "preferences.jsonl") == [], "the second turns answer different conversations"


@pytest.mark.parametrize(
    ("swap", "orders", "verdicts"),
    [("once", {"ab", "ba"}, 20), ("both-combine", {"both"}, 40), ("both-keep", {"ab", "ba"}, 40)],
)
def test_swap_says_which_orders_are_judged_and_kept(
    swap: str, orders: set[str], verdicts: int, judged: ChatServer, tmp_path: Path
) -> None:
    palestra("run", arena(tmp_path, judged, schedule={"swap": swap}), "-q", cwd=tmp_path)
    folder = tmp_path / "runs" / "arena"
    battles = rows(folder / "battles.jsonl")
    assert {battle["order"] for battle in battles} == orders
    assert len(battles) == (40 if swap == "both-keep" else 20)
    assert len(rows(folder / "verdicts.jsonl")) == verdicts


def test_a_panel_makes_one_battle_of_its_judges(chat: ChatServer, tmp_path: Path) -> None:
    odds = {"[[A>B]]": 1.0}
    chat.behave(
        {
            "first": Behaviour(reply=Reply.VERDICT, odds=odds),
            "second": Behaviour(reply=Reply.VERDICT, odds={"[[A=B]]": 1.0}),
            "third": Behaviour(reply=Reply.VERDICT, odds={"[[A=B]]": 1.0}),
        }
    )
    served = {"endpoint_type": "openai", "base_url": chat.openai_url}
    judges = [{**served, "model": name} for name in ("first", "second", "third")]
    palestra(
        "run", arena(tmp_path, chat, judges=judges, panel="majority", schedule={"swap": "once"}), cwd=tmp_path
    )
    battles = rows(tmp_path / "runs" / "arena" / "battles.jsonl")
    assert len(battles) == N_PROMPTS
    assert {(battle["judge_model"], battle["winner"]) for battle in battles} == {("panel:majority", "tie")}
    assert len(rows(tmp_path / "runs" / "arena" / "verdicts.jsonl")) == 3 * N_PROMPTS


def test_a_database_can_be_named_by_flag_or_environment(judged: ChatServer, tmp_path: Path) -> None:
    config = arena(tmp_path, judged)
    palestra("run", config, "-q", "--db", "one.db", cwd=tmp_path)
    palestra("run", config, "-q", cwd=tmp_path, env={"PALESTRA_DB": str(tmp_path / "two.db")})
    assert (tmp_path / "one.db").exists()
    assert (tmp_path / "two.db").exists()
    assert not (tmp_path / "palestra.db").exists()


@pytest.mark.slow
def test_a_run_may_use_postgres(judged: ChatServer, tmp_path: Path, postgres_url: str) -> None:
    config = arena(tmp_path, judged)
    palestra("run", config, "-q", "--db", postgres_url, cwd=tmp_path)
    asked = judged.log()["total"]
    palestra("run", config, "-q", "--db", postgres_url, cwd=tmp_path)
    assert judged.log()["total"] == asked == 80
