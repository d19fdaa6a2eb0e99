"""Prompts and models in, battles judged, leaderboard out.

The package is also the function of that name: `palestra.run(…)` is `palestra.run.api.run(…)`.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class _Run(ModuleType):
    def __call__(self, *args: Any, **options: Any) -> Any:
        from palestra.run.api import run

        return run(*args, **options)


sys.modules[__name__].__class__ = _Run
