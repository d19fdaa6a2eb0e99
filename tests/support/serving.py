"""`palestra serve` as a process of its own."""

from __future__ import annotations

import signal
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.support.cli import clean_environment, command

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Server:
    """A `palestra serve` process."""

    def __init__(self, process: subprocess.Popen[str], lines: list[str]) -> None:
        self.process = process
        self.lines = lines
        self.url = lines[0].split(" is at ")[1].split()[0]

    def end(self, number: int = signal.SIGINT) -> tuple[int, str]:
        """The exit code, and what it said to standard error."""
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=20)
        return self.process.returncode, errors


@contextmanager
def serving(folder: Path, *arguments: str | Path, n_lines: int = 2, **env: str) -> Iterator[Server]:
    process = subprocess.Popen(
        command("serve", "--port", "0", *arguments),
        cwd=folder,
        env=clean_environment(PYTHONUNBUFFERED="1", **env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(n_lines)]
        if not lines[0]:
            raise AssertionError(process.communicate()[1])
        yield Server(process, lines)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()
