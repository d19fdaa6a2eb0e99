"""Palestra: battles between language models, and rankings with honest uncertainty.

Names are imported when first used, so `import palestra` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from palestra._version import __version__
    from palestra.errors import PalestraError
    from palestra.interchange.battles import read_battles, write_battles
    from palestra.interchange.rank import rank
    from palestra.records.battle import Battle
    from palestra.records.rating import Leaderboard, Rating
    from palestra.report.agreement import AgreementReport, agree
    from palestra.run.api import run
    from palestra.run.place.api import place
    from palestra.run.place.result import Placement
    from palestra.run.results import Results

__all__ = [
    "AgreementReport",
    "Battle",
    "Leaderboard",
    "PalestraError",
    "Placement",
    "Rating",
    "Results",
    "__version__",
    "agree",
    "place",
    "rank",
    "read_battles",
    "run",
    "write_battles",
]

_HOMES = {
    "AgreementReport": "palestra.report.agreement",
    "Battle": "palestra.records.battle",
    "Leaderboard": "palestra.records.rating",
    "PalestraError": "palestra.errors",
    "Placement": "palestra.run.place.result",
    "Rating": "palestra.records.rating",
    "Results": "palestra.run.results",
    "__version__": "palestra._version",
    "agree": "palestra.report.agreement",
    "place": "palestra.run.place.api",
    "rank": "palestra.interchange.rank",
    "read_battles": "palestra.interchange.battles",
    "run": "palestra.run",
    "write_battles": "palestra.interchange.battles",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(home)
    return module if home == f"{__name__}.{name}" else getattr(module, name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
