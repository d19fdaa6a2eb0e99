"""Battles to rows of the table `battles`, and back.

A conversation is kept as JSON: a list of messages. A plain text that reads like one is kept as a conversation
of one message, so that what is read back is never a guess.
"""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

from palestra.records.battle import Battle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from palestra.records.battle import Text

_TEXTS = {"prompt": "user", "response_a": "assistant", "response_b": "assistant"}
"""Columns that hold texts, and who speaks in them."""


def to_battle_row(battle: Battle, matchup_id: str | None = None) -> dict[str, Any]:
    """A battle as column values; without an id it is given a random one."""
    row = battle.model_dump(mode="json", exclude=set(_TEXTS))
    row["battle_id"] = battle.battle_id or secrets.token_hex(16)
    row["matchup_id"] = matchup_id
    row["flags"] = list(battle.flags)
    for name, role in _TEXTS.items():
        row[name] = _packed(getattr(battle, name), role)
    return row


def to_battle(row: Mapping[str, Any]) -> Battle:
    """A row as a battle."""
    data = {name: value for name, value in row.items() if name not in ("seq", "matchup_id")}
    for name in _TEXTS:
        if name in data:
            data[name] = unpacked(data[name])
    data["flags"] = tuple(data.get("flags") or ())
    return Battle.model_validate(data)


def unpacked(value: str | None) -> str | list[dict[str, str]] | None:
    """A stored text: itself, or the messages of a conversation."""
    return value if value is None else (_messages(value) or value)


def _packed(text: Text | None, role: str) -> str | None:
    if text is None:
        return None
    if isinstance(text, str):
        if _messages(text) is None:
            return text
        return json.dumps([{"role": role, "content": text}], ensure_ascii=False)
    return json.dumps([message.model_dump() for message in text], ensure_ascii=False)


def _messages(text: str) -> list[dict[str, str]] | None:
    """The messages that the text is, if it is."""
    if not text.startswith("[{"):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if all(_is_message(item) for item in found) else None


def _is_message(item: Any) -> bool:
    return (
        isinstance(item, dict)
        and set(item) == {"role", "content"}
        and item["role"] in ("system", "user", "assistant")
        and isinstance(item["content"], str)
    )
