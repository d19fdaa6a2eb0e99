"""Processes that run `palestra …` without importing everything again: forked from one that has.

Most of a short command's time is importing, and the tests run hundreds. A nursery imports once what
commands import, and forks itself for each command. The fork has its own folder, environment, files and exit,
as a new process has.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import subprocess
import sys
import tempfile
import threading
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from tests.support.require import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_IMPORTED = (
    "anthropic",
    "duckdb",
    "google.genai",
    "ollama",
    "openai",
    "palestra.cli._logging",
    "palestra.cli._running",
    "palestra.cli._serving",
    "palestra.cli.app",
    "palestra.config.load",
    "palestra.interchange.battles",
    "palestra.interchange.rank",
    "palestra.judges.protocols",
    "palestra.judges.registry",
    "palestra.models.openai_chat",
    "palestra.models.providers",
    "palestra.models.registry",
    "palestra.prompts.load",
    "palestra.report.html",
    "palestra.run.estimate",
    "palestra.run.pipeline",
    "palestra.run.plan",
    "palestra.run.pull",
    "palestra.run.summary",
    "palestra.run.whole",
    "palestra.server.run",
    "palestra.store.database",
    "pydantic_ai.direct",
    "pydantic_ai.models.anthropic",
    "pydantic_ai.models.google",
    "pydantic_ai.models.openai",
)


class Nursery:
    """One such process. A command that comes while another runs is not taken."""

    def __init__(self) -> None:
        program = [sys.executable, "-W", "error", "-c", "from tests.support.nursery import serve; serve()"]
        self._process = subprocess.Popen(
            program,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._busy = threading.Lock()

    def run(
        self, arguments: Sequence[str], cwd: Path, env: Mapping[str, str], stdin: str | None, timeout: float
    ) -> subprocess.CompletedProcess[str] | None:
        """The ended command; None if the nursery is busy."""
        if not self._busy.acquire(blocking=False):
            return None
        try:
            with tempfile.TemporaryDirectory(prefix="palestra-test-") as folder:
                return self._run(Path(folder), arguments, cwd, env, stdin, timeout)
        finally:
            self._busy.release()

    def _run(
        self,
        folder: Path,
        arguments: Sequence[str],
        cwd: Path,
        env: Mapping[str, str],
        stdin: str | None,
        timeout: float,
    ) -> subprocess.CompletedProcess[str]:
        files = [folder / name for name in ("in", "out", "err")]
        files[0].write_text(stdin or "", encoding="utf-8", newline="")
        wish = {
            "arguments": list(arguments),
            "cwd": str(cwd),
            "env": dict(env),
            "files": [os.devnull if stdin is None else str(files[0]), *map(str, files[1:])],
            "timeout": timeout,
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(wish) + "\n")
        self._process.stdin.flush()
        code = json.loads(self._process.stdout.readline())
        if code is None:
            raise subprocess.TimeoutExpired(["palestra", *arguments], timeout)
        out, err = (path.read_bytes().decode("utf-8") for path in files[1:])
        return subprocess.CompletedProcess(["palestra", *arguments], code, out, err)


@cache
def nursery() -> Nursery:
    """This process's, begun when it is first asked for; it ends when this process closes its pipe."""
    return Nursery()


def serve() -> None:
    """Fork for each line of standard input, and answer each with the exit code."""
    for name in _IMPORTED:
        import_module(name)
    gc.freeze()
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    for line in sys.stdin:
        wish = json.loads(line)
        child = os.fork()
        if child == 0:
            replies.close()
            _become(wish)
            _live()
        replies.write(json.dumps(_ended(child, wish["timeout"])) + "\n")
        replies.flush()
    os._exit(0)  # its parent has gone: there is nothing to tidy


def _live() -> NoReturn:
    """Run the command and exit as Python does, without taking apart what was imported, which takes long."""
    from palestra.__main__ import main

    code: object = 0
    try:
        main()
    except SystemExit as exit_:
        code = exit_.code
    except BaseException:  # noqa: BLE001 - as Python: whatever it is ends the process, told by its traceback
        sys.excepthook(*sys.exc_info())
        code = 1
    if not isinstance(code, int | None):
        print(code, file=sys.stderr)
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code or 0)


def _ended(child: int, timeout: float) -> int | None:
    """The exit code, negative for a signal; None if it took too long."""
    alarm = threading.Timer(timeout, os.kill, (child, 9))
    alarm.start()
    _, status = os.waitpid(child, 0)
    in_time = alarm.is_alive()
    alarm.cancel()
    alarm.join()
    return os.waitstatus_to_exitcode(status) if in_time else None


def _become(wish: Mapping[str, Any]) -> None:
    """The process that a new `python -m palestra …` would be."""
    os.chdir(wish["cwd"])
    os.environ.clear()
    os.environ.update(wish["env"])
    flags = (os.O_RDONLY, os.O_WRONLY | os.O_CREAT, os.O_WRONLY | os.O_CREAT)
    for number, (path, flag) in enumerate(zip(wish["files"], flags, strict=True)):
        file = os.open(path, flag, 0o600)
        os.dup2(file, number)
        os.close(file)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - as long as the process
    sys.argv = ["palestra", *wish["arguments"]]
