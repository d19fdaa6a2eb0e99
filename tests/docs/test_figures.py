"""The figures of the guide are what `palestra plot` draws."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from tests.support.cli import clean_environment
from tests.support.require import ROOT

if TYPE_CHECKING:
    from pathlib import Path

DOCS = ROOT / "docs"


def program(path: Path) -> Any:
    """A script as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


FIGURES = sorted(program(DOCS / "make_figures.py").FIGURES)


def test_the_figures_are_current(tmp_path: Path) -> None:
    """If this fails: `python docs/make_figures.py`."""
    command = [sys.executable, str(DOCS / "make_figures.py"), str(tmp_path)]
    subprocess.run(command, env=clean_environment(), check=True)
    drawn = {path.name: path.read_bytes() for path in tmp_path.glob("*.svg")}
    assert sorted(drawn) == FIGURES
    old = [name for name, found in drawn.items() if found != (DOCS / "images" / name).read_bytes()]
    assert old == []


def test_every_figure_is_shown_and_made() -> None:
    pages = "".join(path.read_text(encoding="utf-8") for path in DOCS.rglob("*.md"))
    assert [name for name in FIGURES if f"images/{name})" not in pages] == []
    assert sorted(path.name for path in (DOCS / "images").glob("*.svg")) == FIGURES


def test_the_battles_of_the_examples_are_what_their_program_writes(tmp_path: Path) -> None:
    """If this fails: `python examples/data/make_battles.py`."""
    place = ROOT / "examples" / "data" / "battles.jsonl"
    module = program(place.with_name("make_battles.py"))
    module.PLACE = tmp_path / "battles.jsonl"
    module.main()
    assert module.PLACE.read_bytes() == place.read_bytes()
    assert place.stat().st_size < 300_000
