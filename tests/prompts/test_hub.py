"""Datasets by name. A folder stands in for the hub, in a process of its own that may not go online."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

if TYPE_CHECKING:
    from pathlib import Path

READ = """
import json, sys
from pathlib import Path
from palestra.config.schema import PromptSource
from palestra.errors import PalestraError
from palestra.prompts.files import read_prompts

for settings in json.loads(sys.argv[1]):
    try:
        prompts = read_prompts(PromptSource(**settings), seed=0, base_dir=Path())
    except PalestraError as error:
        print(json.dumps([type(error).__name__, error.place, error.message, error.hint]))
    else:
        print(json.dumps([prompt.model_dump(mode="json") for prompt in prompts]))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three training prompts and a test prompt."""
    data = tmp_path / "set" / "data"
    data.mkdir(parents=True)
    rows = [{"id": n, "instruction": f"do {n}", "output": f"done {n}", "other": b"\xff"} for n in range(3)]
    pq.write_table(pa.Table.from_pylist(rows), data / "train-00000-of-00001.parquet")
    pq.write_table(pa.Table.from_pylist([{"id": 9, "instruction": ""}]), data / "test-00000-of-00001.parquet")
    return data.parent


def read(tmp_path: Path, *sources: dict[str, Any], before: str = "") -> list[Any]:
    """What comes of each source: its prompts, or the error's class, place, message and hint."""
    env = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "hf")}
    command = [sys.executable, "-c", before + READ, json.dumps(sources)]
    done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_prompts_of_a_dataset(tmp_path: Path, folder: Path) -> None:
    """Downloaded whole, streamed under a limit, or from the local folder: the prompts are the same."""
    by_name = {"name": str(folder), "dataset": "set"}
    whole, streamed, local = read(tmp_path, by_name, by_name | {"limit": 2}, {"path": str(folder)})
    assert [prompt["question_id"] for prompt in whole] == ["0", "1", "2"]
    assert whole[1]["messages"] == [{"role": "user", "content": "do 1"}]
    assert whole[1]["reference"] == "done 1"
    assert streamed == whole[:2]
    assert local == whole


def test_what_is_not_there_is_said(tmp_path: Path, folder: Path) -> None:
    name = str(folder)
    field, split, empty, unreachable = read(
        tmp_path,
        {"name": name, "field": "instrution", "limit": 1},
        {"name": name, "split": "tets"},
        {"name": name, "split": "test"},
        {"name": "nobody/nothing"},
    )
    columns = "there is no column 'instrution'; there are: id, instruction, output, other"
    assert field == ["DataError", f"{name}: field", columns, "did you mean 'instruction'?"]
    assert split[:2] == ["DataError", name]
    assert {"tets", "train", "test"} <= set(re.findall(r"\w+", split[2]))
    assert empty[:3] == ["DataError", f"{name}:1: instruction", "the text is empty"]
    assert unreachable[:2] == ["DataError", "nobody/nothing"]
    assert "give its folder as `path`" in unreachable[3]


def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    absent = "import sys; sys.modules['datasets'] = None\n"
    ((kind, _, message, hint),) = read(tmp_path, {"name": "nobody/nothing"}, before=absent)
    assert kind == "UsageError"
    assert "nobody/nothing is a Hugging Face dataset" in message
    assert "pip install 'palestra[hub]'" in hint
