"""Whether an answer tells who wrote it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from palestra.config.endpoint import ModelConfig

_SHORT = 2
"""Letters and digits; so short a name is a word of its own too often, and a shorter one always."""
_JOINTS = re.compile(r"[\s_-]+|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
"""Between the parts of a name: a space or dash, or where letters and digits meet."""
_SELF = r"\b(?:I\s+am|I['’]m|my\s+name\s+is|call\s+me)\s+(?:(?:an?|the|called|named)\s+)?[*_`\"'“]*"
_NEAR = r"[^.!?\n]{0,40}?"
_DONE = r"(?:made|built|trained|developed|created)"


def tells_its_name(text: str, config: ModelConfig) -> bool:
    """Whether `text` names the model or its maker.

    The label and the name count as words of their own, in any case and with any or no space, dash or
    underscore between their parts. A name of two letters counts where the answer speaks of itself, and so
    does the maker, whose name has other uses.
    """
    names = _names(config)
    found = any(_pattern(name).search(text) for name in names)
    return found or bool(config.organisation and _maker(config.organisation).search(text))


def _names(config: ModelConfig) -> set[str]:
    """What the model goes by; of `owner/name:tag` the name alone, too."""
    bare = config.model.rpartition("/")[2]
    names = {config.label, config.model, bare, bare.partition(":")[0]}
    return {name for name in names if _length(name) >= _SHORT}


def _length(name: str) -> int:
    return sum(map(str.isalnum, name))


def _loose(name: str) -> str:
    return r"[\s_-]*".join(re.escape(part) for part in _JOINTS.split(name.strip()))


@lru_cache(maxsize=1024)
def _pattern(name: str) -> re.Pattern[str]:
    loose = _loose(name)
    if _length(name) > _SHORT:
        return re.compile(rf"(?<!\w){loose}(?!\w)", re.IGNORECASE)
    if name.isalpha():  # such as a model An, which is not meant by "I am an assistant"
        loose = f"(?-i:{loose})"
    return re.compile(rf"{_SELF}{loose}(?!\w)", re.IGNORECASE)


@lru_cache(maxsize=1024)
def _maker(name: str) -> re.Pattern[str]:
    word = rf"(?<![\w-]){_loose(name)}(?![\w-])"
    product = r"(?!\s+(?-i:[A-Z]))"  # Google, and not Google Maps
    ways = (
        rf"{_SELF}{word}",
        rf"\bI(?:\s+am|['’]m)\b{_NEAR}{word}{product}",
        rf"\b{_DONE}\s+by\b{_NEAR}{word}",
        rf"{word}\s+(?:has\s+)?{_DONE}\s+me\b",
    )
    return re.compile("|".join(ways), re.IGNORECASE)
