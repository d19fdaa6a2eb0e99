"""A config that is written reads back as the same config."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from tests.support.configs import GOOD, configs

from palestra.config.endpoint import ModelConfig
from palestra.config.judge import JudgeConfig
from palestra.config.load import check_document, load_config
from palestra.config.reader import parse
from palestra.config.schema import Config, PromptSource
from palestra.config.write import dump_config


def read_back(text: str) -> Config:
    return check_document(parse(text, Path("/somewhere/c.yaml")))


@given(configs())
def test_any_config_reads_back_as_it_was(config: Config) -> None:
    assert read_back(dump_config(config)) == config


@given(configs())
def test_what_is_written_is_plain_yaml_that_settles(config: Config) -> None:
    text = dump_config(config)
    assert isinstance(yaml.safe_load(text), dict)
    assert dump_config(read_back(text)) == text


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1))
def test_any_text_survives(text: str) -> None:
    model = ModelConfig.model_validate({"endpoint_type": "vllm", "model": text, "system_prompt": text})
    assert read_back(dump_config(Config(models=(model,)))).models[0].system_prompt == text


def test_keys_are_left_out() -> None:
    model = ModelConfig.model_validate({"endpoint_type": "openai", "model": "m", "api_key": "sk-canary"})
    judge = JudgeConfig.model_validate({"endpoint_type": "openai", "model": "m", "api_key": "sk-canary"})
    assert model.api_key == SecretStr("sk-canary")
    assert "canary" not in dump_config(Config(models=(model,), judges=(judge,)))


def test_defaults_are_spelled_out_and_paths_are_absolute(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(GOOD)
    written: dict[str, Any] = yaml.safe_load(dump_config(load_config(path, env={}).config))
    assert written["models"][0]["timeout"] == 300.0
    assert written["prompts"][0]["path"] == str(tmp_path / "arena.jsonl")
    assert set(written) == set(Config.model_fields)


def test_the_users_own_sections_keep_their_empty_values() -> None:
    model = ModelConfig.model_validate(
        {"endpoint_type": "vllm", "model": "m", "extra_body": {"a": None, "b": [], "c": {"d": {}}}}
    )
    config = Config(models=(model,), prompts=(PromptSource(name="x/y"),))
    assert read_back(dump_config(config)) == config
