"""Verdicts and votes read for `agree`: battles of any form, run folders, verdict files, records in memory."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from palestra.interchange.battle_reader import read_battles
from palestra.interchange.style_columns import TEXTS, fetch, read_side
from palestra.ranking.counts import SHARES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from palestra.interchange.battle_input import BattleInput
    from palestra.interchange.battle_query import View
    from palestra.ranking.arrays import Bools, Floats

Texts = Any
"""An object array of texts and None, (n,)."""
BATTLE_COLUMNS = (
    "question_id", "source", "judge_model", "voter", "order", "pref", "prompt", *TEXTS, "style"
)  # fmt: skip
_BLANK = r" \t\n\r"
_BLANKS = " \t\n\r"
_HEX = frozenset("0123456789abcdef")
"""How a digest begins, and no conversation does."""
_TALK = r"'^\s*\[\s*\{'"
_MESSAGES = """'[{"role": "VARCHAR", "content": "VARCHAR"}]'"""


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """Rows as they were read, (n,) each, told of `model_a` and `model_b`."""

    question: Texts
    """`question_id`."""
    text: Texts
    """A digest of the prompt's text."""
    model_a: Texts
    model_b: Texts
    won: Floats
    """1 for A, 0, -1 for B; NaN if the judge failed."""
    share: Floats
    """A's share of the win."""
    side: Floats
    """1 where A was shown first, -1 where B was, 0 where two orders were combined."""
    rater: Texts
    """Judge or voter."""
    source: Texts
    category: Texts
    length_a: Floats
    length_b: Floats
    failure: Texts
    """The kind of failure."""
    cost: Floats

    @property
    def size(self) -> int:
        """How many rows."""
        return int(self.won.size)

    def take(self, keep: Bools) -> Read:
        """Some of them."""
        return Read(*(getattr(self, one.name)[keep] for one in fields(self)))

    @classmethod
    def concat(cls, parts: Sequence[Read]) -> Read:
        """One after another."""
        return cls(*(np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(cls)))


def texts(values: Sequence[Any]) -> Texts:
    """An object array, in which what is empty or masked is None."""
    found = np.empty(len(values), dtype=object)
    for at, value in enumerate(values):
        found[at] = None if value is None or value == "" else value
    return found


def read_battle_rows(battles: BattleInput, *, by: str | None, filter: str | None) -> list[Read]:
    """Each table of `battles`, see `rank` for what they can be.

    `by`: the column of the category. Raises as `count_battles` does.
    """
    parts, _ = read_battles(
        battles,
        lambda view: _read(view, by),
        filter=filter,
        labels="hard",
        also=[*BATTLE_COLUMNS, *([by] if by else [])],
    )
    return parts


def _read(view: View, by: str | None) -> Read:
    rows, _ = view.rows()
    names = np.array(rows.models, dtype=object)
    won = 2 * SHARES[rows.outcome] - 1
    size = won.size
    if not size:
        return _nothing()
    category = f'"{by}"' if by else "NULL::VARCHAR"
    found = fetch(
        view,
        f"question_id, judge_model, voter, source, {category} AS category, pref, "
        f"{_prompt()} AS said, {_lengths()}",
    )
    pref = _numbers(found["pref"])
    voter, judge = _column(found["voter"]), _column(found["judge_model"])
    side = read_side(view)
    share = np.where((side == 0) | np.isnan(pref), (1 + won) / 2, pref)
    return Read(
        question=_column(found["question_id"]),
        text=_digests(_column(found["said"])),
        model_a=names[rows.a],
        model_b=names[rows.b],
        won=won,
        share=share,
        side=side,
        rater=np.where(judge == np.array(None), voter, judge),
        source=_column(found["source"]),
        category=_column(found["category"]),
        length_a=_numbers(found["length_a"]),
        length_b=_numbers(found["length_b"]),
        failure=np.full(size, None, dtype=object),
        cost=np.full(size, np.nan),
    )


def _nothing() -> Read:
    none, numbers = np.empty(0, dtype=object), np.empty(0)
    return Read(
        none, none, none, none, numbers, numbers, numbers, none, none, none, numbers, numbers, none, numbers
    )


def _column(values: Any) -> Texts:
    return texts(values.tolist())  # a masked cell is None there


def _numbers(values: Any) -> Floats:
    return np.asarray(np.ma.filled(values, np.nan), dtype=np.float64)


def _prompt() -> str:
    """SQL for a conversation as it is, and for the digest of any other prompt."""
    plain = f"md5(trim(prompt, E'{_BLANK}'))"
    return f"CASE WHEN regexp_matches(prompt, {_TALK}) THEN prompt ELSE {plain} END"


def _lengths() -> str:
    """SQL for the lengths of both answers: characters, or where a row lacks a text, `style`'s tokens."""
    told = []
    for side, name in zip("ab", TEXTS, strict=True):
        said = f"from_json(CASE WHEN json_valid({name}) THEN {name} END, {_MESSAGES})"
        talk = f"list_sum([length(m.content) for m in {said} if m.role = 'assistant'])"
        text = f"CASE WHEN regexp_matches({name}, {_TALK}) THEN {talk} ELSE length({name}) END"
        tokens = f"TRY_CAST(json_extract_string(style, '$.tokens_{side}') AS DOUBLE)"
        both = " AND ".join(f"{one} IS NOT NULL" for one in TEXTS)
        told.append(f"(CASE WHEN {both} THEN {text} ELSE {tokens} END)::DOUBLE AS length_{side}")
    return ", ".join(told)


def _digests(said: Texts) -> Texts:
    known = {
        text: prompt_digest(text) if text[:1] not in _HEX else text for text in set(said.tolist()) - {None}
    }
    return texts([None if text is None else known[text] for text in said.tolist()])


def prompt_digest(prompt: str | Sequence[Mapping[str, Any]]) -> str:
    """What two prompts have in common exactly if they ask the same: the text without blanks around it or, of
    a conversation of more than one user turn, its roles and contents.
    """
    said: Any = prompt if isinstance(prompt, str) else list(prompt)
    if isinstance(said, str) and said.lstrip()[:1] == "[":
        try:
            said = json.loads(said)
        except ValueError:
            said = prompt
    if isinstance(said, list) and all(isinstance(one, Mapping) and "content" in one for one in said):
        turns = [[one.get("role"), one["content"]] for one in said]
        alone = len(turns) == 1 and turns[0][0] == "user" and isinstance(turns[0][1], str)
        said = turns[0][1] if alone else json.dumps(turns, ensure_ascii=False)
    text = said if isinstance(said, str) else str(prompt)
    return hashlib.md5(
        text.strip(_BLANKS).encode("utf-8", "surrogatepass"), usedforsecurity=False
    ).hexdigest()
