"""One scenario at one arena: start it, have the voters vote, look into its database."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.web import servers
from benchmarks.web.load import Load, Seen

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from benchmarks.web.servers import Answers

MARKS = (50.0, 95.0, 99.0, 100.0)
"""The percentiles that are told; the last is the maximum."""


@dataclass(frozen=True, slots=True)
class Found:
    """What one scenario gave."""

    seen: Seen
    stored: int
    """How many of the acknowledged votes are in the database."""
    cpu: float
    """Seconds of the server's processor time."""

    @property
    def votes_per_second(self) -> float:
        """Acknowledged votes."""
        return len(self.seen.acknowledged) / self.seen.took

    @property
    def lost(self) -> int:
        """Votes that were acknowledged and are not in the database."""
        return max(0, len(self.seen.acknowledged) - self.stored)


def measure(arena: str, answers: Answers, load: Load, peer: Path | None = None) -> Found:
    """Put an arena with a fresh database under load. `peer`: the Python that has Gradio."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-web-") as name,
        _server(arena, Path(name), answers, peer) as server,
    ):
        before = server.cpu()
        seen = _generate(arena, server.url, load)
        return Found(seen, servers.stored(server, seen.acknowledged), server.cpu() - before)


def percentiles(seconds: Sequence[float]) -> list[float]:
    """Milliseconds at `MARKS`; none if nothing was measured."""
    return (1000 * np.percentile(seconds, MARKS)).tolist() if seconds else []


def _server(
    arena: str, folder: Path, answers: Answers, peer: Path | None
) -> AbstractContextManager[servers.Running]:
    if arena == "palestra":
        return servers.palestra(folder, answers)
    if peer is None:
        raise ValueError("the Gradio arena needs a Python that has Gradio")
    return servers.gradio(peer, folder, answers)


def _generate(arena: str, url: str, load: Load) -> Seen:
    command = [sys.executable, "-m", "benchmarks.web.load", arena, url, json.dumps(asdict(load))]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
    return Seen(**json.loads(done.stdout))
