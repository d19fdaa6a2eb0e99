"""When compiled kernels are worth their while.

They come with the extra `palestra[fast]`. Importing the compiler takes half a second, and compiling some
seconds once per machine, so a small job never waits for either: it is done by numpy before they would be
ready. The environment variable `PALESTRA_COMPILED` overrules this: 0 is never, 1 always.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_NAME = "palestra.ranking.kernels"
_ANY = 0.01
"""Seconds of numpy's work from which kernels that are at hand are used."""
_LOADED = 1.5
"""Seconds from which kernels are loaded that were compiled before."""
_COMPILED = 30.0
"""Seconds from which it is worth compiling them."""


def kernels(seconds: float) -> Any | None:
    """The module of compiled kernels, if it is there and numpy would take about `seconds` for the work."""
    wish = os.environ.get("PALESTRA_COMPILED", "")
    if wish == "0" or not _has_compiler():
        return None
    if wish != "1":
        if seconds < _ANY:
            return None
        if _NAME not in sys.modules and seconds < (_LOADED if _are_compiled() else _COMPILED):
            return None
    return import_module(_NAME)


@cache
def _has_compiler() -> bool:
    return find_spec("numba") is not None


def _are_compiled() -> bool:
    """Whether an earlier process left its compiled kernels for this version of Python."""
    version = f"py{sys.version_info.major}{sys.version_info.minor}"
    folder = os.environ.get("NUMBA_CACHE_DIR") or Path(__file__).parent / "kernels" / "__pycache__"
    pattern = f"refits.settle-*.{version}.nbi"
    return next(Path(folder).rglob(pattern), None) is not None
