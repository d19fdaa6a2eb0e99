"""A key is used and never shown: not in logs, artifacts, the database, errors or the report."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.support.behaviour import Behaviour, Fault, Reply
from tests.support.cli import palestra, write_config

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.chat_server import ChatServer

VARIABLES = (
    "OPENAI_API_KEY",
    "ANTHROPIC_API_KEY",
    "GEMINI_API_KEY",
    "OPENROUTER_API_KEY",
    "HF_TOKEN",
    "OLLAMA_API_KEY",
    "VLLM_API_KEY",
    "MY_OWN_KEY",
)
CANARIES = {name: f"canary-{name.lower().replace('_', '')}-4f1d" for name in VARIABLES}
INLINE = "canary-inline-9b2e"
TYPES = ("openai", "anthropic", "gemini", "openrouter", "huggingface", "ollama", "vllm")


@pytest.mark.slow
@pytest.mark.parametrize("fault", [None, Fault.UNAUTHORIZED, Fault.GARBAGE, Fault.NOTHING])
def test_no_key_is_shown_anywhere(fault: Fault | None, chat: ChatServer, tmp_path: Path) -> None:
    faults = () if fault is None else (fault,)
    answering = Behaviour(faults=faults, for_good=True)
    chat.behave({"*": answering, "judge": Behaviour(reply=Reply.VERDICT, faults=faults, for_good=True)})
    (tmp_path / "prompts.jsonl").write_text(json.dumps({"query": "Why?"}) + "\n")
    (tmp_path / ".env").write_text(f"VLLM_API_KEY={CANARIES['VLLM_API_KEY']}\n")
    shared = {"retries": 0, "timeout": 5.0}
    openai_like = ("openai", "openrouter", "huggingface", "vllm")
    models = [
        {
            **shared,
            "endpoint_type": kind,
            "model": f"model-{kind}",
            "base_url": f"{chat.url}/v1" if kind in openai_like else chat.url,
        }
        for kind in TYPES
    ]
    url = f"{chat.url}/v1/chat/completions"
    models.append({**shared, "endpoint_type": "openai", "model": "inline", "url": url, "api_key": INLINE})
    models.append({**shared, "endpoint_type": "openai", "model": "named", "base_url": f"{chat.url}/v1"})
    models[-1]["api_key_env"] = "MY_OWN_KEY"
    config = write_config(
        tmp_path / "arena.yaml",
        {
            "arena": {"name": "arena"},
            "models": models,
            "judges": [{**shared, "endpoint_type": "openai", "model": "judge", "base_url": f"{chat.url}/v1"}],
            "prompts": [{"path": "prompts.jsonl"}],
        },
    )
    env = {name: value for name, value in CANARIES.items() if name != "VLLM_API_KEY"}
    said = []
    for command, *options in (("check",), ("run", "--dry-run"), ("run", "--debug")):
        done = palestra(command, config, *options, cwd=tmp_path, env=env, code=None)
        assert done.returncode in (0, 5), done.stderr
        said.append(done.stdout + done.stderr)

    sent = json.dumps(chat.requests())
    for canary in (*CANARIES.values(), INLINE):
        assert canary in sent, f"{canary} should have reached its server"
        assert all(canary not in text for text in said)
        for path in tmp_path.rglob("*"):
            if path.is_file() and path.name not in (".env", "arena.yaml"):
                assert canary.encode() not in path.read_bytes(), path
