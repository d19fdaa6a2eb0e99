"""The configs in `examples/` load, and so do the files that they name."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.require import ROOT

from palestra.config.load import load_config
from palestra.prompts.load import load_prompts

EXAMPLES = ROOT / "examples"
CONFIGS = sorted(EXAMPLES.glob("*.yaml"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_it_loads(path: Path) -> None:
    loaded = load_config(path)
    config = loaded.config
    assert len(config.models) >= (1 if config.schedule.kind == "place" else 2)
    assert loaded.shape == (path.stem if path.stem in ("potato", "openarena") else "palestra")
    assert bool(loaded.warnings) == (path.stem == "potato")
    local = [source for source in config.prompts if source.path is not None]
    assert len(load_prompts(local, seed=config.seed, base_dir=Path())) >= (6 if local else 0)
    assert all(model.path is None or model.path.is_file() for model in config.models)


def test_the_readme_lists_each_of_them() -> None:
    readme = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert CONFIGS
    assert [path.name for path in CONFIGS if f"[{path.name}]({path.name})" not in readme] == []
