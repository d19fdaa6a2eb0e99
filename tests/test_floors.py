"""A module imports only from lower floors and from its own package, and never in a circle."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SOURCE = Path(__file__).resolve().parents[1] / "src"
FLOORS: Mapping[str, float] = {
    "_version": 0,
    "errors": 0,
    "records": 1,
    "config": 2,
    "ranking": 2,
    "analysis": 3,
    "interchange": 3,
    "models": 4,
    "prompts": 4,
    "store": 4,
    "judges": 5,
    "report": 6,
    "run": 7,
    "demo": 7.5,
    "server": 8,
    "cli": 9,
    "__main__": 10,
}
"""The part below `palestra` → its floor."""
RANKING_MAY = {"numpy", "palestra.errors", "palestra.records.rating", "palestra.records.winner"}
MACHINERY = {
    "palestra.ranking.blas": {"os", "threadpoolctl"},
    "palestra.ranking.compiled": {"os", "pathlib", "importlib"},
    "palestra.ranking.kernels.jit": {"numba"},
}
"""What decides how the machine does the sums, not what they are."""
OUTSIDE_WORLD = {
    "asyncio",
    "datetime",
    "glob",
    "http",
    "io",
    "multiprocessing",
    "os",
    "pathlib",
    "shutil",
    "socket",
    "subprocess",
    "tempfile",
    "threading",
    "time",
    "urllib",
}
"""Files, network, clock."""


def modules(source: Path) -> dict[str, Path]:
    """Every module below `source` by its dotted name; a package is named without `__init__`."""
    found = {}
    for path in sorted(source.rglob("*.py")):
        parts = path.relative_to(source).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(name: str, path: Path) -> Iterator[tuple[int, str, tuple[str, ...]]]:
    """(line, module, names taken from it) of every import, wherever it stands and whatever guards it."""
    package = name.split(".") if path.stem == "__init__" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        match node:
            case ast.Import():
                yield from ((node.lineno, alias.name, ()) for alias in node.names)
            case ast.ImportFrom():
                above = package[: len(package) - node.level + 1] if node.level else []
                home = ".".join([*above, *([node.module] if node.module else [])])
                yield node.lineno, home, tuple(alias.name for alias in node.names)
            case ast.Call(
                func=ast.Name(id="import_module") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(target)), *_],
            ):
                yield node.lineno, target, ()


def edges(known: Mapping[str, Path], name: str) -> Iterator[tuple[int, str]]:
    """(line, module) of every import by the module `name`; `from package import module` means the module."""
    for line, home, taken in imports(name, known[name]):
        inner = [f"{home}.{part}" for part in taken if f"{home}.{part}" in known]
        yield from ((line, module) for module in inner)
        if len(inner) < len(taken) or not taken:
            yield line, home


def part_of(module: str) -> str | None:
    """What decides a module's floor: the part below `palestra`, or None for anything else."""
    top, _, rest = module.partition(".")
    return rest.partition(".")[0] if top == "palestra" and rest else None


def floor_violations(source: Path) -> list[str]:
    """One line for each import that goes up, sideways or to a part without a floor."""
    known = modules(source)
    wrong = []
    for name in known:
        part = part_of(name)
        if part is None:
            continue  # `palestra` itself may name anything; it imports lazily
        if part not in FLOORS:
            wrong.append(f"{name} has no floor")
            continue
        for line, target in edges(known, name):
            other = "" if target == "palestra" else part_of(target)
            if other is None or other == part:
                continue
            if other == "":
                wrong.append(f"{name}:{line} imports palestra itself, which may import anything")
            elif other not in FLOORS:
                wrong.append(f"{name}:{line} imports {target}, which has no floor")
            elif FLOORS[other] >= FLOORS[part]:
                wrong.append(f"{name}:{line} (floor {FLOORS[part]}) imports {target} (floor {FLOORS[other]})")
    return wrong


def cycle(source: Path) -> list[str]:
    """Some modules that import one another in a circle, the first repeated at the end; empty if none do."""
    known = modules(source)
    graph = {name: sorted({t for _, t in edges(known, name) if t in known} - {name}) for name in known}
    done: set[str] = set()

    def walk(name: str, trail: tuple[str, ...]) -> list[str]:
        if name in trail:
            return [*trail[trail.index(name) :], name]
        if name in done:
            return []
        for target in graph[name]:
            if found := walk(target, (*trail, name)):
                return found
        done.add(name)
        return []

    return next((found for name in graph if (found := walk(name, ()))), [])


