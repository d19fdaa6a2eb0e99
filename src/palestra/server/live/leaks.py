"""Whether an answer tells who wrote it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from palestra.config.schema import ModelConfig

_SHORTEST = 3
"""Letters and digits; a shorter name is a word of its own too often."""
_JOINTS = re.compile(r"[\s_-]+")


def tells_its_name(text: str, config: ModelConfig) -> bool:
    """Whether `text` holds the model's label, name or organisation as a word, in any case and with any or no
    space, dash or underscore between its parts.
    """
    return any(_pattern(name).search(text) for name in _names(config))


def _names(config: ModelConfig) -> set[str]:
    """What the model goes by; of `owner/name:tag` the name alone, too."""
    bare = config.model.rpartition("/")[2]
    names = {config.label, config.model, bare, bare.partition(":")[0], config.organisation or ""}
    return {name for name in names if sum(map(str.isalnum, name)) >= _SHORTEST}


@lru_cache(maxsize=1024)
def _pattern(name: str) -> re.Pattern[str]:
    parts = (re.escape(part) for part in _JOINTS.split(name.strip()))
    loose = r"[\s_-]*".join(parts)
    return re.compile(rf"(?<!\w){loose}(?!\w)", re.IGNORECASE)
