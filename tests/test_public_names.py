"""The public API: what `palestra` names is there, is described, and costs nothing until it is used."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from importlib import import_module

import pytest

import palestra

HEAVY = (
    "alembic",
    "anthropic",
    "datasets",
    "duckdb",
    "fastapi",
    "google.genai",
    "httpx",
    "httpx2",
    "jinja2",
    "numpy",
    "ollama",
    "openai",
    "pandas",
    "pyarrow",
    "pydantic",
    "pydantic_ai",
    "rich",
    "rouge_score",
    "sacrebleu",
    "sqlalchemy",
    "typer",
    "yaml",
)


def test_all_is_sorted_and_names_nothing_twice() -> None:
    assert palestra.__all__ == sorted(set(palestra.__all__))


@pytest.mark.parametrize("name", palestra.__all__)
def test_each_name_resolves_and_is_described(name: str) -> None:
    thing = getattr(palestra, name)
    assert name in dir(palestra)
    if inspect.isclass(thing) or inspect.isroutine(thing):
        assert thing.__module__.startswith("palestra.")
        own = thing.__doc__ if inspect.isroutine(thing) else thing.__dict__.get("__doc__")
        assert own, f"{name} has no docstring of its own"
        assert len(own.strip()) > 10


def test_each_lazy_name_has_a_home_and_the_other_way_round() -> None:
    homes = vars(palestra)["_HOMES"]
    assert set(homes) == set(palestra.__all__)
    for name, home in homes.items():
        module = import_module(home)
        there = module if home == f"palestra.{name}" else getattr(module, name)
        assert there is getattr(palestra, name)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing_of_that_name'"):
        palestra.nothing_of_that_name  # noqa: B018


def test_importing_palestra_loads_nothing_heavy() -> None:
    program = "import json, sys, palestra; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = json.loads(done.stdout)
    assert "palestra" in loaded
    assert [name for name in HEAVY if name in loaded] == []
