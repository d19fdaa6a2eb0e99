"""A config before it is checked: plain data, and for every value the place it came from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from palestra.errors import ConfigError

Loc = tuple[str | int, ...]
"""The way to a value: the keys and list positions (from 0) that lead there."""


def dotted(loc: Loc) -> str:
    """`models.0.temperature` for `("models", 0, "temperature")`."""
    return ".".join(str(part) for part in loc)


def unusable(value: Any) -> str | None:
    """Why a value that Python can hold is no good in a config; null if it is good."""
    match value:
        case float() if not math.isfinite(value):
            return f"{value} is not a finite number"
        case int() if abs(value) >= 2**63:
            return "the number is too large"
        case str() if any(c == "\0" or "\ud800" <= c <= "\udfff" for c in value):
            return "the text holds a character that is not allowed"
    return None


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a value was written."""

    source: str
    """The file, or the flag."""
    line: int | None
    """Counted from 1; null for a flag."""
    key: str
    """The key as it was written there, dotted."""
    folder: Path
    """What a relative path written there starts from."""

    def error(self, message: str, *, hint: str | None = None) -> ConfigError:
        """An error that names this place."""
        return ConfigError(message, path=self.source, line=self.line, key=self.key or None, hint=hint)

    def below(self, rest: Loc) -> Spot:
        """The place of a value further in that has none of its own."""
        key = ".".join(part for part in (self.key, dotted(rest)) if part)
        return Spot(self.source, self.line, key, self.folder)


@dataclass(frozen=True)
class Document:
    """Plain data (dicts, lists, text, numbers, booleans, null) with the places of its values."""

    value: Any
    spots: Mapping[Loc, Spot]
    """Holds at least the root, `()`."""

    def spot(self, loc: Loc) -> Spot:
        """The place of the value at `loc`, or of the nearest one around it."""
        for length in range(len(loc), -1, -1):
            found = self.spots.get(loc[:length])
            if found is not None:
                return found.below(loc[length:])
        raise AssertionError("a document has a place for its root")

    def get(self, loc: Loc) -> Any:
        """The value at `loc`; null where there is none."""
        value = self.value
        for part in loc:
            if isinstance(value, dict) and isinstance(part, str):
                value = value.get(part)
            elif isinstance(value, list) and isinstance(part, int) and 0 <= part < len(value):
                value = value[part]
            else:
                return None
        return value


@dataclass
class Builder:
    """Makes a document in Palestra's shape out of one in another's, and keeps the places."""

    source: Document
    value: dict[str, Any] = field(default_factory=dict)
    spots: dict[Loc, Spot] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def put(self, loc: Loc, value: Any, origin: Loc) -> None:
        """Set `loc` to `value`, which came from `origin`; null sets nothing.

        Lists grow one entry at a time: a position is the next one or one that is there.
        """
        if value is None:
            return
        here: Any = self.value
        for depth, part in enumerate(loc):
            last = depth == len(loc) - 1
            fresh = value if last else ([] if isinstance(loc[depth + 1], int) else {})
            if isinstance(part, int) and part == len(here):
                here.append(fresh)
            elif last or (isinstance(here, dict) and part not in here):
                here[part] = fresh
            self.spots.setdefault(loc[: depth + 1], self.source.spot(origin))
            here = here[part]
        self.spots[loc] = self.source.spot(origin)

    def copy(self, loc: Loc, origin: Loc) -> None:
        """Set `loc` to the value at `origin`, if there is one."""
        self.put(loc, self.source.get(origin), origin)

    def warn_unused(self, keys: Iterable[str], where: str) -> None:
        """Warn of keys that are read and not used, if there are any."""
        names = ", ".join(keys)
        if names:
            self.warnings.append(f"{where}: not used by Palestra: {names}")

    def done(self) -> tuple[Document, tuple[str, ...]]:
        """The document made so far, and the warnings."""
        return Document(self.value, {**self.spots, (): self.source.spot(())}), tuple(self.warnings)
