"""Palestra: battles between language models, and rankings with honest uncertainty.

Names are imported when first used, so `import palestra` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from palestra._version import __version__
    from palestra.errors import PalestraError

__all__ = [
    "PalestraError",
    "__version__",
]

_HOMES = {
    "PalestraError": "palestra.errors",
    "__version__": "palestra._version",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
