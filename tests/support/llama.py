"""One real llama-server that serves four tiny answer models and a judge with known odds."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support import ports
from tests.support.gguf import write_corpus
from tests.support.vocabulary import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

JUDGE = "judge"
ODDS: Mapping[str, float] = {
    "[[A>>B]]": 0.3,
    "[[A>B]]": 0.25,
    "[[A=B]]": 0.2,
    "[[B>A]]": 0.15,
    "[[B>>A]]": 0.1,
}
"""How often the judge gives each label, whatever it is shown."""
GRADER = "grader"
"""A judge that gives scores. It is loaded when it is first asked; `load` does that beforehand."""


def sentences(seed: int) -> dict[str, float]:
    """Lines of words without sense: a model made of them seldom says the same twice."""
    rng = random.Random(seed)
    return {" ".join([*rng.choices(WORDS, k=9), "."]): 1.0 for _ in range(40)}


CORPORA: Mapping[str, Mapping[str, float]] = {
    "brook": {
        "The short answer is yes and the long answer is below .": 3,
        "First we count the cases and then we add them .": 2,
        "In short the claim holds for every even number .": 1,
        "A river finds the sea and so does this proof .": 1,
    },
    "heath": {
        "It depends on what you mean by best .": 2,
        "There are **two** ways and the second is `faster` .": 2,
        "I would begin with the simple case .": 1,
    },
    "moor": sentences(1),
    "strand": sentences(2),
}
"""What each answer model was made of. No answer is empty."""
NEUTRAL = {"--temp": "1", "--top-p": "1", "--top-k": "0", "--min-p": "0", "--repeat-penalty": "1"}
"""Sampling that leaves the model's own distribution as it is."""
START_SECONDS = 60.0


@dataclass(frozen=True)
class Llama:
    """A running llama-server."""

    url: str
    """The bare host, which the Anthropic wire shape wants."""
    answers: tuple[str, ...]
    """The models that answer; no two write alike."""
    judge: str
    odds: Mapping[str, float]
    """Label → probability; they sum to 1."""
    log: Path

    @property
    def openai_url(self) -> str:
        """The base URL of the OpenAI wire shape."""
        return f"{self.url}/v1"


def write_models(folder: Path) -> None:
    """Write every model's file into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in CORPORA.items():
        write_corpus(folder / f"{name}.gguf", lines)
    write_corpus(folder / f"{JUDGE}.gguf", {f"My verdict is {label}": p for label, p in ODDS.items()})
    grades = {f"Explanation: so.\nScore-A: {a}\nScore-B: {b}": 1.0 for a in (3, 6, 9) for b in (4, 6, 8)}
    write_corpus(folder / f"{GRADER}.gguf", grades, by_word=False)


@contextmanager
def llama_running(program: Path, folder: Path, *, slots: int = 4) -> Iterator[Llama]:
    """Serve the models in `folder`, each ready to answer; `slots` calls at once per model."""
    models = folder / "models"
    write_models(models)
    served = ["--models-dir", str(models), "--models-max", "0"]
    process, url = _start(program, served, folder / "llama.log", slots)
    try:
        names = tuple(CORPORA)
        for name in (*names, JUDGE):
            _first_answer(url, name, folder / "llama.log")
        yield Llama(url, names, JUDGE, ODDS, folder / "llama.log")
    finally:
        _stop(process)


@contextmanager
def serving(program: Path, model: Path, log: Path) -> Iterator[str]:
    """Serve one model of your own; gives the bare host."""
    process, url = _start(program, ["-m", str(model)], log, slots=1)
    try:
        yield url
    finally:
        _stop(process)


def _start(program: Path, models: list[str], log: Path, slots: int) -> tuple[subprocess.Popen[bytes], str]:
    """Start the server; another program may take the port first, so try a few."""
    for _ in range(3):
        port = ports.free_port()
        url = f"http://{ports.HOST}:{port}"
        command = [str(program), *models]
        command += ["--host", ports.HOST, "--port", str(port), "--offline", "--no-ui", "--no-warmup"]
        command += ["-c", str(8192 * slots), "-np", str(slots), "-t", "1", "--cache-ram", "0"]
        command += [part for option in NEUTRAL.items() for part in option]
        with log.open("ab") as sink:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, start_new_session=True
            )
        ports.wait_until(
            lambda: process.poll() is not None or ports.answers(f"{url}/health"),  # noqa: B023
            START_SECONDS,
        )
        if process.poll() is None and ports.answers(f"{url}/health"):
            return process, url
        _stop(process)
    raise RuntimeError(f"llama-server did not start:\n{_tail(log)}")


def _first_answer(url: str, model: str, log: Path) -> None:
    """Have the model loaded, so that no test pays for it."""
    body = {"model": model, "max_tokens": 1, "messages": [{"role": "user", "content": "hello"}]}
    request = urllib.request.Request(
        f"{url}/v1/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=START_SECONDS) as reply:
            reply.read()
    except OSError as error:
        raise RuntimeError(f"llama-server does not serve {model}: {error}\n{_tail(log)}") from error


def load(llama: Llama, model: str) -> None:
    """Have a model loaded that is not from the start, so that no call waits for that."""
    _first_answer(llama.url, model, llama.log)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the server and the processes it started for its models."""
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(timeout=10)
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _tail(log: Path, lines: int = 30) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
