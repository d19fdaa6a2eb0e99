"""The servers under load, each a process of its own with a fresh database."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from tests.support import ports

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MODELS = ("ant", "bee", "cat", "dog")
START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Answers:
    """What the scripted models say."""

    words: int
    seconds: float
    """From the first word to the last."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers."""

    url: str
    pid: int
    database: Path

    def cpu(self) -> float:
        """Seconds of processor time that it has used, all threads."""
        stat = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def palestra(folder: Path, answers: Answers) -> Iterator[Running]:
    """`palestra serve` with scripted models, and without limits by the minute."""
    config, database = folder / "arena.yaml", folder / "arena.db"
    config.write_text(yaml.safe_dump(arena_config(answers)), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "palestra",
        "serve",
        str(config),
        "--port",
        "0",
        "--db",
        str(database),
    ]
    with _running(command, folder) as process:
        yield Running(_announced(process, folder / "log"), process.pid, database)


def arena_config(answers: Answers) -> dict[str, object]:
    """The arena as a config file says it."""
    models = [
        {
            "label": label,
            "endpoint_type": "scripted",
            "script": {
                "reply": " ".join(f"word{number}" for number in range(answers.words)),
                "delay_ms": 1000 * answers.seconds,
            },
        }
        for label in MODELS
    ]
    return {
        "arena": {"name": "load"},
        "models": models,
        "serve": {"votes_per_minute": 0, "battles_per_minute": 0, "admin_api_key": "of a benchmark"},
    }


@contextmanager
def gradio(python: Path, folder: Path, answers: Answers) -> Iterator[Running]:
    """The Gradio arena, run by the Python that has Gradio."""
    script, database = Path(__file__).with_name("gradio_arena.py"), folder / "votes.db"
    port = ports.free_port()
    command = [str(python), str(script), str(database), str(port), str(answers.seconds), str(answers.words)]
    url = f"http://{ports.HOST}:{port}"
    with _running(command, folder) as process:
        if not ports.wait_until(lambda: ports.answers(f"{url}/config"), START_SECONDS, 0.2):
            raise RuntimeError(f"the Gradio arena did not start: {(folder / 'log').read_text()}")
        yield Running(url, process.pid, database)


def stored(server: Running, names: Sequence[str]) -> int:
    """How many of the votes that were acknowledged the database holds."""
    with sqlite3.connect(server.database) as opened:
        tables = {name for (name,) in opened.execute("SELECT name FROM sqlite_master")}
        if "battles" not in tables:
            (found,) = opened.execute("SELECT count(*) FROM votes").fetchone()
            return int(found)
        both = "SELECT v.matchup_id FROM votes v JOIN battles b ON b.matchup_id = v.matchup_id"
        kept = {name for (name,) in opened.execute(both)}
    return sum(name in kept for name in names)


@contextmanager
def _running(command: Sequence[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    env = os.environ | {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1", "PYTHONUNBUFFERED": "1"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=folder, env=env)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _announced(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if found := re.search(r" is at (http://\S+)", log.read_text(encoding="utf-8")):
            return found[1]
        time.sleep(0.05)
    raise RuntimeError(f"the arena did not start: {log.read_text(encoding='utf-8')}")
