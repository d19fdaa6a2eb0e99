"""What a plan says before anything is spent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.support.cli import palestra
from tests.support.require import ROOT

if TYPE_CHECKING:
    from pathlib import Path

ANSWERS = ROOT / "examples/data/answers.jsonl"


def test_answers_to_other_prompts_are_told_of(tmp_path: Path) -> None:
    other = {"question_id": "elsewhere", "query": "Something else?", "response": "x"}
    (tmp_path / "prompts.jsonl").write_text(json.dumps(other) + "\n")
    models = [f"--model={name}=recorded:{ANSWERS}" for name in ("sample-atalanta", "sample-icarus")]
    arguments = ["run", *models, "--judge", "metric:rougeL", "--prompts"]
    said = palestra(*arguments, "prompts.jsonl", cwd=tmp_path).stderr
    assert "the recorded answers of sample-icarus are to none of these prompts" in said
    said = palestra(*arguments, ROOT / "examples/data/prompts.jsonl", cwd=tmp_path).stderr
    assert "none of these prompts" not in said
