"""Candidates, baseline and judge are a real llama-server's; the run is killed, resumed, and widened."""

from __future__ import annotations

import csv
import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from tests.support import ports
from tests.support.cli import clean_environment, command, palestra, rows, write_config
from tests.support.recording_proxy import read_log, recording_proxy

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.llama import Llama

N_PROMPTS = 8
CONCURRENCY = 4
TEMPLATE = "A: {answer_a}\nB: {answer_b}\nSay [[A>>B]], [[A>B]], [[A=B]], [[B>A]] or [[B>>A]].\n"


def arena(folder: Path, url: str, llama: Llama, candidates: tuple[str, ...]) -> Path:
    """The baseline is `moor`, which seldom says the same twice. Two datasets, one of them with references."""
    served: dict[str, Any] = {"endpoint_type": "openai", "base_url": f"{url}/v1", "temperature": 1.0}
    for name, first in (("arena", 0), ("example", N_PROMPTS // 2)):
        lines = [{"query": f"Question {n}?"} for n in range(first, first + N_PROMPTS // 2)]
        if name == "example":
            lines = [{**line, "response": "The short answer is yes ."} for line in lines]
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return write_config(
        folder / "arena.yaml",
        {
            "arena": {"name": "baseline"},
            "models": [{**served, "model": name, "max_tokens": 24} for name in ("moor", *candidates)],
            "judges": [{**served, "model": llama.judge, "max_tokens": 24, "template_text": TEMPLATE}],
            "prompts": [
                {"path": f"{name}.jsonl", "dataset": "qa", "subset": name} for name in ("arena", "example")
            ],
            "schedule": {"kind": "baseline", "baseline": "moor"},
            "concurrency": CONCURRENCY,
        },
    )


@pytest.mark.slow
def test_a_baseline_run_is_killed_resumed_and_given_another_candidate(llama: Llama, tmp_path: Path) -> None:
    log, folder = tmp_path / "requests.jsonl", tmp_path / "runs" / "baseline"
    with recording_proxy(llama.url, log) as proxy:
        config = arena(tmp_path, proxy, llama, ("brook", "strand"))
        process = subprocess.Popen(command("run", config, "-q"), cwd=tmp_path, env=clean_environment())
        assert ports.wait_until(lambda: len(read_log(log)) >= 20 or process.poll() is not None, 60)
        assert process.poll() is None, "the run ended before it was killed"
        process.kill()
        process.wait()
        done_before = sum(request.completed is not None for request in read_log(log))

        done = palestra("run", config, cwd=tmp_path)
        requests = [request.hash for request in read_log(log)]
        assert len(requests) - len(set(requests)) <= CONCURRENCY, "only calls under way are asked for again"
        (reused,) = re.findall(r"(\d+) answers and verdicts were already there", done.stdout)
        assert int(reused) >= done_before - CONCURRENCY

        assert len(rows(folder / "responses.jsonl")) == 3 * N_PROMPTS
        verdicts = rows(folder / "verdicts.jsonl")
        assert len(verdicts) == 2 * 2 * N_PROMPTS
        assert all(row["failure"] is None for row in verdicts)
        assert {(row["model_a"], row["model_b"]) for row in rows(folder / "battles.jsonl")} == {
            ("moor", "brook"),
            ("moor", "strand"),
        }
        _check_boards(folder, done.stdout, ("brook", "strand"))
        before = (folder / "win_rates.json").read_text()

        palestra("run", config, "-q", cwd=tmp_path)
        assert len(read_log(log)) == len(requests), "a finished run asks for nothing"
        assert (folder / "win_rates.json").read_text() == before

        arena(tmp_path, proxy, llama, ("brook", "strand", "heath"))
        palestra("run", config, "-q", cwd=tmp_path)
        new = read_log(log)[len(requests) :]
        assert len(new) <= 3 * N_PROMPTS, "its answers, and its pairs in both orders"
        wider = json.loads((folder / "win_rates.json").read_text())
    old = json.loads(before)["boards"][0]["rows"]
    kept = [row for row in wider["boards"][0]["rows"] if row["model"] in ("brook", "strand")]
    assert kept == [row for row in old if row["model"] != "moor"]


def _check_boards(folder: Path, printed: str, candidates: tuple[str, ...]) -> None:
    text = (folder / "leaderboard.txt").read_text()
    for heading in (
        "OVERALL LEADERBOARD",
        "DATASET LEADERBOARD: qa",
        "SUBSET LEADERBOARD: qa - arena",
        "SUBSET LEADERBOARD: qa - example",
    ):
        assert f"=== {heading} ===\n" in text
    assert re.search(r"^moor +50\.0  \(\+0\.0 / \+0\.0\)$", printed, re.M)
    for name in candidates:
        assert re.search(rf"\b{name}\b.* of {N_PROMPTS} prompts|\b{name}\b.* on {N_PROMPTS} prompts", printed)
    with (folder / "metrics.csv").open(encoding="utf-8", newline="") as file:
        metrics = list(csv.DictReader(file))
    assert {row["Subset"] for row in metrics if row["Metric"] == "winrate"} == {
        *(f"qa&{subset}@{name}&moor" for subset in ("arena", "example") for name in candidates),
        "OVERALL",
    }
    near = {row["Model"]: row["Num"] for row in metrics if row["Metric"] == "Rouge-L-F"}
    assert near == {name: str(N_PROMPTS // 2) for name in ("moor", *candidates)}
