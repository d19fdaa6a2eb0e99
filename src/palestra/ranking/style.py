"""Style of answers as features of a battle: how long, how many headers, list items and bold words.

Two transforms of the counts, (n, 4) for A and for B, in the order of `FEATURES`:

* `lmarena`: (a − b) / (a + b), and 0 where both are 0. So defined in LMArena's note on style control
  (lmsys.org, "Does style matter?", 29 August 2024) and computed by the example notebook of its package
  arena-rank; FastChat's `rating_systems.py` divides by a + b + 1 instead.
* `arena-hard`: the same for tokens; for the others the densities per token d are compared as
  (d_a − d_b) / (d_a + d_b + 1). So computed by Arena-Hard-Auto 2.0 (`show_result.py`).

All of these then subtract each feature's mean and divide by its standard deviation. Subtracting a mean
makes being first worth something, so that ratings would depend on who was called A: by default only the
size is taken out here (the root mean square, which is the standard deviation if each battle is told from
both sides). `centred` does it their way; with a side term, and A first in every battle, both give the same
ratings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from palestra.errors import UsageError, nearest

if TYPE_CHECKING:
    from palestra.ranking.arrays import Floats

StyleKind = Literal["lmarena", "arena-hard"]
FEATURES = ("tokens", "headers", "lists", "bold")
"""What is counted in an answer."""

_IDEOGRAPHS = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_TOKEN = re.compile(rf"[{_IDEOGRAPHS}]|[^\W{_IDEOGRAPHS}]{{1,6}}|[^\w\s]")
_FENCED = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_HEADER = re.compile(r"^ {0,3}#{1,6}(?=[ \t])", re.MULTILINE)
_ITEM = re.compile(r"^[ \t]*(?:[-*+]|[0-9]{1,9}[.)])(?=[ \t])", re.MULTILINE)
_BOLD = re.compile(r"\*\*[^*\n]+\*\*|__[^_\n]+__")


def style_of(text: str) -> dict[str, int]:
    """`tokens`, `headers`, `lists` and `bold` of a Markdown answer.

    There is no tokenizer here. What is counted as tokens is an approximation: each Chinese, Japanese or
    Korean character is one, each run of up to six other letters or digits, and each other sign that is not
    white space. Headers (`#` to `######`), list items
    (`-`, `*`, `+`, `1.`, `1)`) and bold passages (`**…**`, `__…__`) do not count inside fenced code.
    """
    plain = _FENCED.sub("", text)
    return {
        "tokens": sum(1 for _ in _TOKEN.finditer(text)),
        "headers": sum(1 for _ in _HEADER.finditer(plain)),
        "lists": sum(1 for _ in _ITEM.finditer(plain)),
        "bold": sum(1 for _ in _BOLD.finditer(plain)),
    }


def differences(a: Floats, b: Floats, kind: StyleKind = "lmarena") -> Floats:
    """How A's style differs from B's, as the module's text says, (n, 4), from counts, (n, 4) each.

    Turning a battle round turns the signs. `lmarena` takes any number of columns.

    Raises:
        UsageError: an unknown `kind`.
    """
    if kind not in get_args(StyleKind):
        raise UsageError(f"unknown style {kind!r}", hint=nearest(str(kind), get_args(StyleKind)))
    if kind == "lmarena":
        return _relative(a, b)
    tokens = _relative(a[:, :1], b[:, :1])
    dense_a, dense_b = _per_token(a), _per_token(b)
    return np.concatenate([tokens, (dense_a - dense_b) / (dense_a + dense_b + 1.0)], axis=1)


def _relative(a: Floats, b: Floats) -> Floats:
    both = np.add(a, b, dtype=np.float64)
    np.copyto(both, 1.0, where=both == 0)
    found = np.subtract(a, b, dtype=np.float64)
    return np.divide(found, both, out=found)


def _per_token(counts: Floats) -> Floats:
    rest = counts[:, 1:]
    return np.divide(rest, counts[:, :1], out=np.zeros(rest.shape), where=counts[:, :1] > 0)


@dataclass(frozen=True, slots=True, eq=False)
class Standardised:
    """Features of comparable size: (raw − centre) / spread."""

    x: Floats
    """(n, F)"""
    centre: Floats
    """(F,)"""
    spread: Floats
    """(F,); 1 where a feature does not vary."""


def standardise(raw: Floats, *, centred: bool = False) -> Standardised:
    """Bring features, (n, F), to a root mean square of 1; with `centred`, to a mean of 0 first.

    A coefficient then says what one standard deviation of the feature is worth, in log-odds.
    """
    count = max(len(raw), 1)
    centre = raw.sum(axis=0) / count if centred else np.zeros(raw.shape[1])
    moved = raw - centre if centred else raw
    spread = np.sqrt(np.array([np.einsum("n,n->", column, column) for column in moved.T]) / count)
    spread[spread == 0] = 1.0
    return Standardised(moved / spread, centre, spread)
