"""SQL with which DuckDB makes Palestra's columns of a Parquet file's, column by column.

A format's `columnar` gives, for the types of a file's columns, an expression for each of Palestra's columns
that the format knows. A conversation is a list of messages as JSON; what was said once is its text, as JSON
or (`plain`) as it is. `FAULT` is the reason why a row is damaged, `LEFT` why it is left out, both NULL for
one that is converted.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from palestra.interchange.outside.talks import IMAGES, NO_ANSWER, ROLES

if TYPE_CHECKING:
    from collections.abc import Mapping

TALKS = ("conversation_a", "conversation_b")
FAULT, LEFT = "fault", "left_out"
"""Beside Palestra's columns: why a row gives no battle."""
Columns = dict[str, str]
_WINNERS = {
    "model_a": "model_a",
    "model_b": "model_b",
    "tie": "tie",
    "tie (bothbad)": "tie (bothbad)",
    "both_bad": "tie (bothbad)",
    "bothbad": "tie (bothbad)",
}


def literal(text: str) -> str:
    """SQL for a text."""
    return "'" + text.replace("'", "''") + "'"


def winner(column: str = "winner") -> str:
    """Palestra's word for a winner, NULL for another."""
    cases = " ".join(f"WHEN {literal(word)} THEN {literal(ours)}" for word, ours in _WINNERS.items())
    return f'CASE "{column}" {cases} END'


def faults(*checks: tuple[str, str]) -> str:
    """The reason of the first condition that holds."""
    return (
        "CASE "
        + " ".join(f"WHEN {condition} THEN {literal(reason)}" for condition, reason in checks)
        + " END"
    )


def empty(column: str) -> str:
    """Whether a text is missing."""
    return f'"{column}" IS NULL OR "{column}" = \'\''


def filled(column: str) -> str:
    """A text, NULL where it is empty."""
    return f"nullif(\"{column}\", '')"


def text(column: str, kinds: Mapping[str, str]) -> str | None:
    """A text, or a whole number as one; None where the column is of another type."""
    if kinds[column] == "VARCHAR":
        return filled(column)
    return f'"{column}"::VARCHAR' if kinds[column] in ("BIGINT", "INTEGER", "UUID") else None


def is_talk(kind: str) -> bool:
    """Whether a column holds messages with a role, and a text or parts with a text as content."""
    fields = _fields(kind)
    return fields.get("role") == "VARCHAR" and (_is_parts(fields) or fields.get("content") == "VARCHAR")


def _is_parts(fields: Mapping[str, str]) -> bool:
    parts = _fields(fields.get("content", ""))
    return parts.get("type") == "VARCHAR" and parts.get("text") == "VARCHAR"


def _fields(kind: str) -> dict[str, str]:
    """The fields of a list of structs, each with its type; none where it is something else."""
    found = re.fullmatch(r"STRUCT\((.*)\)\[\]", kind, re.DOTALL)
    return struct_fields(found[1]) if found else {}


def struct_fields(inside: str) -> dict[str, str]:
    """The fields between the brackets of STRUCT(…)."""
    fields, depth, start = [], 0, 0
    in_name = False
    for place, sign in enumerate(inside):
        if sign == '"':
            in_name = not in_name
        elif not in_name:
            depth += (sign in "([") - (sign in ")]")
            if sign == "," and depth == 0:
                fields.append(inside[start:place].strip())
                start = place + 1
    fields.append(inside[start:].strip())
    named = (re.fullmatch(r'"((?:[^"]|"")*)" (.*)|(\w+) (.*)', one, re.DOTALL) for one in fields)
    return {match[1] or match[3]: match[2] or match[4] for match in named if match}


def talk_columns(kinds: Mapping[str, str], plain: bool) -> Columns:
    """`prompt`, `response_a`, `response_b` and, where messages have parts, `flags`."""
    a, b = TALKS
    found = {
        "prompt": f"coalesce({_prompt(a, kinds, plain)}, {_prompt(b, kinds, plain)})",
        "response_a": _response(a, kinds, plain),
        "response_b": _response(b, kinds, plain),
    }
    images = [_has_image(one) for one in (a, b) if _is_parts(_fields(kinds[one]))]
    if images:
        found["flags"] = f"CASE WHEN {' OR '.join(images)} THEN [{literal(IMAGES)}] ELSE []::VARCHAR[] END"
    return found


