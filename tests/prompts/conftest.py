from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from palestra.config.schema import PromptSource
from palestra.prompts.files import read_prompts
from palestra.records.prompt import Prompt

ReadRows = Callable[..., list[Prompt]]


@pytest.fixture
def read(tmp_path: Path) -> ReadRows:
    """Reads rows from a JSONL file that is written for the test."""

    def read_rows(*rows: dict[str, Any], seed: int = 0, **settings: Any) -> list[Prompt]:
        path = tmp_path / "file.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return read_prompts(PromptSource(path=Path(path.name), **settings), seed=seed, base_dir=tmp_path)

    return read_rows
