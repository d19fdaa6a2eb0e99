"""Configs that cannot be used: one clear message each, which names the place."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support.cli import palestra
from tests.support.configs import GOOD

from palestra.config.endpoint import EndpointType
from palestra.config.load import environment, load_config
from palestra.config.schema import Config
from palestra.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

OPENAI = "models:\n  - endpoint_type: openai\n    model: m\n"
BOMB = "a: &a [1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 8)}]\n"
    for before, name in zip("abcdefg", "bcdefgh", strict=True)
)

BAD: dict[str, tuple[str | bytes, int | None, str]] = {
    "unknown key": ("seeed: 1\n", 1, "seeed: unknown key; did you mean 'seed'?"),
    "unknown key, nothing near": (
        "qqq: 1\n",
        1,
        "qqq: unknown key; known: arena, concurrency, judges, models",
    ),
    "unknown key of a model": (
        OPENAI + "    temprature: 1\n",
        4,
        "models.0.temprature: unknown key; did you mean 'temperature'?",
    ),
    "too small": (
        OPENAI + "    temperature: -1\n",
        4,
        "models.0.temperature: -1 is too small, expected at least 0",
    ),
    "not more than": ("concurrency: 0\n", 1, "concurrency: 0 is too small, expected more than 0"),
    "too large": ("serve:\n  port: 70000\n", 2, "serve.port: 70000 is too large, expected at most 65535"),
    "a number as text": (OPENAI + '    temperature: "0.7"\n', 4, "temperature: expected a number, got '0.7'"),
    "a whole number as text": ("seed: '7'\n", 1, "seed: expected a whole number, got '7'"),
    "a fraction": ("seed: 1.5\n", 1, "seed: expected a whole number, got 1.5"),
    "a boolean for a number": (
        OPENAI + "    retries: yes\n",
        4,
        "retries: expected a whole number, got true",
    ),
    "text for a boolean": (
        "judges:\n  - {metric: bleu, soft: 'no'}\n",
        2,
        "soft: expected true or false, got 'no'",
    ),
    "a boolean for text": (
        OPENAI + "    label: no\n",
        4,
        "label: expected text, got false; put it in quotes",
    ),
    "a number for text": (
        "models:\n  - {endpoint_type: openai, model: 4}\n",
        2,
        "models.0.model: expected text, got 4",
    ),
    "a text for a list": (OPENAI + "    stop: END\n", 4, "models.0.stop: expected a list, got 'END'"),
    "a mapping for a list": ("models: {a: 1}\n", 1, "models: expected a list, got a mapping"),
    "a text for a mapping": ("schedule: round-robin\n", 1, "schedule: expected a mapping"),
    "an empty entry": ("models:\n  -\n", 2, "models.0: is empty; expected a mapping"),
    "not one of": ("schedule:\n  swap: twice\n", 2, "'twice' is not one of once, both-combine, both-keep"),
    "nearly one of": (
        "models:\n  - model: m\n    endpoint_type: opena\n",
        3,
        "endpoint_type: 'opena' is not one of openai, anthropic, gemini, ollama, vllm, openrouter, "
        "huggingface, bedrock, recorded, scripted; did you mean 'openai'?",
    ),
    "not infinite": (OPENAI + "    temperature: .inf\n", 4, "temperature: inf is not a finite number"),
    "a huge number": (f"seed: {10**30}\n", 1, "seed: the number is too large"),
    "missing endpoint type": ("models:\n  - model: m\n", 2, "models.0.endpoint_type: is missing"),
    "missing model": ("models:\n  - endpoint_type: openai\n", 2, "endpoint_type openai needs `model`"),
    "missing file": (
        "models:\n  - endpoint_type: recorded\n",
        2,
        "models.0: endpoint_type recorded needs `path`",
    ),
    "a judge of no kind": ("judges:\n  - model: m\n", 2, "judges.0: a judge needs `endpoint_type`"),
    "a duplicate label": (
        OPENAI + "  - endpoint_type: vllm\n    model: x\n    label: m\n",
        6,
        "models.1.label: the label 'm' is used twice; give each its own `label`",
    ),
    "a baseline that is not there": (
        OPENAI + "schedule:\n  kind: baseline\n  baseline: x\n",
        6,
        "schedule.baseline: no model is labelled 'x'; there are: m",
    ),
    "no baseline": ("schedule:\n  kind: baseline\n", 1, "schedule: kind baseline needs `baseline`"),
    "no per_pair": ("schedule: {kind: sampled}\n", 1, "schedule: kind sampled needs `per_pair`"),
    "an anchor that is not there": (
        OPENAI + "ranking:\n  anchor: {x: 1000}\n",
        5,
        "ranking.anchor: no model is labelled",
    ),
    "two anchors": ("ranking:\n  anchor: {x: 1, y: 2}\n", 2, "ranking.anchor: give exactly one model"),
    "an empty path": ("prompts:\n  - path: ''\n", 2, "prompts.0.path: must not be empty"),
    "two places for prompts": ("prompts:\n  - {path: a, name: b}\n", 2, "prompts.0: give either `path`"),
    "no address": (
        OPENAI + "    base_url: localhost:80\n",
        4,
        "'localhost:80' is not an address such as http",
    ),
    "a password in an address": (
        OPENAI + "    url: http://u:p@h\n",
        4,
        "an address holds no user or password",
    ),
    "a name that leads elsewhere": (
        "arena:\n  name: ../up\n",
        2,
        "arena.name: '../up' cannot be the name of a folder",
    ),
    "an empty name": ("arena: {name: ''}\n", 1, "arena.name: must not be empty"),
    "a key given twice": ("seed: 1\npanel: mean\nseed: 2\n", 3, "seed: is given twice, first on line 1"),
    "a key that is no text": ("models: []\n1: x\n", 2, "the key '1' is not text; put it in quotes"),
    "a key that YAML takes for true": ("on: x\n", 1, "the key 'on' is not text; put it in quotes"),
    "a key that is a list": ("? [a]\n: b\n", 1, "the key 'a list' is not text"),
    "tabs": ("models:\n\t- x\n", 2, "YAML indents with spaces, not tabs"),
    "bad YAML": ("models: [\n  {model: a\n", 3, "is not valid YAML: expected"),
    "wrong indentation": ("models:\n  - model: a\n   label: b\n", 3, "is not valid YAML"),
    "a colon in text": ("arena: {}\nseed: 1: 2\n", 2, "text with a colon and a space in it needs quotes"),
    "an alias of nothing": ("seed: *x\n", 1, "is not valid YAML: found undefined alias 'x'"),
    "an alias of itself": ("models: &a\n  - *a\n", 1, "models.0: an alias refers to what it is part of"),
    "a merge with itself": ("arena: &a {<<: *a}\n", 1, "an alias refers to what it is part of"),
    "aliases that multiply": (BOMB, None, "holds more than 100000 values once its aliases are written out"),
    "nested too deeply": ("models: " + "[" * 3000, 1, "is nested too deeply"),
    "a tag": (
        "seed: !!python/object/apply:os.system [ls]\n",
        1,
        "seed: the tag !!python/object/apply:os.system",
    ),
    "a tag that does not fit": ("seed: !!int x\n", 1, "seed: 'x' is not a whole number"),
    "two documents": ("seed: 1\n---\nseed: 2\n", 2, "a config is one YAML document"),
    "half a surrogate pair": ('arena: {name: "\\ud800"}\n', 1, "a character that is not allowed"),
    "a control character": ("seed: 1\narena: \x07\n", 2, "the character U+0007 is not allowed"),
    "empty": ("", None, "is empty"),
    "only comments": ("# nothing\n\n", None, "is empty"),
    "a list at the top": ("- a\n", 1, "holds a list where a mapping was expected"),
    "one word": ("hello\n", 1, "holds one value where a mapping was expected"),
    "not UTF-8": (b"seed: 1\narena: {name: caf\xe9}\n", 2, "is not UTF-8 text (byte 0xe9)"),
    "UTF-16": ("seed: 1\n".encode("utf-16"), 1, "is not UTF-8 text"),
    "binary": (b"PAR1\x00\x01\x15\x00", 1, "the character U+0000 is not allowed"),
    "much too large": (b"#" * 2_000_001, None, "is larger than 2 MB; is it a config?"),
}


def refused(path: Path, **options: object) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load_config(path, env={}, **options)  # type: ignore[arg-type]
    return caught.value


@pytest.mark.parametrize("name", BAD)
def test_an_error_names_file_line_and_key(name: str, tmp_path: Path) -> None:
    content, line, message = BAD[name]
    path = tmp_path / "arena.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    error = refused(path)
    assert error.path == str(path)
    assert line is None or error.line == line
    assert message in str(error)
    assert str(error).startswith(f"{path}:{error.line}: " if error.line else f"{path}: ")
    assert "pydantic" not in str(error)
    assert "input should" not in str(error).lower()


def test_there_are_at_least_twenty_bad_configs() -> None:
    assert len(BAD) >= 20


def test_every_problem_is_listed_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("seed: x\nconcurrency: 0\nschedule: {kid: baseline}\n")
    said = str(refused(path))
    assert f"{path}:1: seed: expected a whole number, got 'x'" in said
    assert f"{path}:2: concurrency: 0 is too small, expected more than 0" in said
    assert f"{path}:3: schedule.kid: unknown key; did you mean 'kind'?" in said


def test_many_problems_are_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("".join(f"x{i}: 1\n" for i in range(50)))
    lines = str(refused(path)).splitlines()
    assert len(lines) == 22
    assert lines[-1] == "  … and 29 more"


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert "is a folder; a config is a YAML file" in str(refused(tmp_path))


@contextmanager
def as_somebody_else() -> Iterator[None]:
    """Root may read everything, so be nobody for a moment."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_file_without_permission_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "arena.yaml"
    path.write_text("seed: 1")
    path.chmod(0)
    with as_somebody_else():
        assert "may not be read: permission denied" in str(refused(path, cwd=Path("/")))


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("models: {a: 1\nb: 3\n", 2, "got ':', in what begins on line 1"),
        ('a: "x\nb: 3\n', 3, "unexpected end of stream, in what begins on line 1"),
        ("a: [1, 2]]\n", 1, "expected <block end>, but found ']'"),
        ("a: &x 1\nb: &x 2\n", 2, "found duplicate anchor 'x', named before"),
    ],
)
def test_what_is_not_closed_is_named_with_its_line(text: str, line: int, words: str, tmp_path: Path) -> None:
    path = tmp_path / "arena.yaml"
    path.write_text(text)
    error = refused(path)
    assert error.line == line
    assert error.message.endswith(words)


