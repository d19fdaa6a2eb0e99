"""One measurement in this process: `python -m benchmarks.ranking.child TASK FILE RESULT [SMALL]`.

The call is made on a small file first, which is not counted: what a library loads or looks up when it is
first called is so left out, for all alike.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.ranking.task import make


def measure(name: str, path: Path, small: Path | None) -> dict[str, Any]:
    """Seconds of the two steps, and the ratings; or why there are none."""
    try:
        task = make(name)
        if small is not None:
            task.run(task.load(small))
        began = time.perf_counter()
        loaded = task.load(path)
        between = time.perf_counter()
        ratings = task.run(loaded)
        ended = time.perf_counter()
    except Exception as error:  # noqa: BLE001 - whatever a peer raises is its result, told in the table
        return {"reason": _told(error)}
    return {"load": between - began, "run": ended - between, "ratings": dict(ratings)}


def _told(error: Exception) -> str:
    first = str(error).strip().split("\n")[0]
    return first if isinstance(error, NotImplementedError) else f"{type(error).__name__}: {first}"


if __name__ == "__main__":
    small = Path(sys.argv[4]) if len(sys.argv) > 4 else None
    result = json.dumps(measure(sys.argv[1], Path(sys.argv[2]), small))
    Path(sys.argv[3]).write_text(result, encoding="utf-8")