def talk_faults() -> list[tuple[str, str]]:
    """What is wrong with a conversation: a message without a known role."""
    known = ", ".join(literal(role) for role in ROLES)
    reason = f"expected messages with a role ({', '.join(ROLES)})"
    return [
        (
            f"len(list_filter(\"{column}\", lambda m: coalesce(m.role, '') NOT IN ({known}))) > 0",
            f"{column}: {reason}",
        )
        for column in TALKS
    ]


def unanswered() -> tuple[str, str]:
    """Whether the content of a model's message is null, and that reason to leave the vote out."""
    silent = "m.role = 'assistant' AND m.content IS NULL"
    checks = (f'coalesce(len(list_filter("{one}", lambda m: {silent})) > 0, false)' for one in TALKS)
    return " OR ".join(checks), NO_ANSWER


def _content(message: str, fields: Mapping[str, str]) -> str:
    if not _is_parts(fields):
        return f"coalesce({message}.content, '')"
    texts = f"list_filter({message}.content, lambda p: p.type = 'text' AND p.text IS NOT NULL)"
    return f"coalesce(array_to_string(list_transform({texts}, lambda p: p.text), chr(10)), '')"


def _text_of(message: str, fields: Mapping[str, str], plain: bool) -> str:
    content = _content(message, fields)
    return content if plain else f"to_json({content})"


def _told(talk: str, fields: Mapping[str, str], plain: bool) -> str:
    """Messages as JSON, with role and content alone."""
    content = _content("m", fields)
    told = f"to_json(list_transform({talk}, lambda m: {{'role': m.role, 'content': {content}}}))"
    return f"{told}::VARCHAR" if plain else told


def _prompt(column: str, kinds: Mapping[str, str], plain: bool) -> str:
    fields, talk = _fields(kinds[column]), f'"{column}"'
    asked = f"list_filter({talk}, lambda m: m.role <> 'assistant')"
    return (
        f"CASE WHEN {talk} IS NULL OR len({talk}) = 0 THEN NULL "
        f"WHEN {_is_single(talk)} THEN {_text_of(talk + '[1]', fields, plain)} "
        f"WHEN len({asked}) = 1 AND {asked}[1].role = 'user' THEN {_text_of(asked + '[1]', fields, plain)} "
        f"WHEN len({asked}) > 0 THEN {_told(asked, fields, plain)} END"
    )


def _is_single(talk: str) -> str:
    return f"len({talk}) = 2 AND {talk}[1].role = 'user' AND {talk}[2].role = 'assistant'"


def _response(column: str, kinds: Mapping[str, str], plain: bool) -> str:
    fields, talk = _fields(kinds[column]), f'"{column}"'
    answers = f"len(list_filter({talk}, lambda m: m.role = 'assistant'))"
    last = talk + "[-1]"
    return (
        f"CASE WHEN {talk} IS NULL OR len({talk}) = 0 THEN NULL "
        f"WHEN {_is_single(talk)} THEN {_text_of(talk + '[2]', fields, plain)} "
        f"WHEN {answers} = 0 THEN NULL "
        f"WHEN {answers} = 1 AND {last}.role = 'assistant' THEN {_text_of(last, fields, plain)} "
        f"ELSE {_told(talk, fields, plain)} END"
    )


def _has_image(column: str) -> str:
    parts = "len(list_filter(m.content, lambda p: p.type = 'image')) > 0"
    return f'coalesce(len(list_filter("{column}", lambda m: coalesce({parts}, false))) > 0, false)'


def seconds(column: str, kind: str) -> str | None:
    """Epoch seconds of a column; None where its type is no time."""
    if kind.startswith("TIMESTAMP"):
        return f'epoch("{column}")::DOUBLE'
    if kind in ("DOUBLE", "FLOAT", "BIGINT", "INTEGER"):
        return (
            f'CASE WHEN isfinite("{column}"::DOUBLE) THEN '
            f'CASE WHEN abs("{column}") > 1e11 THEN "{column}" / 1000 ELSE "{column}"::DOUBLE END END'
        )
    return None
