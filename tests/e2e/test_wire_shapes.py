"""A whole run against a real llama-server, through each wire shape."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.cli import palestra, rows, write_config

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.support.llama import Llama

N_PROMPTS = 50
CHI_SQUARE_4_DF = {0.001: 18.467, 1e-6: 33.377}
"""Upper quantiles of the chi-square law with four degrees of freedom."""


def endpoint(wire: str, llama: Llama, fronts: str) -> dict[str, Any]:
    """How the llama-server is reached through a wire shape."""
    address = {"openai": llama.openai_url, "anthropic": llama.url, "gemini": fronts, "ollama": fronts}
    return {"endpoint_type": wire, "base_url": address[wire], "max_tokens": 24, "temperature": 1.0}


@pytest.mark.slow
@pytest.mark.parametrize("wire", ["openai", "anthropic", "gemini", "ollama"])
def test_four_models_and_a_judge_of_known_odds(wire: str, llama: Llama, fronts: str, tmp_path: Path) -> None:
    """200 answers and 600 verdicts; the judge's odds come back in the counts of its labels."""
    reach = endpoint(wire, llama, fronts)
    prompts = tmp_path / "prompts.jsonl"
    prompts.write_text("".join(json.dumps({"query": f"Question {n}?"}) + "\n" for n in range(N_PROMPTS)))
    config = {
        "arena": {"name": wire},
        "models": [{**reach, "model": name} for name in llama.answers],
        "judges": [{**reach, "model": llama.judge, "template": template(tmp_path)}],
        "prompts": [{"path": str(prompts)}],
        "concurrency": 8,
    }
    done = palestra("run", write_config(tmp_path / "arena.yaml", config), cwd=tmp_path)
    assert "4 models, 50 prompts, 300 matchups: 200 answers and 600 verdicts" in done.stderr

    folder = tmp_path / "runs" / wire
    responses = rows(folder / "responses.jsonl")
    assert len(responses) == 200
    assert all(row["text"] and row["failure"] is None for row in responses)
    assert all(row["tokens_in"] > 0 and 0 < row["tokens_out"] <= 24 for row in responses)
    assert all(row["latency_ms"] > 0 for row in responses)
    assert {row["finish_reason"] for row in responses} <= {"stop", "length"}

    verdicts = rows(folder / "verdicts.jsonl")
    assert len(verdicts) == 600
    assert all(row["failure"] is None for row in verdicts)
    assert Counter(row["order"] for row in verdicts) == {"ab": 300, "ba": 300}
    assert len(rows(folder / "battles.jsonl")) == 300

    shown = {row["key"]: label_as_shown(row) for row in verdicts}
    assert len(shown) > 400, "equal answers share a verdict, and most answers differ"
    statistic = chi_square(Counter(shown.values()), llama.odds)
    seeded = wire != "anthropic"  # its API takes no seed, so each run is a fresh draw
    assert statistic < CHI_SQUARE_4_DF[0.001 if seeded else 1e-6]

    board = json.loads((folder / "leaderboard.json").read_text())
    assert {row["model"] for row in board["ratings"]} == set(llama.answers)
    assert all(row["ci_low"] < row["rating"] < row["ci_high"] for row in board["ratings"])


def template(folder: Path) -> str:
    """To the tiny judge each byte is a token, so a short template makes a fast run."""
    path = folder / "short.txt"
    path.write_text("A: {answer_a}\nB: {answer_b}\nSay [[A>>B]], [[A>B]], [[A=B]], [[B>A]] or [[B>>A]].\n")
    return str(path)


def label_as_shown(verdict: dict[str, Any]) -> str:
    """The label as the judge wrote it."""
    label: str = verdict["label"]
    mirrored = {"A>>B": "B>>A", "A>B": "B>A", "A=B": "A=B", "B>A": "A>B", "B>>A": "A>>B"}
    return f"[[{mirrored[label] if verdict['order'] == 'ba' else label}]]"


def chi_square(counts: Counter[str], odds: Mapping[str, float]) -> float:
    """Pearson's statistic of the counts against the odds."""
    total = counts.total()
    assert set(counts) <= set(odds)
    return sum((counts[label] - total * p) ** 2 / (total * p) for label, p in odds.items())
