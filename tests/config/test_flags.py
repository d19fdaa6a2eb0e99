"""Models, judges and prompts from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from palestra.config.endpoint import EndpointType
from palestra.config.flags import Flags
from palestra.config.load import config_from_flags, load_config
from palestra.errors import ConfigError, PalestraError, UsageError


@pytest.mark.parametrize(
    ("written", "label", "kind", "model", "base_url"),
    [
        ("ollama:llama3.2", "llama3.2", "ollama", "llama3.2", None),
        ("ollama:llama3.2:1b", "llama3.2:1b", "ollama", "llama3.2:1b", None),
        ("Small=ollama:llama3.2:1b", "Small", "ollama", "llama3.2:1b", None),
        ("vllm:org/m@http://h:1/v1", "org/m", "vllm", "org/m", "http://h:1/v1"),
        ("openai:@cf/meta@https://h/v1", "@cf/meta", "openai", "@cf/meta", "https://h/v1"),
        ("openai:a=b", "a=b", "openai", "a=b", None),
        ("A:B=vllm:m", None, None, None, None),
    ],
)
def test_a_model_is_written_as_type_and_name(
    written: str, label: str | None, kind: str | None, model: str | None, base_url: str | None
) -> None:
    if kind is None:
        with pytest.raises(UsageError):
            config_from_flags(models=[written])
        return
    (found,) = config_from_flags(models=[written]).models
    assert (found.label, found.endpoint_type, found.model, found.base_url) == (label, kind, model, base_url)


def test_recorded_files_and_metrics() -> None:
    config = config_from_flags(
        models=["recorded:a/b.jsonl", "X=recorded:/c.csv"],
        judges=["metric:rougeL", "recorded:v.jsonl"],
        prompts=["p.jsonl"],
        cwd=Path("/here"),
    )
    assert [(m.label, m.path) for m in config.models] == [
        ("b", Path("/here/a/b.jsonl")),
        ("X", Path("/c.csv")),
    ]
    assert [(j.label, j.metric, j.path) for j in config.judges] == [
        ("rougeL", "rougeL", None),
        ("v", None, Path("/here/v.jsonl")),
    ]
    assert config.judges[1].endpoint_type is EndpointType.RECORDED
    assert [source.path for source in config.prompts] == [Path("/here/p.jsonl")]


@pytest.mark.parametrize(
    ("models", "judges", "message"),
    [
        (["llama"], [], "--model llama: expected endpoint_type:model"),
        (["ollama:"], [], "--model ollama:: expected endpoint_type:model"),
        (["olama:x"], [], "--model olama:x: 'olama' is no endpoint type; did you mean 'ollama'?"),
        (["metric:rougeL"], [], "--model metric:rougeL: 'metric' is no endpoint type"),
        (
            [],
            ["metrik:rougeL"],
            "--judge metrik:rougeL: 'metrik' is no endpoint type; did you mean 'metric'?",
        ),
        (["vllm:\udcff"], [], "--model 'vllm:\\udcff': holds a character that is not allowed"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error_that_names_the_flag(
    models: list[str], judges: list[str], message: str
) -> None:
    with pytest.raises(UsageError) as caught:
        config_from_flags(models=models, judges=judges)
    assert message in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("models", "judges", "message"),
    [
        (["vllm:m@http://"], [], "--model vllm:m@http://: base_url: 'http://' is not an address"),
        (["openai:a", "openai:a"], [], "--model openai:a: label: the label 'a' is used twice"),
        ([], ["metric:rouge"], "--judge metric:rouge: metric: 'rouge' is not one of"),
    ],
)
def test_what_cannot_be_used_is_a_config_error_that_names_the_flag(
    models: list[str], judges: list[str], message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        config_from_flags(models=models, judges=judges)
    assert message in str(caught.value)


def test_flags_take_the_place_of_the_files_sections_and_overrides_win_over_flags(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(
        "models: [{endpoint_type: openai, model: a, temperature: bad}]\nseed: 3\njudges: [{metric: bleu}]\n"
    )
    flags = Flags(models=("ollama:x", "ollama:y"))
    config = load_config(path, flags=flags, overrides=["models.1.temperature=0.5"], env={}).config
    assert [(m.model, m.temperature) for m in config.models] == [("x", None), ("y", 0.5)]
    assert (config.seed, config.judges[0].metric) == (3, "bleu")


def test_the_file_need_not_be_valid_where_flags_replace_it_but_must_be_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("models: 3\nseed: x\n")
    with pytest.raises(PalestraError) as caught:
        load_config(path, flags=Flags(models=("ollama:x",)), env={})
    assert str(caught.value) == f"{path}:2: seed: expected a whole number, got 'x'"
