"""Print every benchmark's table: `python -m benchmarks`."""

from __future__ import annotations

from benchmarks import orchestration, start_up

for benchmark in (start_up, orchestration):
    benchmark.main()
    print()
