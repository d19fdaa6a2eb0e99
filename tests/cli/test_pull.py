"""`palestra run --pull` fetches what an Ollama lacks; without it, the command that helps is told."""

from __future__ import annotations

import json
import signal
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.behaviour import Behaviour, Reply
from tests.support.cli import clean_environment, command, palestra, rows, write_config
from tests.support.fronts import fronts_app
from tests.support.serve import serve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastapi import FastAPI
    from tests.support.chat_server import ChatServer


@pytest.fixture
def front(chat: ChatServer) -> FastAPI:
    """An Ollama that has only one of two models."""
    return fronts_app(chat.openai_url, unpulled=["big"])


@pytest.fixture
def config(tmp_path: Path, chat: ChatServer, front: FastAPI) -> Iterator[Path]:
    """An arena of the two."""
    chat.behave({"small": Behaviour(), "big": Behaviour(), "judge": Behaviour(reply=Reply.VERDICT)})
    (tmp_path / "prompts.jsonl").write_text(json.dumps({"query": "Why?"}) + "\n")
    with serve(front) as url:
        ollama: dict[str, Any] = {"endpoint_type": "ollama", "base_url": url}
        yield write_config(
            tmp_path / "arena.yaml",
            {
                "models": [{**ollama, "model": "small"}, {**ollama, "model": "big"}],
                "judges": [{"endpoint_type": "openai", "model": "judge", "base_url": chat.openai_url}],
                "prompts": [{"path": "prompts.jsonl"}],
            },
        )


def test_a_missing_model_stops_the_run_before_any_call_and_pull_fetches_it(
    config: Path, chat: ChatServer, front: FastAPI
) -> None:
    folder = config.parent
    refused = palestra("run", config, cwd=folder, code=5)
    assert "has no model big" in refused.stderr
    assert "`palestra run --pull` fetches it first; so would `ollama pull big`" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert chat.log()["total"] == 0

    done = palestra("run", config, "--pull", cwd=folder)
    lines = [line for line in done.stderr.splitlines() if line.startswith("pulling big: ")]
    assert lines[0] == "pulling big: pulling manifest"
    assert "pulling big: pulling 50 % of 3.0 GB" in lines
    assert lines[-1] == "pulling big: success 100 % of 3.0 GB"
    answers = rows(folder / "runs" / "arena" / "responses.jsonl")
    assert [(row["model"], row["failure"]) for row in answers] == [("small", None), ("big", None)]

    front.state.unpulled.add("big")
    front.state.pulled.clear()
    again = palestra("run", config, "-q", cwd=folder)
    assert "0 calls made, 4 answers and verdicts were already there" in again.stdout, "it needs no model"


def test_ctrl_c_stops_a_pull_and_says_that_it_goes_on(config: Path, chat: ChatServer) -> None:
    config.write_text(config.read_text().replace("model: big", "model: endless"))
    with subprocess.Popen(
        command("run", config, "--pull"),
        cwd=config.parent,
        env=clean_environment(PYTHONUNBUFFERED="1"),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        said = ""
        while "pulling endless: pulling 0 %" not in said:
            line = process.stderr.readline()
            assert line, said
            said += line
        process.send_signal(signal.SIGINT)
        said += process.stderr.read()
    assert process.returncode == 130, said
    assert said.endswith("Stopped. What was fetched is kept: run it again and it goes on.\n")
    assert "Traceback" not in said
    assert chat.log()["total"] == 0


def test_check_tells_the_command_that_helps(config: Path) -> None:
    done = palestra("check", config, cwd=config.parent, code=5)
    assert "1 of 3 endpoints cannot be used" in done.stderr
    assert "`ollama pull big`" in done.stderr
