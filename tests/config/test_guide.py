"""docs/config.md explains every key there is, and what it shows works."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from palestra.config.endpoint import EndpointType, ModelConfig
from palestra.config.judge import JudgeConfig
from palestra.config.load import config_from_flags, load_config
from palestra.config.schema import Arena, Config, Place, PromptSource, Ranking, Schedule, Serve, Swap

if TYPE_CHECKING:
    from pydantic import BaseModel

GUIDE = (Path(__file__).parents[2] / "docs" / "config.md").read_text()


@pytest.mark.parametrize(
    "section", [Arena, Config, JudgeConfig, ModelConfig, Place, PromptSource, Ranking, Schedule, Serve]
)
def test_every_key_is_explained(section: type[BaseModel]) -> None:
    said = set(
        re.findall(r"\w+", " ".join(re.findall(r"`([^`\n]+)`", GUIDE) + re.findall(r"^## .*", GUIDE, re.M)))
    )
    assert [name for name in section.model_fields if name not in said] == []


@pytest.mark.parametrize("choices", [EndpointType, Swap])
def test_every_choice_is_explained(choices: type[EndpointType] | type[Swap]) -> None:
    assert [choice.value for choice in choices if f"`{choice.value}`" not in GUIDE] == []


def test_the_example_loads(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", GUIDE, re.S)
    path = tmp_path / "arena.yaml"
    path.write_text(example)
    assert len(load_config(path, env={}).config.models) == 2


def test_the_flags_shown_make_a_config() -> None:
    (line,) = re.findall(r"palestra run --model .*\\\n.*", GUIDE)
    words = shlex.split(line.replace("\\\n", " "))
    given = list(zip(words[2::2], words[3::2], strict=True))
    config = config_from_flags(
        models=[value for flag, value in given if flag == "--model"],
        judges=[value for flag, value in given if flag == "--judge"],
        prompts=[value for flag, value in given if flag == "--prompts"],
    )
    assert [model.label for model in config.models] == ["llama3.2", "Mine"]
