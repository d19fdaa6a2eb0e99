"""OpenArena's config on a real llama-server, which plays candidates and judge; killed once, and resumed."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.support import ports
from tests.support.cli import clean_environment, command, palestra, rows
from tests.support.llama import GRADER, load
from tests.support.recording_proxy import read_log, recording_proxy

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.llama import Llama

MODELS = ("brook", "heath", "moor")
N_PROMPTS = 5
CALLS = N_PROMPTS * (len(MODELS) + 3)
CONCURRENCY = 4


def arena(folder: Path, url: str) -> Path:
    """OpenArena's file; a folder stands in for a dataset on the hub."""
    dataset = folder / "questions"
    dataset.mkdir()
    lines = [json.dumps({"instruction": f"Question {n}?"}) + "\n" for n in range(N_PROMPTS + 3)]
    (dataset / "train.jsonl").write_text("".join(lines))
    config = folder / "arena_config.yaml"
    config.write_text(
        f"default_endpoint: {{url: '{url}/v1/chat/completions', api_key: ''}}\n"
        f"judge_model: {{name: Judge, model_id: {GRADER}}}\n"
        "models:\n"
        + "".join(f"  - {{name: {name.title()}, model_id: {name}}}\n" for name in MODELS)
        + "datasets:\n"
        f"  - {{name: '{dataset}', description: d, split: train, field: instruction, limit: {N_PROMPTS}}}\n"
    )
    return config


def asked(log: Path) -> list[str]:
    """The calls to models, by their content. (Which models there are is looked up, too.)"""
    return [request.hash for request in read_log(log) if request.path == "/v1/chat/completions"]


@pytest.mark.slow
def test_an_openarena_run_is_killed_and_goes_on_where_it_was(llama: Llama, tmp_path: Path) -> None:
    log, folder = tmp_path / "requests.jsonl", tmp_path / "runs" / "arena"
    env = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "hf")}
    concurrency = ("--concurrency", str(CONCURRENCY))
    load(llama, GRADER)
    with recording_proxy(llama.url, log) as proxy:
        config = arena(tmp_path, proxy)
        run = command("run", config, "-q", *concurrency)
        process = subprocess.Popen(run, cwd=tmp_path, env=clean_environment(**env))
        assert ports.wait_until(lambda: len(asked(log)) >= 12 or process.poll() is not None, 60)
        assert process.poll() is None, "the run ended before it was killed"
        process.kill()
        process.wait()
        before = len(asked(log))

        rankings = tmp_path / "rankings.jsonl"
        done = palestra("run", config, *concurrency, "--rankings", rankings, cwd=tmp_path, env=env)
        requests = asked(log)
        assert f"/{CALLS // 2} " in done.stderr
        assert 0 < len(requests) - before < CALLS, "what was done is not asked for again"
        assert len(set(requests)) == CALLS
        assert len(requests) - CALLS <= CONCURRENCY, "only calls under way are lost"

        palestra("run", config, "-q", cwd=tmp_path, env=env)
        assert len(asked(log)) == len(requests), "a finished run asks for nothing"

    verdicts = rows(folder / "verdicts.jsonl")
    assert len(verdicts) == CALLS // 2
    assert all(row["failure"] is None and row["score_a"] and row["score_b"] for row in verdicts)
    battles = rows(folder / "battles.jsonl")
    assert len(battles) == CALLS // 2
    shares = [row["score_a"] / (row["score_a"] + row["score_b"]) for row in battles]
    assert [row["pref"] for row in battles] == pytest.approx(shares, abs=1e-12)

    told = rows(rankings)
    assert [step["prompts"] for step in told] == list(range(1, N_PROMPTS + 1))
    final = {row["model"]: row["rating"] for row in told[-1]["ratings"]}
    ratings = json.loads((folder / "elo_ratings.json").read_text())["ratings"]
    assert final == pytest.approx({row["model"]: row["rating"] for row in ratings}, abs=1e-9)
    moved = json.loads((folder / "progressions.json").read_text())["models"]
    assert {model: points[-1] for model, points in moved.items()} == pytest.approx(final, abs=1e-9)
    training = json.loads((folder / "training_data.json").read_text())
    assert [entry["prompt"] for entry in training] == [f"Question {n}?" for n in range(N_PROMPTS)]
