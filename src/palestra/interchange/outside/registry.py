"""All outside formats, by the name that `--from` takes."""

from __future__ import annotations

from functools import cache
from itertools import chain
from typing import TYPE_CHECKING

from palestra.errors import UsageError, nearest
from palestra.interchange.outside import (
    alpaca_eval,
    answers,
    arena_hard,
    comparia,
    evalscope_reviews,
    fastchat_log,
    gpu_poor,
    judgearena,
    lmarena,
    lmarena_55k,
    mt_bench,
    open_webui,
    openarena,
    plain,
    potato,
)

if TYPE_CHECKING:
    from palestra.interchange.outside.base import Format

_MODULES = (
    lmarena,
    lmarena_55k,
    comparia,
    fastchat_log,
    alpaca_eval,
    arena_hard,
    mt_bench,
    answers,
    evalscope_reviews,
    judgearena,
    open_webui,
    potato,
    gpu_poor,
    openarena,
    plain,
)
OWN = "palestra"
"""The format of Palestra's battles."""
MAPPED = "columns"
"""The format of a table whose columns the user names."""


@cache
def formats() -> dict[str, Format]:
    """Name → format."""
    return {one.name: one for one in chain.from_iterable(module.FORMATS for module in _MODULES)}


def format_named(name: str) -> Format:
    """The format with this name.

    Raises:
        UsageError: there is none.
    """
    known = formats()
    if name not in known:
        raise UsageError(f"unknown format {name!r}", key="--from", hint=nearest(name, known))
    return known[name]
