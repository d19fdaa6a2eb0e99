"""`palestra.run` from Python."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.behaviour import Behaviour, Reply
from tests.support.require import ROOT

import palestra
from palestra.config.load import load_config
from palestra.config.schema import Config
from palestra.errors import BudgetReached, ConfigError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.chat_server import ChatServer

EXAMPLE = ROOT / "examples/quickstart.yaml"
SCRIPTED: list[dict[str, Any]] = [
    {"label": "one", "endpoint_type": "scripted", "script": {"reply": "the answer is six"}},
    {"label": "two", "endpoint_type": "scripted", "script": {"reply": "seven"}},
]
PROMPTS = [{"query": "How much is 2·3?", "response": "six"}, {"query": "And 3 + 3?", "response": "six"}]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PALESTRA_DB", raising=False)


def test_a_config_file_is_run_into_a_table_and_a_folder(tmp_path: Path) -> None:
    results = palestra.run(EXAMPLE, out=tmp_path / "out", db=tmp_path / "a.db", quiet=True)
    assert (results.folder / "report.html").is_file()
    assert {row.model for row in results.leaderboard.ratings} >= {"sample-icarus", "sample-leonidas"}
    assert "sample-atalanta" in repr(results)
    assert "<table>" in results._repr_html_()
    assert len(results.battles) == results.manifest.n_battles > 0
    assert list(results.to_pandas()["model"]) == [row.model for row in results.leaderboard.ratings]
    assert results.battles.to_polars().height == results.manifest.n_battles
    assert {row["model"] for row in results.responses.rows()} >= {"sample-icarus"}
    assert len(results.verdicts) > 0


def test_models_judges_and_prompts_may_be_given_without_a_file(tmp_path: Path) -> None:
    results = palestra.run(models=SCRIPTED, judges=["metric:rouge1"], prompts=PROMPTS, seed=3, quiet=True)
    assert results.manifest.n_prompts == 2
    assert results.manifest.seed == 3
    assert results.leaderboard.ratings[0].model == "one"
    assert results.folder.resolve() == tmp_path / "runs/arena"
    again = palestra.run(results.folder / "config.yaml", out=tmp_path / "again", quiet=True)
    assert again.leaderboard.ratings == results.leaderboard.ratings
    assert again.manifest.prompt_hash == results.manifest.prompt_hash


def test_texts_are_prompts_and_file_names_are_files(tmp_path: Path) -> None:
    (tmp_path / "more.jsonl").write_text('{"query": "Third?", "response": "x"}\n')
    prompts: list[str | Path] = ["First?", tmp_path / "more.jsonl", "Second?\nWith two lines.json"]
    results = palestra.run(models=SCRIPTED, judges=["metric:exact"], prompts=prompts, quiet=True)
    assert results.manifest.n_prompts == 3


def test_what_is_given_wins_over_the_file(tmp_path: Path) -> None:
    results = palestra.run(EXAMPLE, prompts=PROMPTS, models=SCRIPTED, arena={"name": "mine"}, quiet=True)
    assert results.manifest.arena == "mine"
    assert {row.model for row in results.leaderboard.ratings} == {"one", "two"}
    assert results.manifest.n_prompts == 2


def test_a_finished_config_stands_alone() -> None:
    config = load_config(EXAMPLE).config
    assert palestra.run(config, quiet=True).manifest.arena == "quickstart"
    with pytest.raises(UsageError, match="'seed'"):
        palestra.run(config, seed=1)
    assert isinstance(config, Config)


def test_a_wrong_key_names_its_place_and_the_nearest_known_one() -> None:
    with pytest.raises(ConfigError, match=r"schedule.*swaps") as raised:
        palestra.run(EXAMPLE, schedule={"swaps": "once"})
    assert "swap" in str(raised.value)


async def test_it_runs_where_a_loop_is_running_already() -> None:
    assert asyncio.get_running_loop().is_running()
    assert palestra.run(EXAMPLE, quiet=True).manifest.complete


def test_calls_are_announced_and_never_paid_twice(
    chat: ChatServer, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    chat.behave(Behaviour(Reply.TEXT, "[[A>B]]"))
    monkeypatch.setenv("VLLM_API_KEY", "k")
    flags = [f"{label}=vllm:{label}@{chat.openai_url}" for label in ("a", "b", "judge")]
    first = palestra.run(models=flags[:2], judges=flags[2:], prompts=["Why?", "How?"])
    assert "at most 8 calls" in capfd.readouterr().err
    assert chat.log()["total"] == 8
    second = palestra.run(models=flags[:2], judges=flags[2:], prompts=["Why?", "How?"], quiet=True)
    assert chat.log()["total"] == 8
    assert capfd.readouterr().err == ""
    assert first.leaderboard.ratings == second.leaderboard.ratings


def test_a_money_limit_needs_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    models = ["openai:no-such-model", "openai:none-such-either"]
    with pytest.raises(UsageError, match="no price is known"):
        palestra.run(models=models, judges=["metric:exact"], prompts=PROMPTS, max_cost=1.0)


def test_a_money_limit_stops_the_run_and_keeps_what_was_paid(chat: ChatServer) -> None:
    price = {"input": 1e6, "output": 1e6}
    models = [
        {"label": label, "endpoint_type": "vllm", "model": label, "base_url": chat.openai_url, "price": price}
        for label in ("a", "b")
    ]
    many = [{"query": f"{n}?", "response": "x"} for n in range(50)]
    with pytest.raises(BudgetReached):
        palestra.run(models=models, judges=["metric:exact"], prompts=many, max_cost=100.0, quiet=True)
    assert 0 < chat.log()["total"] < 100


def test_an_interrupt_keeps_the_calls_under_way(chat: ChatServer, tmp_path: Path) -> None:
    chat.behave(Behaviour(Reply.TEXT, "yes", delay=0.3))
    script = f"""
import palestra
flags = [f"{{name}}=vllm:{{name}}@{chat.openai_url}" for name in "ab"]
prompts = [{{"query": f"{{n}}?", "response": "yes"}} for n in range(400)]
try:
    palestra.run(models=flags, judges=["metric:exact"], prompts=prompts, concurrency=4)
except KeyboardInterrupt:
    print("interrupted")
"""
    child = subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    while chat.log()["total"] < 8:
        assert child.poll() is None
        time.sleep(0.05)
    child.send_signal(signal.SIGINT)
    out, _ = child.communicate(timeout=60)
    assert out.strip() == "interrupted"
    asked = chat.log()["total"]
    assert asked < 400
    kept = (tmp_path / "runs/arena/responses.jsonl").read_text().splitlines()
    assert len(kept) == asked
