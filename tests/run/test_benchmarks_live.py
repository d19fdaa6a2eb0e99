"""A benchmark with a model and a judge behind a real llama-server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.run.benchmark_files import arena_hard_answers, arena_hard_questions
from tests.support.cli import palestra, rows

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.llama import Llama


def test_arena_hard_asks_model_and_judge_and_goes_on_where_it_stopped(llama: Llama, tmp_path: Path) -> None:
    questions = arena_hard_questions(tmp_path / "question.jsonl", {"arena-hard-v0.1": 5})
    arena_hard_answers(tmp_path / "base.jsonl", "gpt-4-0314", questions)
    command = [
        *("run", "--benchmark", "arena-hard-v0.1", "base.jsonl", "--prompts", "question.jsonl"),
        *("--model", f"Live=vllm:{llama.answers[0]}@{llama.openai_url}"),
        *("--judge", f"Judge=vllm:{llama.judge}@{llama.openai_url}"),
        *("--set", "models.0.max_tokens=40", "--set", "ranking.rounds=50", "--fail-on-errors"),
    ]
    done = palestra(*command, cwd=tmp_path)
    assert "10 verdicts, at most 15 calls" in done.stderr
    folder = tmp_path / "runs" / "arena-hard-v0.1"
    verdicts = rows(folder / "verdicts.jsonl")
    assert len(verdicts) == 10
    assert all(f"[[{verdict['label']}]]" in llama.odds for verdict in verdicts)
    first = (folder / "benchmark.json").read_text()
    assert json.loads(first)["benchmark"] == "arena-hard-v0.1"
    again = palestra(*command, cwd=tmp_path)
    assert "0 calls made" in again.stdout
    assert (folder / "benchmark.json").read_text() == first
