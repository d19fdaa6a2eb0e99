"""Whatever is done to a valid config, it loads or gives one of Palestra's own errors, and soon."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.configs import GOOD, config_data

from palestra.config.load import load_config
from palestra.config.schema import Config
from palestra.config.write import dump_config
from palestra.errors import PalestraError

if TYPE_CHECKING:
    from pathlib import Path

SHAPES = {
    "c.yaml": (
        GOOD,
        "arena: {enabled: true, models: [{endpoint_type: openai, model: m, ai_config: {timeout: 3}}]}\n",
        "judge_model: {model_id: j}\nmodels:\n- {name: a, model_id: b, endpoint: {url: http://h}}\n"
        "datasets:\n- {name: d, limit: 3}\n",
        "dataset_args:\n  general_arena:\n    extra_params:\n      models: [{name: a, report_path: r/a}]\n"
        "      baseline: a\njudge_model_args: {model_id: j, generation_config: {temperature: 0}}\n",
        "a: &a {x: 1}\nb: {<<: *a, y: [*a, *a]}\n",
    ),
    "arena_config.py": (
        "import os\nAPPROVED_MODELS = [('a', 'A (1B)'), 'b']\nAPI_URL = os.environ.get('X', 'http://h/v1')\n"
        "API_KEY = 'k'\nexample_prompts = ['p']\n",
    ),
}
STARTS = [(name, text.encode()) for name, texts in SHAPES.items() for text in texts]
PIECES = st.sampled_from(
    b"\n|  |\t|: |- |[|]|{|}|&a |*a|<<: *a|!!int |'|\"|>|#|?|---\n|%YAML 9.9\n|\x00|\xff|\xc3|null|-1|1e999|"
    b"yes|.nan|0x|99999999999999999999|\xe2\x80\xa8|\\|@|`|~|,|=|(".split(b"|")
)
FAST = settings(
    max_examples=500,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mutations")


def outcome(folder: Path, name: str, content: bytes) -> Config | PalestraError:
    """What comes of a file; anything but a config or an error of ours escapes."""
    path = folder / name
    path.write_bytes(content)
    started = time.monotonic()
    try:
        found: Config | PalestraError = load_config(path, env={}).config
    except PalestraError as error:
        found = error
    assert time.monotonic() - started < 5
    assert isinstance(found, Config) or (found.path == str(path) and found.message)
    return found


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, bytes]:
    """A valid file with pieces put in, taken out, doubled or moved."""
    name, content = draw(st.sampled_from(STARTS))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.integers(0, 12)))
        piece = draw(st.one_of(PIECES, st.binary(max_size=6), st.just(content[start:end] * 2)))
        content = content[:start] + piece + content[end:]
    return name, content


@FAST
@given(mutated())
def test_mutated_bytes_give_a_config_or_an_error_of_ours(folder: Path, file: tuple[str, bytes]) -> None:
    outcome(folder, *file)


ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(st.characters(codec="utf-8"), max_size=5),
    st.just([]),
    st.just({}),
    st.lists(st.integers(0, 3) | st.none(), max_size=3),
    st.dictionaries(st.sampled_from(["label", "model", "path", "x"]), st.integers() | st.none(), max_size=2),
)


def places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value inside."""
    found = [way]
    if isinstance(value, dict):
        for key, part in value.items():
            found += places(part, (*way, key))
    elif isinstance(value, list):
        for i, part in enumerate(value):
            found += places(part, (*way, i))
    return found


@st.composite
def restructured(draw: st.DrawFn) -> bytes:
    """A valid config, some values of which are replaced, taken out or given another key."""
    data: Any = draw(st.one_of(config_data(), st.sampled_from([yaml.safe_load(t) for t in SHAPES["c.yaml"]])))
    for _ in range(draw(st.integers(1, 3))):
        ways = [way for way in places(data) if way]
        if not ways:
            break
        way = draw(st.sampled_from(ways))
        holder = data
        for part in way[:-1]:
            holder = holder[part]
        match draw(st.sampled_from(["replace", "replace", "remove", "rename"])):
            case "replace":
                holder[way[-1]] = draw(ODD)
            case "remove":
                del holder[way[-1]]
            case "rename" if isinstance(holder, dict):
                holder[draw(st.sampled_from(["x", "modle", "", "label"]))] = holder.pop(way[-1])
    return yaml.safe_dump(data, allow_unicode=True).encode("utf-8", "surrogatepass")


@settings(FAST, max_examples=200)
@given(restructured())
def test_other_structures_give_a_config_or_an_error_of_ours(folder: Path, content: bytes) -> None:
    found = outcome(folder, "c.yaml", content)
    if isinstance(found, Config):
        assert outcome(folder, "written.yaml", dump_config(found).encode()) == found


@FAST
@given(st.text(max_size=30), st.text(max_size=30))
def test_any_override_gives_a_config_or_an_error_of_ours(folder: Path, key: str, value: str) -> None:
    path = folder / "good.yaml"
    path.write_text("models: [{endpoint_type: vllm, model: m}]\n")
    for override in (f"{key}={value}", f"models.0.{key}={value}", value):
        try:
            load_config(path, overrides=[override], env={})
        except PalestraError as error:
            message = str(error)
        else:
            message = "--set"
        assert "--set" in message or str(path) in message
