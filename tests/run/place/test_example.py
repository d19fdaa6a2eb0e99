"""The arena of the examples."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

import pytest
from tests.support.require import ROOT

if TYPE_CHECKING:
    from pathlib import Path

DATA = ROOT / "examples" / "data"


@pytest.mark.parametrize("name", ["arena.jsonl", "arena-answers.jsonl", "arena-verdicts.jsonl"])
def test_the_arena_of_the_examples_is_what_its_program_writes(name: str, tmp_path: Path) -> None:
    """If this fails: `python examples/data/make_arena.py`."""
    spec = importlib.util.spec_from_file_location("make_arena", DATA / "make_arena.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.write(tmp_path)
    assert (tmp_path / name).read_bytes() == (DATA / name).read_bytes()
