"""`palestra init` writes a config that is valid as it stands, and never overwrites unasked."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from tests.support import rawhttp
from tests.support.cli import palestra
from tests.support.ports import free_port

from palestra.cli.init import find_local_models
from palestra.config.load import load_config
from palestra.config.starter import MOST_LISTED, LocalModel, starter_config

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.rawhttp import Connection, Request

NOWHERE = {"OLLAMA_HOST": f"127.0.0.1:{free_port()}"}


@contextmanager
def ollama_saying(body: Any) -> Iterator[str]:
    """A server whose every reply is `body`."""

    async def handle(request: Request, connection: Connection) -> None:
        await connection.json(body if request.path == "/api/tags" else {"error": "only /api/tags"})

    with rawhttp.in_thread(handle) as url:
        yield url


def tags(*models: tuple[str, str, str]) -> dict[str, Any]:
    """Ollama's reply to `GET /api/tags`: name, family and size of each model."""
    return {
        "models": [
            {"name": name, "model": name, "size": 1, "details": {"family": family, "parameter_size": size}}
            for name, family, size in models
        ]
    }


def test_the_config_is_valid_as_it_stands_and_commented(tmp_path: Path) -> None:
    done = palestra("init", cwd=tmp_path, env=NOWHERE)
    path = tmp_path / "palestra.yaml"
    loaded = load_config(path, env={})
    assert loaded.warnings == ()
    assert loaded.config.models == ()
    assert loaded.config.prompts[0].path == tmp_path / "prompts.jsonl"
    assert path.read_text().count("#") > 15
    assert "no local Ollama found" in done.stdout
    assert "Next: palestra check palestra.yaml" in done.stdout


def test_the_prompts_beside_it_load_with_references(tmp_path: Path) -> None:
    palestra("init", cwd=tmp_path, env=NOWHERE)
    done = palestra("check", "palestra.yaml", "--offline", cwd=tmp_path)
    assert "Prompts: 5 (prompts 5), 5 with a reference answer" in done.stdout
    assert "A run needs two models" in done.stdout


def test_every_commented_model_is_valid_when_its_mark_is_taken_away(tmp_path: Path) -> None:
    text = starter_config([], "prompts.jsonl").replace("  # - ", "  - ")
    path = tmp_path / "c.yaml"
    path.write_text(text)
    config = load_config(path, env={}).config
    assert len(config.models) == 6
    assert len(config.judges) == 2
    assert len(config.prompts) == 2


def test_local_ollama_models_are_listed(tmp_path: Path) -> None:
    found = tags(
        ("qwen2.5:0.5b", "qwen2", "494.03M"), ("llama3.2:latest", "llama", "3.2B"), ("n", "nomic-bert", "1B")
    )
    with ollama_saying(found) as url:
        done = palestra("init", "my.yaml", cwd=tmp_path, env={"OLLAMA_HOST": url})
    models = load_config(tmp_path / "my.yaml", env={}).config.models
    assert [(m.label, m.endpoint_type, m.size_b, m.base_url) for m in models] == [
        ("llama3.2:latest", "ollama", 3.2, url),
        ("qwen2.5:0.5b", "ollama", 0.49403, url),
    ]
    assert "2 local Ollama models found" in done.stdout
    assert "Open" not in done.stdout


def test_ollamas_address_may_come_from_dot_env(tmp_path: Path) -> None:
    with ollama_saying(tags(("m", "llama", "1B"))) as url:
        (tmp_path / ".env").write_text(f"OLLAMA_HOST={url.removeprefix('http://')}\n")
        palestra("init", cwd=tmp_path)
    assert load_config(tmp_path / "palestra.yaml", env={}).config.models[0].base_url == url


@pytest.mark.parametrize(
    "body", [{"models": None}, {"models": 3}, [], "hello", {}, {"models": [{"name": 3}]}]
)
def test_a_server_that_is_no_ollama_has_no_models(body: Any) -> None:
    with ollama_saying(body) as url:
        assert list(find_local_models(url)) == []


@pytest.mark.parametrize("host", ["127.0.0.1:1", "http://[", "http://no such host", "localhost:notaport"])
def test_an_address_without_an_ollama_has_no_models(host: str) -> None:
    assert list(find_local_models(host)) == []


def test_a_name_that_could_break_the_file_is_left_out() -> None:
    with ollama_saying(tags(("a\nb", "llama", "1B"), ('q"}, x: {', "llama", "?"))) as url:
        (model,) = find_local_models(url)
    assert model.name == 'q"}, x: {'
    assert model.size_b is None


def test_odd_names_are_quoted_and_too_many_models_are_commented_out(tmp_path: Path) -> None:
    local = [LocalModel(f'm{i}: "#') for i in range(MOST_LISTED + 2)]
    path = tmp_path / "c.yaml"
    path.write_text(starter_config(local, "p q.jsonl"))
    config = load_config(path, env={}).config
    assert [model.model for model in config.models] == [model.name for model in local[:MOST_LISTED]]
    assert config.prompts[0].path == tmp_path / "p q.jsonl"
    assert json.dumps(local[-1].name) in path.read_text()


def test_a_file_that_is_there_is_kept_without_force(tmp_path: Path) -> None:
    (tmp_path / "palestra.yaml").write_text("seed: 1\n")
    (tmp_path / "prompts.jsonl").write_text("mine\n")
    done = palestra("init", cwd=tmp_path, env=NOWHERE, code=2)
    assert "palestra.yaml: is there already" in done.stderr
    assert "--force" in done.stderr
    assert (tmp_path / "palestra.yaml").read_text() == "seed: 1\n"
    palestra("init", "--force", cwd=tmp_path, env=NOWHERE)
    assert "models:" in (tmp_path / "palestra.yaml").read_text()
    assert (tmp_path / "prompts.jsonl").read_text() == "mine\n"


@pytest.mark.parametrize("path", [".", "no/such/folder/c.yaml"])
def test_a_place_that_cannot_be_written_is_one_clear_error(path: str, tmp_path: Path) -> None:
    done = palestra("init", path, cwd=tmp_path, env=NOWHERE, code=2)
    assert done.stderr.startswith(f"Error: {path}: ")
    assert "Traceback" not in done.stderr
