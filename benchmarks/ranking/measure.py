"""Fresh processes: their time, their memory, their result, and the limit that they are held to."""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).resolve().parents[2]
LONG = 30.0
"""Seconds; whatever takes so long is measured once."""
LONGISH = 5.0
"""Seconds; whatever takes so long is measured three times at most."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended."""

    code: int
    seconds: float
    """From before its start to after its end."""
    peak_mb: float
    """The most memory that it, or the largest of the processes it waited for, had at once."""
    output: str
    complaint: str
    """The last line of standard error."""
    over: bool
    """It was ended because it reached the limit."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement."""

    load: float
    run: float
    peak_mb: float
    ratings: Mapping[str, float] = field(default_factory=dict)

    @property
    def total(self) -> float:
        return self.load + self.run


@dataclass(frozen=True, slots=True)
class Measured:
    """All measurements of one thing, or why there are none."""

    samples: tuple[Sample, ...] = ()
    reason: str | None = None

    def median(self, what: str) -> float | None:
        """Of `total`, `run` or `peak_mb`."""
        if self.reason is not None or not self.samples:
            return None
        values: list[float] = [getattr(sample, what) for sample in self.samples]
        return statistics.median(values)

    def enough(self, most: int) -> bool:
        """Whether it need not be measured again."""
        if self.reason is not None:
            return True
        slowest = max((sample.total for sample in self.samples), default=0.0)
        wanted = 1 if slowest > LONG else min(3, most) if slowest > LONGISH else most
        return len(self.samples) >= wanted

    def plus(self, found: Sample | str) -> Measured:
        """With one more; a reason takes the place of everything before."""
        if isinstance(found, str):
            return Measured(reason=found)
        return Measured((*self.samples, found))


def run(command: Sequence[str], limit: float, env: Mapping[str, str] | None = None) -> Ended:
    """Run a command and end it, with all that it started, when the limit (seconds) is reached."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began = time.perf_counter()
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            cwd=ROOT,
            env={**os.environ, **(env or {})},
            start_new_session=True,
        )
        over = threading.Event()

        def end() -> None:
            over.set()
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

        timer = threading.Timer(limit, end)
        timer.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            end()
            os.waitpid(process.pid, 0)
            raise
        finally:
            timer.cancel()
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        return Ended(
            code=process.returncode,
            seconds=seconds,
            peak_mb=usage.ru_maxrss * 1024 / 1e6,
            output=_text(out),
            complaint=_text(err).strip().rpartition("\n")[2],
            over=over.is_set() and process.returncode < 0,
        )


def _text(file: Any) -> str:
    file.seek(0)
    text: bytes = file.read()
    return text.decode("utf-8", errors="replace")


def whole(command: Sequence[str], limit: float, env: Mapping[str, str] | None = None) -> Sample | str:
    """One run of a command as a whole, from its start to its end."""
    ended = run(command, limit, env)
    failed = _failure(ended, limit)
    return failed or Sample(load=0.0, run=ended.seconds, peak_mb=ended.peak_mb)


def task(
    name: str, path: Path, small: Path, limit: float, env: Mapping[str, str] | None = None
) -> Sample | str:
    """One task in a fresh process; what comes before its call, one on a small file too, is not measured."""
    with tempfile.TemporaryDirectory(prefix="palestra-bench-") as folder:
        result = Path(folder) / "result.json"
        command = [sys.executable, "-m", "benchmarks.ranking.child", name, str(path), str(result)]
        command.append(str(small))
        ended = run(command, limit, env)
        failed = _failure(ended, limit)
        if failed:
            return failed
        found = json.loads(result.read_text(encoding="utf-8"))
    if "reason" in found:
        return str(found["reason"])
    return Sample(found["load"], found["run"], ended.peak_mb, found["ratings"])


def _failure(ended: Ended, limit: float) -> str | None:
    if ended.over:
        return f"over {limit:g} s"
    if ended.code == 0:
        return None
    how = f"ended by signal {-ended.code}" if ended.code < 0 else f"exit code {ended.code}"
    return f"{how}: {ended.complaint}" if ended.complaint else how


def warm(path: Path) -> None:
    """Bring a file into the file cache."""
    with path.open("rb") as file:
        while file.read(1 << 22):
            pass