def test_a_path_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    path = folder / "arena.yaml"
    path.write_text("seed: 1\nprompts: [{path: p.jsonl}]\n")
    error = refused(path)
    assert (error.line, error.key) == (2, "prompts.0.path")
    assert "is not UTF-8 text" in error.message


def test_a_missing_folder_and_an_endless_file_are_refused(tmp_path: Path) -> None:
    assert "there is no such file" in str(refused(tmp_path / "a" / "b.yaml"))
    assert "is larger than 2 MB" in str(refused(Path("/dev/zero")))
    assert "cannot be read: File name too long" in str(refused(tmp_path / ("a" * 300)))
    assert "cannot be read: embedded null byte" in str(refused(Path("a\0b")))


def test_the_config_of_the_guide_loads(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(GOOD)
    loaded = load_config(path, env={})
    assert loaded.shape == "palestra"
    assert loaded.warnings == ()
    assert [model.label for model in loaded.config.models] == ["GPT-4o", "Llama"]
    assert loaded.config.models[0].price is not None
    assert loaded.config.judges[0].endpoint_type is EndpointType.ANTHROPIC
    assert loaded.config.ranking.anchor is None


def test_relative_paths_start_from_the_files_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "deep").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/someone")
    Path("deep/c.yaml").write_text(
        "models: [{endpoint_type: recorded, path: a.jsonl}]\n"
        "judges: [{endpoint_type: recorded, path: ../v.jsonl, template: t.txt}]\n"
        "prompts: [{path: /p.jsonl}, {path: ~/q.jsonl}]\n"
    )
    config = load_config(Path("deep/c.yaml"), env={}).config
    assert config.models[0].path == tmp_path / "deep" / "a.jsonl"
    assert config.judges[0].path == tmp_path / "v.jsonl"
    assert config.judges[0].template == tmp_path / "deep" / "t.txt"
    assert [source.path for source in config.prompts] == [Path("/p.jsonl"), Path("/home/someone/q.jsonl")]


