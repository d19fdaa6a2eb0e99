"""The errors that Palestra raises. Each says what was seen, where, and what to do.

PalestraError
├── UsageError          a call or command line that makes no sense         exit 2, HTTP 400
├── ConfigError         a config file that cannot be used                  exit 3, HTTP 400
├── DataError           a prompt, battle or answer file that cannot be read exit 4, HTTP 422
├── EndpointError       a model server that cannot be reached or refuses   exit 5, HTTP 502
├── BudgetReached       `--max-cost` was reached; what was paid for is kept exit 6, HTTP 402
└── StoreError          the database cannot be opened or written           exit 7, HTTP 503
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


_LONGEST = 1000
"""Characters of a message, which may quote what was found; a file can hold anything."""


def _cut(text: str, longest: int = _LONGEST) -> str:
    return text if len(text) <= longest else f"{text[:longest]}…"


class PalestraError(Exception):
    """A mistake that a user can understand and mend. Printed without a traceback.

    `path`, `line` (1-based) and `key` say where; `hint` says what to do.
    """

    exit_code = 70
    http_status = 500

    def __init__(
        self,
        message: str,
        *,
        path: str | Path | None = None,
        line: int | None = None,
        key: str | None = None,
        hint: str | None = None,
    ) -> None:
        message = _cut(message)
        super().__init__(message)
        self.message = message
        self.path = None if path is None else str(path)
        self.line = line
        self.key = None if key is None else _cut(key)
        self.hint = None if hint is None else _cut(hint, 10 * _LONGEST)

    @property
    def place(self) -> str:
        """`file:line: key`, as far as known, or an empty string."""
        spot = self.path or ""
        if self.line is not None:
            spot = f"{spot}:{self.line}" if spot else f"line {self.line}"
        return ": ".join(part for part in (spot, self.key) if part)

    def __str__(self) -> str:
        text = f"{self.place}: {self.message}" if self.place else self.message
        return f"{text}\n  {self.hint}" if self.hint else text


class UsageError(PalestraError):
    """A call or a command line that makes no sense."""

    exit_code = 2
    http_status = 400


class ConfigError(PalestraError):
    """A config file that cannot be used."""

    exit_code = 3
    http_status = 400


class DataError(PalestraError):
    """A prompt, battle or answer file that cannot be read."""

    exit_code = 4
    http_status = 422


class EndpointError(PalestraError):
    """A model server that cannot be reached, or that refuses the key."""

    exit_code = 5
    http_status = 502


class BudgetReached(PalestraError):  # noqa: N818 - a stop, not a fault
    """The money limit was reached. What was paid for is kept."""

    exit_code = 6
    http_status = 402


class StoreError(PalestraError):
    """The database cannot be opened, read or written."""

    exit_code = 7
    http_status = 503


def nearest(word: str, known: Iterable[str]) -> str:
    """`did you mean 'x'?` for the known word nearest to `word`, else the list of known words."""
    choices = sorted(known)
    close = difflib.get_close_matches(word, choices, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else f"known: {', '.join(choices)}"
