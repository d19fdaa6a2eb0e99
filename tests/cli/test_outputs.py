"""What a command writes does not take the place of what it reads."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from palestra.cli.app import app
from palestra.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

ROW = {
    "question_id": "1",
    "model_a": "ant",
    "model_b": "bee",
    "winner": "model_a",
    "source": "human",
    "prompt": "Why?",
    "response_a": "So.",
    "response_b": "No.",
}


@pytest.mark.parametrize(
    "words",
    [
        "rank b.jsonl --out b.jsonl",
        "rank run --out run/battles.jsonl",
        "plan b.jsonl --next 1 --out b.jsonl",
        "agree b.jsonl --human b.jsonl -o ./b.jsonl",
        "agree run --human b.jsonl -o run/verdicts.jsonl",
        "convert b.jsonl -o link.jsonl",
        "convert b.jsonl -o new.jsonl --verdicts b.jsonl",
        "export dpo b.jsonl -o b.jsonl",
        "export kto run -o run/battles.jsonl",
    ],
)
def test_what_is_read_is_not_written_over(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    line = json.dumps(ROW) + "\n"
    (tmp_path / "run").mkdir()
    files = [tmp_path / name for name in ("b.jsonl", "run/battles.jsonl", "run/verdicts.jsonl")]
    for file in files:
        file.write_text(line)
    os.link(files[0], tmp_path / "link.jsonl")
    with pytest.raises(UsageError, match="is read, and would be written over"):
        app(words.split(), standalone_mode=False)
    assert [file.read_text() for file in files] == [line] * 3
    assert not (tmp_path / "new.jsonl").exists()


def test_two_outputs_of_a_conversion_are_two_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "b.jsonl").write_text(json.dumps(ROW) + "\n")
    with pytest.raises(UsageError, match="--out writes to the same file"):
        app(["convert", "b.jsonl", "-o", "x.jsonl", "--verdicts", "./x.jsonl"], standalone_mode=False)