def ranking_violations(source: Path) -> list[str]:
    """Imports by `palestra.ranking` beyond arrays, errors and results."""
    known = modules(source)
    wrong = []
    for name in known:
        if part_of(name) != "ranking":
            continue
        for line, target in edges(known, name):
            own = target == "palestra.ranking" or target.startswith("palestra.ranking.")
            top = target.partition(".")[0]
            allowed = (
                target in RANKING_MAY or top == "numpy" or top in sys.stdlib_module_names - OUTSIDE_WORLD
            )
            if not (own or allowed or top in MACHINERY.get(name, ())):
                wrong.append(f"{name}:{line} imports {target}")
    return wrong


def test_imports_only_go_down() -> None:
    assert len(modules(SOURCE)) > 20
    assert floor_violations(SOURCE) == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert cycle(SOURCE) == []


def test_ranking_knows_arrays_only() -> None:
    """No file, no network, no clock, and no library but numpy."""
    assert ranking_violations(SOURCE) == []


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small palestra without a fault."""
    files = {
        "__init__.py": "from palestra.cli import app\n",
        "errors.py": "import difflib\n",
        "records/__init__.py": "",
        "records/base.py": "import pydantic\n",
        "records/battle.py": "from palestra.records.base import Record\nfrom . import base\n",
        "ranking/__init__.py": "from .elo import elo\n",
        "ranking/elo.py": "import math\nimport numpy.linalg\nfrom palestra.records.rating import Rating\n",
        "models/__init__.py": "",
        "models/base.py": "from palestra.records import battle\nimport palestra.errors\n",
        "prompts/__init__.py": "",
        "cli/__init__.py": "",
        "cli/app.py": "from palestra.models.base import Model\n",
    }
    for name, text in files.items():
        path = tmp_path / "palestra" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def add(tree: Path, name: str, text: str) -> None:
    path = tree / "palestra" / name
    path.write_text(path.read_text() + text if path.exists() else text)


def test_a_tree_in_order_passes(tree: Path) -> None:
    assert floor_violations(tree) == []
    assert cycle(tree) == []
    assert ranking_violations(tree) == []


@pytest.mark.parametrize(
    ("where", "text", "named"),
    [
        ("records/up.py", "from palestra.models.base import Model\n", "palestra.models.base (floor 4)"),
        ("records/up.py", "import palestra.models.base as b\n", "palestra.models.base (floor 4)"),
        ("records/up.py", "from palestra import models\n", "palestra.models (floor 4)"),
        ("records/up.py", "from ..models import base\n", "palestra.models.base (floor 4)"),
        ("records/up.py", "def f():\n    from palestra.cli import app\n", "palestra.cli.app (floor 9)"),
        (
            "records/up.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from palestra.cli import app\n",
            "palestra.cli.app (floor 9)",
        ),
        (
            "records/up.py",
            "from importlib import import_module\nimport_module('palestra.cli.app')\n",
            "palestra.cli.app (floor 9)",
        ),
        ("models/side.py", "from palestra.prompts import files\n", "palestra.prompts (floor 4)"),
        ("models/all.py", "from palestra import PalestraError\n", "palestra itself"),
        ("models/new.py", "from palestra.attic import x\n", "palestra.attic, which has no floor"),
        ("attic.py", "", "palestra.attic has no floor"),
        ("prompts/__init__.py", "from .. import cli\n", "palestra.cli (floor 9)"),
    ],
)
def test_an_import_that_goes_up_is_found(tree: Path, where: str, text: str, named: str) -> None:
    add(tree, where, text)
    (violation,) = floor_violations(tree)
    assert named in violation
    assert violation.startswith(
        f"palestra.{where.removesuffix('.py').removesuffix('/__init__').replace('/', '.')}"
    )


def test_a_circle_is_found(tree: Path) -> None:
    add(tree, "records/base.py", "def f():\n    from palestra.records import prompt\n")
    add(tree, "records/prompt.py", "from palestra.records.battle import Battle\n")
    found = cycle(tree)
    assert found[0] == found[-1]
    assert set(found) == {f"palestra.records.{name}" for name in ("base", "prompt", "battle")}


@pytest.mark.parametrize(
    "text",
    [
        "import time\n",
        "from pathlib import Path\n",
        "import scipy.stats\n",
        "from palestra.records.battle import B\n",
    ],
)
def test_a_ranking_that_looks_outside_is_found(tree: Path, text: str) -> None:
    add(tree, "ranking/more.py", text)
    assert len(ranking_violations(tree)) == 1