def test_anchors_and_merge_keys_work_and_own_keys_win(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(
        "models:\n"
        "  - &base {label: a, endpoint_type: openai, model: m, temperature: 0.5}\n"
        "  - {<<: *base, label: b}\n"
        "  - {<<: [{temperature: 1}, *base], label: c}\n"
    )
    models = load_config(path, env={}).config.models
    assert [(m.label, m.model, m.temperature) for m in models] == [
        ("a", "m", 0.5),
        ("b", "m", 0.5),
        ("c", "m", 1.0),
    ]


def test_an_error_in_a_merged_value_names_the_line_where_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(
        "models:\n"
        "  - &base\n"
        "    endpoint_type: openai\n"
        "    model: m\n"
        "    timeout: -1\n"
        "  - <<: *base\n"
        "    label: b\n"
    )
    error = refused(path)
    assert (error.line, error.key) == (5, "models.0.timeout")
    assert f"{path}:5: models.1.timeout" in str(error)


def test_a_section_left_empty_counts_as_left_out(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("models:\n  # - {endpoint_type: openai, model: m}\njudges:\nserve:\n")
    assert load_config(path, env={}).config == Config()


def test_exponents_are_numbers_and_dates_are_text(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(OPENAI + "    temperature: 1e-3\n    label: 2024-01-01\n")
    model = load_config(path, env={}).config.models[0]
    assert (model.temperature, model.label) == (0.001, "2024-01-01")


def test_a_byte_order_mark_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(b"\xef\xbb\xbfseed: 5\n")
    assert load_config(path, env={}).config.seed == 5


def test_a_wrong_api_key_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(OPENAI + "    api_key: 123456789\n")
    assert "123456789" not in str(refused(path))


def test_dot_env_is_read_and_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("PALESTRA_X=file\nPALESTRA_Y='two words'\nexport PALESTRA_Z=1\nBARE\n")
    monkeypatch.setenv("PALESTRA_X", "process")
    found = environment(tmp_path)
    assert found["PALESTRA_X"] == "process"
    assert found["PALESTRA_Y"] == "two words"
    assert found["PALESTRA_Z"] == "1"
    assert "BARE" not in found
    assert "PALESTRA_Y" not in os.environ


def test_without_dot_env_the_environment_is_all_there_is(tmp_path: Path) -> None:
    assert environment(tmp_path) == dict(os.environ)


def test_a_dot_env_that_is_not_utf8_is_a_config_error(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"A=\xff\n")
    with pytest.raises(ConfigError, match="not UTF-8"):
        environment(tmp_path)


def test_overrides_win_over_the_file(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(GOOD)
    overrides = [
        "models.0.temperature=0.2",
        "models.1.extra_body={num_ctx: 4096}",
        "models.1.extra_body.keep_alive=5m",
        "schedule.swap=once",
        "panel=",
        "prompts=[{path: other.jsonl}]",
        "prompts.1.path=more.jsonl",
        "ranking.anchor.Llama=1000",
        "seed=1",
        "seed=7",
    ]
    config = load_config(path, overrides=overrides, env={}, cwd=Path("/somewhere")).config
    assert config.models[0].temperature == 0.2
    assert config.models[1].extra_body == {"num_ctx": 4096, "keep_alive": "5m"}
    assert config.schedule.swap == "once"
    assert config.panel is None
    assert [source.path for source in config.prompts] == [
        Path("/somewhere/other.jsonl"),
        Path("/somewhere/more.jsonl"),
    ]
    assert config.ranking.anchor == {"Llama": 1000.0}
    assert config.seed == 7


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("sed=7", "--set: sed: unknown key; did you mean 'seed'?"),
        ("models.0.temperature=-1", "--set: models.0.temperature: -1 is too small, expected at least 0"),
        ("models.7.label=x", "--set: models.7.label: '7': expected a position from 0 to 2"),
        ("models.first.label=x", "--set: models.first.label: 'first': expected a position from 0 to 2"),
        ("seed.x=1", "--set: seed.x: there is no 'x' in it"),
        ("seed=[1", "--set: seed: is not valid YAML"),
        ("seed='7'", "--set: seed: expected a whole number, got '7'"),
        ("models.0.label=Llama", "models.1.label: the label 'Llama' is used twice"),
        (".".join("a" * 40) + "=1", "has more than 30 parts"),
        ("models=[[[" + "[" * 100, "is nested too deeply"),
    ],
)
def test_a_bad_override_names_the_flag(override: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(GOOD)
    assert message in str(refused(path, overrides=[override]))


@pytest.mark.parametrize("override", ["seed", "=7", "", "  =7", "seed=\udcff"])
def test_an_override_without_key_and_value_is_a_usage_error(override: str, tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(GOOD)
    with pytest.raises(UsageError, match="--set") as caught:
        load_config(path, overrides=[override], env={})
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    "name", ["unknown key of a model", "tabs", "not UTF-8", "aliases that multiply", "empty"]
)
def test_the_command_ends_with_exit_code_3_and_no_traceback(name: str, tmp_path: Path) -> None:
    content, _, message = BAD[name]
    (tmp_path / "c.yaml").write_bytes(content if isinstance(content, bytes) else content.encode())
    done = palestra("check", "c.yaml", "--offline", cwd=tmp_path, code=3)
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
