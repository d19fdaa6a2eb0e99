"""What docs/prompts.md shows is read as it says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.support.require import ROOT

from palestra.config.load import load_config
from palestra.config.schema import PromptSource
from palestra.prompts.files import read_prompts
from palestra.prompts.shapes import ID_COLUMNS, PROMPT_COLUMNS

if TYPE_CHECKING:
    from pathlib import Path

GUIDE = (ROOT / "docs" / "prompts.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)
    assert found
    return found[1]


def test_the_config_loads(tmp_path: Path) -> None:
    path = tmp_path / "arena.yaml"
    path.write_text(block("yaml"))
    assert len(load_config(path).config.prompts) == 4


def test_each_shape_is_read(tmp_path: Path) -> None:
    path = tmp_path / "shapes.jsonl"
    path.write_text(block("jsonl"))
    prompts = read_prompts(PromptSource(path=path), seed=0, base_dir=tmp_path)
    assert len(prompts) == block("jsonl").count("\n")
    assert sum(prompt.reference is None for prompt in prompts) == 3
    assert prompts[-1].is_multi_turn


def test_every_column_is_told_in_its_order() -> None:
    for columns in (PROMPT_COLUMNS, ID_COLUMNS):
        places = [GUIDE.index(f"`{name}`", GUIDE.index(f"`{columns[0]}`,")) for name in columns]
        assert places == sorted(places)
