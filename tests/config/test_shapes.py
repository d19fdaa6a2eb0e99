"""The files of the arenas before load as they are; mistakes in them are told in their own words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from palestra.config.endpoint import EndpointType
from palestra.config.load import load_config
from palestra.config.schema import Swap
from palestra.config.write import dump_config
from palestra.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from palestra.config.load import LoadedConfig


def loaded(
    tmp_path: Path, text: str, name: str = "c.yaml", env: Mapping[str, str] | None = None
) -> LoadedConfig:
    path = tmp_path / name
    path.write_text(text)
    return load_config(path, env=env or {})


def refused(tmp_path: Path, text: str, name: str = "c.yaml") -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, text, name)
    assert caught.value.path == str(tmp_path / name)
    return caught.value


POTATO = """\
annotation_task_name: Essays
port: 9001
arena:
  enabled: true
  models:
    - label: GPT
      endpoint_type: openai
      model: gpt-4o
      temperature: 0.2
      ai_config: {api_key: sk-canary, max_tokens: 300, base_url: http://proxy/v1, timeout: 20, think: false}
    - endpoint_type: open_router
      model: meta/llama
      ai_config: {temperature: 0.9, api_key: "${MY_KEY}"}
    - endpoint_type: ollama_vision
      ai_config: {model: llava}
      base_url: http://gpu:11434
"""


def test_potatos_arena_block_loads(tmp_path: Path) -> None:
    found = loaded(tmp_path, POTATO)
    assert found.shape == "potato"
    gpt, llama, llava = found.config.models
    assert (gpt.label, gpt.endpoint_type, gpt.model) == ("GPT", EndpointType.OPENAI, "gpt-4o")
    assert (gpt.temperature, gpt.max_tokens, gpt.timeout, gpt.base_url) == (0.2, 300, 20, "http://proxy/v1")
    assert gpt.api_key is not None
    assert gpt.api_key.get_secret_value() == "sk-canary"
    assert (llama.label, llama.endpoint_type, llama.temperature) == ("meta/llama", "openrouter", 0.9)
    assert (llama.api_key, llama.api_key_env) == (None, "MY_KEY")
    assert (llava.endpoint_type, llava.model, llava.temperature) == (EndpointType.OLLAMA, "llava", 0.7)
    assert llava.base_url == "http://gpu:11434"


def test_potatos_other_keys_are_named_in_one_warning(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    assert loaded(tmp_path, POTATO).warnings == (
        f"{path}: not used by Palestra: annotation_task_name, port",
        f"{path}:10: arena.models.0.ai_config: not used by Palestra: think",
    )


def test_potatos_label_defaults_to_the_model_then_to_the_endpoint_type(tmp_path: Path) -> None:
    text = "arena: {models: [{endpoint_type: ollama, model: a}, {endpoint_type: vllm, model: b, label: ''}]}"
    assert [model.label for model in loaded(tmp_path, text).config.models] == ["a", "b"]


def test_a_potato_arena_that_is_off_is_read_with_a_warning(tmp_path: Path) -> None:
    found = loaded(tmp_path, "arena: {enabled: false, models: [{endpoint_type: vllm, model: m}]}")
    assert len(found.config.models) == 1
    assert "arena.enabled is false" in found.warnings[0]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (
            "arena:\n  enabled: 'false'\n  models: []\n",
            2,
            "arena.enabled: expected true or false, got 'false'",
        ),
        ("arena:\n  enabled: 1\n  models: []\n", 2, "arena.enabled: expected true or false, got 1"),
        ("arena:\n  models: x\n", 2, "arena.models: expected a list, got 'x'"),
        ("arena:\n  models:\n  - x\n", 3, "arena.models.0: expected a mapping"),
        ("arena:\n  models:\n  -\n", 3, "arena.models.0: is empty"),
        ("arena:\n  models:\n  - model: m\n", 3, "arena.models.0.endpoint_type: is missing"),
        (
            "arena:\n  models:\n  - model: m\n    endpoint_type: opnai\n",
            4,
            "arena.models.0.endpoint_type: 'opnai' is no endpoint type; did you mean 'openai'?",
        ),
        (
            "arena:\n  models:\n  - {endpoint_type: [openai]}\n",
            3,
            "a list is no endpoint type; known: openai",
        ),
        (
            "arena:\n  models:\n  - {endpoint_type: openai}\n",
            3,
            "arena.models.0: endpoint_type openai needs `model`",
        ),
        (
            "arena:\n  models:\n  - endpoint_type: vllm\n    model: m\n    ai_config: {max_tokens: many}\n",
            5,
            "arena.models.0.ai_config.max_tokens: expected a whole number, got 'many'",
        ),
        (
            "arena:\n  models:\n  - {endpoint_type: openai, ai_config: 3}\n",
            3,
            "ai_config: expected a mapping",
        ),
        ("arena:\n  models: []\n  enbled: true\n", 3, "arena.enbled: unknown key; did you mean 'enabled'?"),
        ("arena:\n  models:\n  - {endpoint_typ: vllm}\n", 3, "unknown key; did you mean 'endpoint_type'?"),
        (
            "arena:\n  models:\n  - {endpoint_type: vllm, model: m}\n  - {endpoint_type: ollama, model: m}\n",
            4,
            "arena.models.1.label: the label 'm' is used twice",
        ),
    ],
)
def test_a_mistake_in_a_potato_file_is_told_in_its_keys(
    text: str, line: int, message: str, tmp_path: Path
) -> None:
    error = refused(tmp_path, text)
    assert error.line == line
    assert message in str(error)


OPENARENA = """\
default_endpoint:
  url: "http://localhost:11434/v1/chat/completions"
judge_model:
  name: "JudgeModel"
  model_id: "llama3"
models:
  - name: "Open hermes"
    model_id: "openhermes"
  - name: ChatGPT3.5
    model_id: "gpt-3.5-turbo"
    endpoint:
      url: "https://api.openai.com/v1/chat/completions"
      api_key: "sk-canary"
datasets:
  - {name: skunkworksAI/reasoning-0.01, description: Hard, split: train, field: instruction, limit: 10}
"""


def test_openarenas_config_loads(tmp_path: Path) -> None:
    found = loaded(tmp_path, OPENARENA)
    config = found.config
    assert (found.shape, found.warnings) == ("openarena", ())
    hermes, gpt = config.models
    assert (hermes.label, hermes.model) == ("Open hermes", "openhermes")
    assert hermes.url == "http://localhost:11434/v1/chat/completions"
    assert gpt.url == "https://api.openai.com/v1/chat/completions"
    assert gpt.endpoint_type is EndpointType.OPENAI
    assert gpt.api_key is not None
    assert gpt.api_key.get_secret_value() == "sk-canary"
    (judge,) = config.judges
    assert (judge.label, judge.model, judge.protocol) == ("JudgeModel", "llama3", "openarena")
    (source,) = config.prompts
    assert (source.name, source.split, source.field, source.limit, source.description) == (
        "skunkworksAI/reasoning-0.01",
        "train",
        "instruction",
        10,
        "Hard",
    )
    assert (config.schedule.kind, config.schedule.swap) == ("round-robin", Swap.ONCE)
    assert (config.ranking.method, config.ranking.k, config.ranking.start) == ("elo", 32, 1000)


def test_openarena_without_an_address_means_the_local_ollama(tmp_path: Path) -> None:
    config = loaded(tmp_path, "judge_model: {model_id: j}\nmodels: [{model_id: a}, {model_id: b}]\n").config
    assert {endpoint.url for endpoint in (*config.models, *config.judges)} == {
        "http://localhost:11434/v1/chat/completions"
    }


def test_a_server_of_ones_own_never_gets_a_providers_usual_key(tmp_path: Path) -> None:
    config = loaded(
        tmp_path, "default_endpoint: {url: 'http://mine/api/chat'}\nmodels: [{model_id: a}]\n"
    ).config
    assert config.models[0].endpoint_type is EndpointType.VLLM
    assert config.models[0].url == "http://mine/api/chat"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("judge_model:\n  model: x\n", 2, "judge_model.model: unknown key; did you mean 'model_id'?"),
        ("judge_model:\n  name: x\n", 1, "judge_model.model_id: is missing"),
        ("judge_model: llama3\n", 1, "judge_model: expected a mapping (keys with values), got 'llama3'"),
        (
            "default_endpoint:\n  url: here\nmodels: [{model_id: a}]\n",
            2,
            "default_endpoint.url: 'here' is not an address",
        ),
        ("default_endpoint: {}\nmodel: []\n", 2, "model: unknown key; did you mean 'models'?"),
        ("default_endpoint: {}\ndatasets:\n - {name: a, limit: 0}\n", 3, "datasets.0.limit: 0 is too small"),
        ("default_endpoint: {}\ndatasets:\n - {split: a}\n", 3, "datasets.0.name: is missing"),
        ("default_endpoint: {}\nmodels:\n - {model_id: 7}\n", 3, "models.0.model_id: expected text, got 7"),
    ],
)
def test_a_mistake_in_an_openarena_file_is_told_in_its_keys(
    text: str, line: int, message: str, tmp_path: Path
) -> None:
    error = refused(tmp_path, text)
    assert error.line == line
    assert message in str(error)


EVALSCOPE = """\
model_id: Arena
datasets: [general_arena]
dataset_args:
  general_arena:
    system_prompt: Be fair.
    extra_params:
      models:
        - {name: qwen2.5-0.5b, report_path: outputs/1/reports/qwen2.5-0.5b-instruct}
        - {name: qwen2.5-7b, report_path: /data/outputs/1/reports/qwen2.5-7b-instruct}
      baseline: qwen2.5-7b
judge_model_args:
  model_id: qwen-plus
  api_url: https://dashscope.example/compatible-mode/v1
  api_key: sk-canary
  generation_config: {temperature: 0.0, max_tokens: 8000, n: 1}
judge_worker_num: 5
use_cache: outputs/x
"""


def test_evalscopes_arena_settings_load(tmp_path: Path) -> None:
    found = loaded(tmp_path, EVALSCOPE)
    config = found.config
    assert found.shape == "evalscope"
    small, large = config.models
    assert (small.label, small.endpoint_type) == ("qwen2.5-0.5b", EndpointType.RECORDED)
    assert small.path == tmp_path / "outputs/1/predictions/qwen2.5-0.5b-instruct"
    assert large.path == Path("/data/outputs/1/predictions/qwen2.5-7b-instruct")
    assert (config.schedule.kind, config.schedule.baseline) == ("baseline", "qwen2.5-7b")
    (judge,) = config.judges
    assert (judge.model, judge.base_url) == ("qwen-plus", "https://dashscope.example/compatible-mode/v1")
    assert (judge.temperature, judge.max_tokens, judge.concurrency) == (0.0, 8000, 5)
    assert (judge.system_prompt, judge.strong_weight) == ("Be fair.", 3)
    assert (config.schedule.swap, config.ranking.ci) == (Swap.BOTH_KEEP, "bootstrap")
    path = tmp_path / "c.yaml"
    assert found.warnings == (
        f"{path}: not used by Palestra: judge_model_args.generation_config.n",
        f"{path}: use_cache is not read: what was answered and judged before is in Palestra's own database, "
        "and is not asked for again",
        f"{path}: not used by Palestra: model_id",
    )


def test_evalscopes_own_parameters_load_without_the_task_around_them(tmp_path: Path) -> None:
    text = "models:\n - {name: a, report_path: r/a}\n - {name: b, report_path: r/b}\nbaseline: a\n"
    found = loaded(tmp_path, text)
    assert (found.shape, found.config.schedule.baseline, found.warnings) == ("evalscope", "a", ())


def test_an_inline_judge_template_of_evalscope_is_the_judges(tmp_path: Path) -> None:
    text = EVALSCOPE.replace(
        "system_prompt: Be fair.", "prompt_template: '{question}: {answer_1} {answer_2}'"
    )
    found = loaded(tmp_path, text)
    assert found.config.judges[0].template_text == "{question}: {answer_1} {answer_2}"
    assert not any("prompt_template" in warning for warning in found.warnings)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (EVALSCOPE.replace("baseline: qwen2.5-7b", "baseline: gpt"), 10, "baseline: no model is named 'gpt'"),
        (EVALSCOPE.replace("baseline:", "baselin:"), 10, "baselin: unknown key; did you mean 'baseline'?"),
        (EVALSCOPE.replace("  model_id: qwen-plus\n", ""), 11, "judge_model_args.model_id: is missing"),
        (
            EVALSCOPE.replace("temperature: 0.0", "temperature: hot"),
            15,
            "generation_config.temperature: expected a number",
        ),
        (
            EVALSCOPE.replace("judge_worker_num: 5", "judge_worker_num: 0"),
            16,
            "judge_worker_num: 0 is too small",
        ),
        ("models:\n - {name: a, report_path: 3}\n", 2, "models.0.report_path: expected a path, got 3"),
        ("models:\n - {report_path: r}\n", 2, "models.0.name: is missing"),
    ],
)
def test_a_mistake_in_evalscopes_settings_is_told_in_their_keys(
    text: str, line: int, message: str, tmp_path: Path
) -> None:
    error = refused(tmp_path, text)
    assert error.line == line
    assert message in str(error)


GPU_POOR = """\
import os
open("EXECUTED", "w").write("this file is read, not run")
APPROVED_MODELS = [
    ("llama3.2:1b-instruct-q8_0", "LLaMA 3.2 (1B, 8-bit)"),
    "qwen2.5:0.5b",
]
API_URL = os.environ.get("API_URL", "http://gpu:11434/v1")
API_KEY: str = os.environ.get("API_KEY")
example_prompts = ["Why is the sky blue?", "Write a " "poem."]
LEADERBOARD_FILE = "leaderboard.json"
def headers():
    return {"Authorization": API_KEY}
"""


def test_gpu_poors_config_is_read_and_never_executed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = loaded(tmp_path, GPU_POOR, "arena_config.py")
    assert found.shape == "gpu-poor"
    assert not (tmp_path / "EXECUTED").exists()
    first, second = found.config.models
    assert (first.model, first.label) == ("llama3.2:1b-instruct-q8_0", "LLaMA 3.2 (1B, 8-bit)")
    assert (second.model, second.label) == ("qwen2.5:0.5b", "qwen2.5:0.5b")
    assert {(model.endpoint_type, model.base_url) for model in (first, second)} == {
        ("ollama", "http://gpu:11434")
    }
    assert first.api_key_env == "API_KEY"
    assert found.config.serve.example_prompts == ("Why is the sky blue?", "Write a poem.")
    assert found.warnings == (f"{tmp_path / 'arena_config.py'}: not used by Palestra: LEADERBOARD_FILE",)


@pytest.mark.parametrize(
    ("address", "kind", "base_url", "url"),
    [
        ("None", "ollama", None, None),
        ("'http://h:11434/api/chat'", "ollama", "http://h:11434", None),
        ("'http://h/api/generate'", "ollama", "http://h", None),
        ("'http://h:8080/v1'", "vllm", "http://h:8080/v1", None),
        ("'https://openrouter.ai/api/v1'", "openrouter", "https://openrouter.ai/api/v1", None),
        ("'http://h:8080/v1/chat/completions'", "vllm", None, "http://h:8080/v1/chat/completions"),
        ("os.getenv('API_URL')", "ollama", "http://set:11434", None),
        ("os.environ['API_URL']", "ollama", "http://set:11434", None),
        ("os.environ.get('UNSET')", "ollama", None, None),
    ],
)
def test_gpu_poors_address(
    address: str, kind: str, base_url: str | None, url: str | None, tmp_path: Path
) -> None:
    text = f"import os\nAPPROVED_MODELS = ['m']\nAPI_URL = {address}\nAPI_KEY = 'sk-canary'\n"
    found = loaded(tmp_path, text, "c.py", env={"API_URL": "http://set:11434"})
    (model,) = found.config.models
    assert (model.endpoint_type, model.base_url, model.url) == (kind, base_url, url)
    assert model.api_key is not None
    assert any("UNSET is not set" in warning for warning in found.warnings) == ("UNSET" in address)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("APPROVED_MODELS = [\n", 1, "is not valid Python"),
        ("x = 1\n", None, "APPROVED_MODELS is missing"),
        ("import x\nAPPROVED_MODELS = [m for m in x.all]\n", 2, "APPROVED_MODELS: is computed"),
        ("APPROVED_MODELS = [\n 'a',\n get('b'),\n]\n", 3, "APPROVED_MODELS.1: is computed"),
        ("APPROVED_MODELS = 'a'\n", 1, "APPROVED_MODELS: expected a list, got 'a'"),
        ("APPROVED_MODELS = [\n 3]\n", 2, "APPROVED_MODELS.0: expected a model's name, or the pair"),
        ("APPROVED_MODELS = ['a']\nAPI_URL = 3\n", 2, "API_URL: expected an address in quotes, got 3"),
        ("APPROVED_MODELS = ['a']\nAPI_URL = 'http://['\n", 2, "API_URL: 'http://[' is not an address"),
        (
            "APPROVED_MODELS = ['a']\nexample_prompts = ['a', 3]\n",
            2,
            "example_prompts.1: expected text, got 3",
        ),
        ("APPROVED_MODELS = ['a', 'a']\n", 1, "APPROVED_MODELS.1.label: the label 'a' is used twice"),
        ("APPROVED_MODELS = ['\\ud800']\n", 1, "a character that is not allowed"),
        ("APPROVED_MODELS = " + "-" * 100_000 + "1\n", None, "is not valid Python"),
    ],
)
def test_a_mistake_in_gpu_poors_config_is_told_in_its_names(
    text: str, line: int | None, message: str, tmp_path: Path
) -> None:
    error = refused(tmp_path, text, "arena_config.py")
    assert line is None or error.line == line
    assert message in str(error)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (POTATO, "c.yaml"),
        (OPENARENA, "c.yaml"),
        (EVALSCOPE, "c.yaml"),
        (GPU_POOR.replace('os.environ.get("API_KEY")', '"sk-canary"'), "arena_config.py"),
    ],
)
def test_an_inline_key_is_used_and_never_written_or_shown(text: str, name: str, tmp_path: Path) -> None:
    found = loaded(tmp_path, text, name)
    keys = [endpoint.api_key for endpoint in (*found.config.models, *found.config.judges)]
    assert "sk-canary" in [key.get_secret_value() for key in keys if key is not None]
    for shown in (repr(found), str(found), dump_config(found.config), found.config.model_dump_json()):
        assert "sk-canary" not in shown


def test_a_file_of_another_shape_reads_back_from_what_is_written(tmp_path: Path) -> None:
    config = loaded(tmp_path, OPENARENA.replace('      api_key: "sk-canary"\n', "")).config
    assert loaded(tmp_path, dump_config(config), "written.yaml").config == config
