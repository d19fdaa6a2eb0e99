"""How long the answers of battles are."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np

from palestra.interchange.battle_query import Unreadable, first_line
from palestra.interchange.style_columns import TEXTS, _fault, fetch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from palestra.interchange.battle_query import View
    from palestra.ranking.arrays import Bools, Floats

COLUMNS = (*TEXTS, "style")
"""What is read, beside what ratings read."""
_TALK = r"^\s*\[\s*\{"
"""How a list of messages begins."""
_AT_ONCE = 256
"""Conversations in memory at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Lengths:
    """Of the answers of n battles, NaN where nobody asked."""

    a: Floats
    b: Floats
    in_tokens: Bools
    """Where the unit is the tokens of the row's style, not characters, (n,)."""


def read_lengths(view: View, wanted: Bools) -> Lengths:
    """Characters of `response_a` and `response_b` or, where a row lacks either, `style`'s tokens.

    Of a conversation, the characters of all that the model said. `wanted`, (n,): the rows that need it.

    Raises:
        DataError: a wanted row with neither, with its place.
    """
    texts, talks = zip(*(_measures(name) for name in TEXTS), strict=True)
    tokens = [
        f"TRY_CAST(json_extract_string(style, '$.tokens_{side}') AS DOUBLE) AS tokens_{side}" for side in "ab"
    ]
    found = fetch(view, ", ".join([*texts, *talks, *tokens]))
    characters = np.stack([_filled(found[name]) for name in TEXTS])
    is_talk = np.stack([np.ma.filled(found[f"talk_{name}"], False) for name in TEXTS]).astype(bool)
    if (is_talk & wanted).any():
        _measure_talks(view, characters, is_talk & wanted)
    told = np.stack([_filled(found[f"tokens_{side}"]) for side in "ab"])
    in_tokens = np.isnan(characters).any(axis=0)
    lengths = np.where(in_tokens, told, characters)
    lacking = np.flatnonzero(wanted & ~(np.isfinite(lengths) & (lengths >= 0)).all(axis=0))
    if lacking.size:
        what = (
            "the answers' lengths are not known: the row has neither `response_a` and `response_b` nor, in "
            "its `style`, `tokens_a` and `tokens_b` of 0 or more"
        )
        raise _fault(view, int(lacking[0]), what, "response_a")
    return Lengths(lengths[0], lengths[1], wanted & in_tokens)


def _measures(name: str) -> tuple[str, str]:
    """SQL for a text's characters, and for whether it is a conversation."""
    talk = f"regexp_matches({name}, '{_TALK}')"
    return f"length({name})::DOUBLE AS {name}", f"{talk} AS talk_{name}"


def _filled(column: Any) -> Floats:
    return np.asarray(np.ma.filled(column, np.nan), dtype=np.float64)


def _measure_talks(view: View, characters: Floats, wanted: Bools) -> None:
    shown = ", ".join(
        f"CASE WHEN regexp_matches({name}, '{_TALK}') THEN {name} END AS {name}" for name in TEXTS
    )
    for number, texts in enumerate(_stream(view._relation().project(shown))):
        for side, text in enumerate(texts):
            if wanted[side, number]:
                characters[side, number] = _said(text)


def _stream(found: duckdb.DuckDBPyRelation) -> Iterator[tuple[Any, ...]]:
    try:
        yield from found.iter_rows(_AT_ONCE)
    except duckdb.Error as error:
        raise Unreadable(first_line(error)) from None


def _said(text: str) -> int:
    """Characters of the model's messages; of all the text where it only looks like messages."""
    try:
        messages = json.loads(text)
        return sum(len(message["content"]) for message in messages if message["role"] == "assistant")
    except (ValueError, TypeError, KeyError):
        return len(text)
