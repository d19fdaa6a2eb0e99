"""`palestra check` says whether a config is right, what a run takes, and which endpoint does not answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.behaviour import Behaviour, Fault
from tests.support.cli import palestra, write_config
from tests.support.ports import free_port

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.chat_server import ChatServer


def prompts(folder: Path, count: int = 4) -> str:
    rows = [{"query": f"Question {i}?", **({"response": "Yes."} if i else {})} for i in range(count)]
    (folder / "p.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return "p.jsonl"


def arena(folder: Path, *addresses: str, **more: Any) -> Path:
    """A config with a model for each address, of OpenAI's shape, and a judge like the first."""
    models = [
        {"label": f"M{i}", "endpoint_type": "vllm", "model": f"m{i}", "base_url": address, "retries": 0}
        for i, address in enumerate(addresses)
    ]
    judge = {**models[0], "label": "J"}
    return write_config(
        folder / "c.yaml",
        {"models": models, "judges": [judge], "prompts": [{"path": prompts(folder)}], **more},
    )


def test_it_says_what_a_run_takes_before_it_reaches_each_endpoint_once(
    chat: ChatServer, tmp_path: Path
) -> None:
    arena(tmp_path, chat.openai_url, chat.openai_url)
    done = palestra("check", "c.yaml", cwd=tmp_path)
    lines = done.stdout.splitlines()
    assert lines[0] == "c.yaml: valid: 2 models, 1 judge, 1 source of prompts"
    assert lines[1] == "Prompts: 4 (p 4), 3 with a reference answer"
    assert lines[2] == "A run takes 8 answers and 8 verdicts: 16 calls."
    assert lines[3] == "Reaching 3 endpoints with 3 tiny calls …"
    assert [line.split(": ")[0] for line in lines[4:]] == [
        "  ok      M0 (vllm m0)",
        "  ok      M1 (vllm m1)",
        "  ok      J (vllm m0)",
    ]
    assert chat.log()["total"] == 3
    assert all(request["body"].get("max_tokens", 99) <= 16 for request in chat.requests())


def test_offline_calls_nobody(chat: ChatServer, tmp_path: Path) -> None:
    arena(tmp_path, chat.openai_url, chat.openai_url)
    done = palestra("check", "c.yaml", "--offline", cwd=tmp_path)
    assert "16 calls" in done.stdout
    assert chat.log()["total"] == 0


def test_an_endpoint_that_does_not_answer_is_named_with_the_reason(chat: ChatServer, tmp_path: Path) -> None:
    chat.behave({"m1": Behaviour(faults=(Fault.UNAUTHORIZED,), for_good=True)})
    arena(tmp_path, chat.openai_url, chat.openai_url, f"http://127.0.0.1:{free_port()}/v1")
    done = palestra("check", "c.yaml", cwd=tmp_path, code=5)
    assert "  ok      M0 (vllm m0): " in done.stdout
    assert "  failed  M1 (vllm m1): auth: " in done.stdout
    assert "  failed  M2 (vllm m2): other: connection failed" in done.stdout
    assert done.stderr == "Error: 2 of 4 endpoints cannot be used\n"


def test_a_missing_key_fails_that_endpoint_and_not_the_counting(tmp_path: Path) -> None:
    models = [{"endpoint_type": "openai", "model": "gpt"}, {"endpoint_type": "anthropic", "model": "claude"}]
    write_config(
        tmp_path / "c.yaml",
        {"models": models, "judges": [{"metric": "rougeL"}], "prompts": [{"path": prompts(tmp_path)}]},
    )
    done = palestra("check", "c.yaml", cwd=tmp_path, code=5)
    assert "A run takes 8 answers and 8 verdicts: 8 calls (8 need none)." in done.stdout
    assert "OPENAI_API_KEY" in done.stdout
    assert "ANTHROPIC_API_KEY" in done.stdout
    palestra("check", "c.yaml", "--offline", cwd=tmp_path)


@pytest.mark.parametrize(
    ("schedule", "answers", "verdicts"),
    [
        ({"swap": "once"}, 12, 12),
        ({"swap": "both-keep", "repeats": 2}, 24, 48),
        ({"kind": "baseline", "baseline": "M1"}, 12, 16),
        ({"kind": "sampled", "per_pair": 4, "swap": "once"}, 12, 12),
    ],
)
def test_the_calls_follow_from_the_schedule(
    schedule: dict[str, Any], answers: int, verdicts: int, tmp_path: Path
) -> None:
    arena(tmp_path, *["http://localhost:1/v1"] * 3, schedule=schedule)
    done = palestra("check", "c.yaml", "--offline", cwd=tmp_path)
    assert f"A run takes {answers} answers and {verdicts} verdicts" in done.stdout


