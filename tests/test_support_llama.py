"""Tiny models on a real llama-server, alone and behind the fronts."""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
import os
from collections import Counter
from typing import TYPE_CHECKING, Any

import anthropic
import google.genai
import httpx2
import numpy as np
import ollama
import pytest
from tests.support import require
from tests.support.gguf import write_corpus
from tests.support.llama import CORPORA, GRADER, JUDGE, llama_running

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.llama import Llama

ASK = [{"role": "user", "content": "Which is better?"}]


def sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_same_arguments_write_the_same_bytes(tmp_path: Path) -> None:
    for n in (1, 2):
        (tmp_path / str(n)).mkdir()
        write_corpus(tmp_path / str(n) / "corpus.gguf", {"yes indeed": 2, "no": 1})
    assert sha(tmp_path / "1" / "corpus.gguf") == sha(tmp_path / "2" / "corpus.gguf")


def test_another_corpus_writes_another_small_model(tmp_path: Path) -> None:
    write_corpus(tmp_path / "one.gguf", {"yes": 1})
    write_corpus(tmp_path / "two.gguf", {"no": 1})
    assert (tmp_path / "one.gguf").stat().st_size < 1_000_000
    assert sha(tmp_path / "one.gguf") != sha(tmp_path / "two.gguf")


def test_the_head_holds_the_logarithm_of_the_odds(tmp_path: Path) -> None:
    """Read back from the file: the state after the assistant's mark gives 3/4 and 1/4."""
    from gguf import GGUFReader

    write_corpus(tmp_path / "m.gguf", {"yes": 3, "no": 1})
    reader = GGUFReader(tmp_path / "m.gguf")
    tensors = {tensor.name: tensor.data for tensor in reader.tensors}
    state = tensors["token_embd.weight"][3 + 256 + 2]
    state = state / np.sqrt((state**2).mean()) * tensors["output_norm.weight"]
    logits = tensors["output.weight"] @ state
    top = np.argsort(logits)[::-1]
    assert np.exp(logits[top[:2]]) == pytest.approx([0.75, 0.25])
    assert np.exp(logits[top[2]]) < 1e-30


async def ask(client: httpx2.AsyncClient, model: str, seed: int) -> dict[str, Any]:
    reply = await client.post("chat/completions", json={"model": model, "messages": ASK, "seed": seed})
    reply.raise_for_status()
    data: dict[str, Any] = reply.json()
    return data


async def sampled(url: str, model: str, count: int) -> Counter[str]:
    """What the model says to seeds 0, 1, …, with eight calls at once."""
    async with httpx2.AsyncClient(base_url=url, timeout=60) as client:
        limit = asyncio.Semaphore(8)

        async def one(seed: int) -> str:
            async with limit:
                text: str = (await ask(client, model, seed))["choices"][0]["message"]["content"]
                return text

        return Counter(await asyncio.gather(*(one(seed) for seed in range(count))))


async def test_the_judges_odds_come_back(llama: Llama) -> None:
    """A chi-square test with 4 degrees of freedom: 18.47 is exceeded once in a thousand."""
    total = 500
    counts = await sampled(llama.openai_url, llama.judge, total)
    said = {text.rpartition(" ")[2]: n for text, n in counts.items()}
    assert set(said) <= set(llama.odds)
    chi_square = sum((said.get(label, 0) - total * p) ** 2 / (total * p) for label, p in llama.odds.items())
    assert math.isclose(sum(llama.odds.values()), 1)
    assert chi_square < 18.47


async def test_answer_models_write_differently_and_their_seed_decides(llama: Llama) -> None:
    async with httpx2.AsyncClient(base_url=llama.openai_url, timeout=60) as client:
        texts = {m: (await ask(client, m, 1))["choices"][0]["message"]["content"] for m in llama.answers}
        again = {m: (await ask(client, m, 1))["choices"][0]["message"]["content"] for m in llama.answers}
    assert len(set(texts.values())) == 4
    assert all(texts.values())
    assert {m: texts[m] for m in CORPORA} == {m: again[m] for m in CORPORA}


