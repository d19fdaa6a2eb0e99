"""The notebook runs from its first cell to its last, and each cell shows what it should."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.support.cli import clean_environment
from tests.support.require import ROOT

if TYPE_CHECKING:
    from pathlib import Path

NOTEBOOK = ROOT / "examples" / "notebook.ipynb"
RUN = """
import ast, json, sys
from pathlib import Path
scope = {"__name__": "__main__"}
shown = []
for source in json.loads(Path(sys.argv[1]).read_text()):
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), scope)
    value = eval(compile(ast.Expression(last.value), "cell", "eval"), scope) if last else None
    html = getattr(value, "_repr_html_", None)
    shown.append([repr(value), html() if html else None])
Path(sys.argv[2]).write_text(json.dumps(shown))
"""
"""What a notebook does with its cells: run the lines, show the last expression."""


def test_it_runs_and_shows_tables(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    book = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    cells = ["".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == "code"]
    (tmp_path / "cells.json").write_text(json.dumps(cells))
    files = str(tmp_path / "cells.json"), str(tmp_path / "shown.json")
    program = [sys.executable, "-W", "error", "-c", RUN, *files]
    subprocess.run(program, cwd=tmp_path / "examples", env=clean_environment(), check=True)
    shown = json.loads((tmp_path / "shown.json").read_text())
    assert len(shown) == len(cells)
    by_cell = dict(zip(cells, shown, strict=True))
    run, agreement, placement = (
        next(seen for cell, seen in by_cell.items() if f"palestra.{name}(" in cell)
        for name in ("run", "agree", "place")
    )
    assert "sample-atalanta" in run[0]
    assert all(seen[1] and "<table" in seen[1] for seen in (run, agreement, placement))
    assert "sample-judge" in agreement[0]
    assert "Fathom" in placement[1]
    assert shown[-1][0].startswith("['rank 1: ")


def test_it_holds_no_outputs_that_could_grow_old() -> None:
    book = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in book["cells"])