def test_a_multi_turn_prompt_takes_a_call_per_turn(tmp_path: Path) -> None:
    arena(tmp_path, "http://localhost:1/v1", "http://localhost:1/v1")
    (tmp_path / "p.jsonl").write_text('{"turns": ["One?", "Two?"]}\n{"query": "Three?"}\n')
    done = palestra("check", "c.yaml", "--offline", cwd=tmp_path)
    assert "1 of several turns" in done.stdout
    assert "A run takes 6 answers and 4 verdicts" in done.stdout


def test_recorded_answers_and_judges_need_no_endpoint(tmp_path: Path) -> None:
    prompts(tmp_path)
    (tmp_path / "a.jsonl").write_text('{"question_id": "1", "model": "a", "text": "x"}\n')
    (tmp_path / "b.jsonl").write_text('{"question_id": "1", "model": "b", "text": "x"}\n')
    models = [{"endpoint_type": "recorded", "path": f"{name}.jsonl"} for name in "ab"]
    write_config(
        tmp_path / "c.yaml",
        {"models": models, "judges": [{"metric": "rougeL"}], "prompts": [{"path": "p.jsonl"}]},
    )
    done = palestra("check", "c.yaml", cwd=tmp_path)
    assert "0 calls (16 need none)" in done.stdout
    assert "There is no endpoint to reach" in done.stdout


def test_hub_datasets_are_not_read_offline(tmp_path: Path) -> None:
    arena(tmp_path, "http://localhost:1/v1", "http://localhost:1/v1", prompts=[{"name": "some/data"}])
    done = palestra("check", "c.yaml", "--offline", cwd=tmp_path)
    assert "some/data is on the Hugging Face hub and not read offline" in done.stdout
    assert "A run takes" not in done.stdout


def test_a_prompt_file_that_is_not_there_is_a_data_error(tmp_path: Path) -> None:
    arena(tmp_path, "http://localhost:1/v1", "http://localhost:1/v1", prompts=[{"path": "none.jsonl"}])
    done = palestra("check", "c.yaml", "--offline", cwd=tmp_path, code=4)
    assert str(tmp_path / "none.jsonl") in done.stderr
    assert "Traceback" not in done.stderr


def test_a_judge_template_that_is_not_there_is_a_config_error(tmp_path: Path) -> None:
    arena(tmp_path, "http://localhost:1/v1", "http://localhost:1/v1")
    done = palestra("check", "c.yaml", "--offline", "--set", "judges.0.template=t.txt", cwd=tmp_path, code=3)
    assert str(tmp_path / "t.txt") in done.stderr


def test_warnings_about_another_arenas_file_are_printed(tmp_path: Path) -> None:
    (tmp_path / "potato.yaml").write_text("task: x\narena: {models: [{endpoint_type: vllm, model: m}]}\n")
    done = palestra("check", "potato.yaml", "--offline", cwd=tmp_path)
    assert done.stderr == "Warning: potato.yaml: not used by Palestra: task\n"
    assert "valid, read as Potato's arena block: 1 model, 0 judges, 0 sources of prompts" in done.stdout
    assert "A run needs two models, a judge and prompts, which this config does not name." in done.stdout


def test_a_key_is_never_printed(chat: ChatServer, tmp_path: Path) -> None:
    chat.behave(Behaviour(faults=(Fault.UNAUTHORIZED,), for_good=True))
    arena(tmp_path, chat.openai_url, chat.openai_url)
    done = palestra("check", "c.yaml", cwd=tmp_path, env={"VLLM_API_KEY": "sk-canary"}, code=5)
    assert chat.requests()[0]["headers"]["authorization"] == "Bearer sk-canary"
    assert "sk-canary" not in done.stdout + done.stderr


def test_it_says_whom_a_judge_leaves_unjudged(tmp_path: Path) -> None:
    """A judge does not judge its own family unless told; nobody is surprised by that in a run."""
    (tmp_path / "p.jsonl").write_text('{"query": "2 + 2?"}\n')
    names = ("gpt-4o", "llama3.2", "qwen3")
    config = {
        "models": [{"endpoint_type": "openai", "model": name} for name in names],
        "judges": [{"label": "J", "endpoint_type": "openai", "model": "gpt-4.1"}],
        "prompts": [{"path": "p.jsonl"}],
    }
    write_config(tmp_path / "c.yaml", config)
    said = palestra("check", "c.yaml", "--offline", cwd=tmp_path).stdout
    assert "it leaves 2 of 3 matchups unjudged" in said
    assert "2 verdicts" in said
