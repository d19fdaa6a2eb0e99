"""`kill -9` at any moment loses no paid work, and the resumed run ends as an undisturbed one."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import subprocess
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.behaviour import Behaviour, Reply
from tests.support.chat_server import chat_in_process
from tests.support.cli import clean_environment, command, palestra, write_config
from tests.support.recording_proxy import read_log, recording_proxy

if TYPE_CHECKING:
    from pathlib import Path

KILLS = 20
N_PROMPTS = 30
CALLS = N_PROMPTS * 2 + N_PROMPTS * 6 * 2
"""Two of the four models, and the judge on six pairs in both orders, are asked over HTTP."""
CONCURRENCY = 8
MOMENTS = {"latency_ms", "first_token_ms", "tstamp", "run_id", "started", "finished"}
PLAN = {
    "one": Behaviour(delay=0.02),
    "two": Behaviour(delay=0.05),
    "judge": Behaviour(reply=Reply.VERDICT, delay=0.03),
}


def arena(folder: Path, url: str) -> Path:
    """A config with recorded, scripted and served models."""
    folder.mkdir()
    questions = [f"Question number {number}?" for number in range(N_PROMPTS)]
    (folder / "prompts.jsonl").write_text("".join(json.dumps({"query": q}) + "\n" for q in questions))
    recorded = [{"query": q, "response": f"An answer of old to {q}"} for q in questions]
    (folder / "recorded.jsonl").write_text("".join(json.dumps(row) + "\n" for row in recorded))
    served = {"endpoint_type": "openai", "base_url": f"{url}/v1"}
    return write_config(
        folder / "arena.yaml",
        {
            "arena": {"name": "arena"},
            "models": [
                {"label": "recorded", "endpoint_type": "recorded", "path": "recorded.jsonl"},
                {"label": "scripted", "endpoint_type": "scripted", "script": {"echo": True, "delay_ms": 10}},
                {**served, "model": "one"},
                {**served, "model": "two"},
            ],
            "judges": [{**served, "model": "judge"}],
            "prompts": [{"path": "prompts.jsonl"}],
            "concurrency": CONCURRENCY,
        },
    )


@pytest.mark.slow
def test_kill_at_twenty_moments_then_resume(tmp_path: Path) -> None:
    rng = random.Random(20)
    folder, log = tmp_path / "arena", tmp_path / "requests.jsonl"
    with chat_in_process(PLAN) as chat, recording_proxy(chat.url, log) as proxy:
        config = arena(folder, proxy)
        palestra("run", config, "-q", cwd=folder)
        assert len(read_log(log)) == CALLS
        undisturbed = _artifacts(folder / "runs" / "arena")
        shutil.rmtree(folder)
        log.unlink()

        arena(folder, proxy)
        kept: list[dict[str, tuple[Any, ...]]] = []
        for number in range(KILLS):
            _run_and_kill(config, folder, log, rng, by_time=number % 4 == 3)
            kept.append(_stored(folder / "palestra.db"))

        before = len(read_log(log))
        missing = CALLS - _served(kept[-1])
        assert 0 < missing < CALLS, "the kills should leave something of the run to do"
        palestra("run", config, "-q", cwd=folder)
        requests = [request.hash for request in read_log(log)]
        assert len(requests) - before == missing, "exactly what was not stored is asked for"
        assert len(set(requests)) == CALLS, "a call that is repeated is the same to the byte"
        assert len(requests) - CALLS <= KILLS * CONCURRENCY, "only calls under way are lost"

        palestra("run", config, "-q", cwd=folder)
        assert len(read_log(log)) == len(requests), "a finished run asks for nothing"

    final = _stored(folder / "palestra.db")
    for rows in kept:
        assert rows.items() <= final.items(), "a stored row is kept as it was"
    assert _artifacts(folder / "runs" / "arena") == undisturbed


def _run_and_kill(config: Path, folder: Path, log: Path, rng: random.Random, *, by_time: bool) -> None:
    """Start a run, and kill it after some requests or after some time."""
    target = len(read_log(log)) + rng.randrange(1, 25)
    deadline = time.monotonic() + (rng.uniform(0.0, 2.5) if by_time else 30.0)
    process = subprocess.Popen(command("run", config, "-q"), cwd=folder, env=clean_environment())
    while time.monotonic() < deadline and (by_time or len(read_log(log)) < target):
        assert process.poll() is None, "the run ended before it was killed"
        time.sleep(rng.uniform(0.001, 0.02))
    process.kill()
    process.wait()


def _stored(database: Path) -> dict[str, tuple[Any, ...]]:
    """Key → the whole row, as another process finds it after the kill."""
    if not database.exists():
        return {}
    copy = database.with_name("copy.db")
    for suffix in ("", "-wal"):
        source = database.with_name(database.name + suffix)
        target = copy.with_name(copy.name + suffix)
        target.unlink(missing_ok=True)
        if source.exists():
            shutil.copy(source, target)
    rows: dict[str, tuple[Any, ...]] = {}
    with closing(sqlite3.connect(copy)) as connection:
        for table in ("responses", "verdicts"):
            exists = connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone()
            found = connection.execute(f"SELECT * FROM {table}").fetchall() if exists else []
            rows |= {row[0]: (table, *row) for row in found}
    return rows


def _served(rows: dict[str, tuple[Any, ...]]) -> int:
    """How many of the rows came over HTTP."""
    return sum(row[0] == "verdicts" or row[3] in ("one", "two") for row in rows.values())


def _artifacts(folder: Path) -> dict[str, Any]:
    """Every file's content, without moments."""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    return {path.name: _timeless(path) for path in files}


def _timeless(path: Path) -> Any:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".jsonl":
        return [_without_moments(json.loads(line)) for line in text.splitlines()]
    if path.name == "manifest.json":
        return _without_moments(json.loads(text))
    return None if path.name == "report.html" else text


def _without_moments(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in MOMENTS}