async def test_it_speaks_anthropic_too(llama: Llama) -> None:
    async with anthropic.AsyncAnthropic(base_url=llama.url, api_key="k") as client:
        reply = await client.messages.create(
            model=JUDGE, max_tokens=50, messages=[{"role": "user", "content": "?"}]
        )
    text = "".join(block.text for block in reply.content if block.type == "text")
    assert text.rpartition(" ")[2] in llama.odds
    assert reply.stop_reason == "end_turn"
    assert reply.usage.output_tokens > 0


@pytest.mark.parametrize("version", ["v1beta", "v1"])
async def test_the_gemini_front(llama: Llama, fronts: str, version: str) -> None:
    client = google.genai.Client(api_key="k", http_options={"base_url": fronts, "api_version": version})
    config = {"seed": 3, "max_output_tokens": 4, "system_instruction": "Be short."}
    whole = await client.aio.models.generate_content(model="moor", contents="hi", config=config)  # type: ignore[arg-type]
    chunks = [
        chunk
        async for chunk in await client.aio.models.generate_content_stream(
            model=llama.judge, contents="hi", config={"seed": 3}
        )
    ]
    with pytest.raises(google.genai.errors.APIError) as caught:
        await client.aio.models.generate_content(model="nobody", contents="hi")
    await client.aio.aclose()
    client.close()

    assert whole.candidates is not None
    assert whole.candidates[0].finish_reason == "MAX_TOKENS"
    assert whole.usage_metadata is not None
    assert whole.usage_metadata.candidates_token_count == 4
    assert "".join(chunk.text or "" for chunk in chunks).rpartition(" ")[2] in llama.odds
    assert len([chunk for chunk in chunks if chunk.text]) > 1
    assert caught.value.code in (400, 404)


async def test_the_ollama_front(llama: Llama, fronts: str) -> None:
    client = ollama.AsyncClient(host=fronts)
    messages = [{"role": "user", "content": "hi"}]
    cut = await client.chat("moor", messages, options={"seed": 3, "num_predict": 4})
    parts = [part async for part in await client.chat(llama.judge, messages, stream=True)]
    with pytest.raises(ollama.ResponseError):
        await client.chat("nobody", messages)
    before = [model.model for model in (await client.list()).models]
    progress = [line.status async for line in await client.pull("new:1b", stream=True)]
    after = [model.model for model in (await client.list()).models]
    with pytest.raises(ollama.ResponseError, match="does not exist"):
        await client.pull("missing:1b")
    await client._client.aclose()

    assert (cut.done_reason, cut.eval_count) == ("length", 4)
    assert "".join(part.message.content or "" for part in parts).rpartition(" ")[2] in llama.odds
    assert [part.done for part in parts[-2:]] == [False, True]
    assert set(before) == {*llama.answers, llama.judge, GRADER}
    assert progress[0] == "pulling manifest"
    assert progress[-1] == "success"
    assert set(after) - set(before) == {"new:1b"}


def test_a_server_that_cannot_start_shows_its_log(tmp_path: Path) -> None:
    program = tmp_path / "llama-server"
    program.write_text("#!/bin/sh\necho 'no such CPU' >&2\nexit 3\n")
    program.chmod(0o755)
    with (
        pytest.raises(RuntimeError, match=r"did not start:(?s:.)*no such CPU"),
        llama_running(program, tmp_path / "work"),
    ):
        pytest.fail("it started")


@pytest.mark.slow
def test_nothing_is_left_running(tmp_path: Path) -> None:
    """The server starts a process per model; all end with it."""
    with llama_running(require.llama_server(), tmp_path) as server:
        assert json.loads(httpx2.get(f"{server.url}/health").content)["status"] == "ok"
        assert len(processes_about(tmp_path)) >= 5
    assert processes_about(tmp_path) == []


def processes_about(folder: Path) -> list[str]:
    """Command lines of this machine's processes that name `folder`."""
    lines = []
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                with open(f"/proc/{entry.name}/cmdline", "rb") as file:
                    line = file.read().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if str(folder) in line:
                lines.append(line)
    return lines
