"""Open WebUI's feedback export (Admin Panel → Evaluations → Feedbacks → Export; a JSON list): `id, user_id,
version, type, data: {rating, model_id, sibling_model_ids, reason, comment, tags, details}, meta: {arena,
chat_id, message_id, message_index, …}, snapshot: {chat}, created_at, updated_at`. A rating of 1 is a win over
each sibling, -1 a loss, as Open WebUI's own leaderboard counts them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from palestra.interchange.outside.base import DamagedError, Format, Left, Rowwise
from palestra.interchange.outside.cells import (
    compact,
    moment,
    pseudonym,
    question_of,
    required,
    text,
    truth,
    unsided,
)
from palestra.interchange.outside.talks import ROLES, prompt_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from palestra.interchange.outside.base import BattleRow, Data

NO_RATING = "feedback of another type than a rating"
NO_SIBLING = "a rating of one answer without another to compare it with"
NOT_RATED = "a rating that is neither 1 nor -1"


def _fits(data: Data) -> bool:
    inside = data.get("data")
    return (
        data.keys() >= {"id", "type", "data"}
        and isinstance(inside, dict)
        and ("rating" in inside or "sibling_model_ids" in inside)
    )


def _convert(data: Data) -> Iterator[BattleRow | Left]:
    inside, meta = _object(data, "data"), _object(data, "meta")
    if data.get("type") != "rating":
        yield Left(NO_RATING)
        return
    rated = required(inside, "model_id")
    siblings = inside.get("sibling_model_ids") or []
    if not isinstance(siblings, list) or not all(isinstance(name, str) and name for name in siblings):
        raise DamagedError("expected a list of models", key="sibling_model_ids", seen=siblings)
    others = [name for name in dict.fromkeys(siblings) if name != rated]
    rating = text(inside, "rating")
    if rating not in ("1", "-1"):
        yield Left(NOT_RATED)
        return
    if not others:
        yield Left(NO_SIBLING)
        return
    snapshot = _Snapshot.of(data, text(meta, "message_id"))
    own, tags = required(data, "id"), inside.get("tags")
    for other in others:
        row = {
            "battle_id": own if len(others) == 1 else f"{own}:{other}",
            "model_a": rated,
            "model_b": other,
            "winner": "model_a" if rating == "1" else "model_b",
            "source": "human",
            "dataset": "open-webui",
            "category": tags[0] if isinstance(tags, list) and tags and isinstance(tags[0], str) else None,
            "tstamp": moment(data, "created_at"),
            "voter": pseudonym(text(data, "user_id")),
            "anonymous": truth(meta, "arena"),
            **snapshot.texts(other),
        }
        row["question_id"] = _question(row.get("prompt"), meta)
        yield unsided(compact(row))


def _object(data: Data, key: str) -> dict[str, Any]:
    value = data.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise DamagedError("expected an object", key=key, seen=value)
    return value


def _question(prompt: Any, meta: Data) -> str | None:
    if isinstance(prompt, str):
        return question_of(prompt)
    chat, place = text(meta, "chat_id"), text(meta, "message_index")
    return f"{chat}:{place}" if chat and place else chat


class _Snapshot:
    """The chat as it was when the vote was cast; it may lack anything, and then texts are left out."""

    def __init__(self, messages: dict[str, Any], rated: dict[str, Any]) -> None:
        self._messages = messages
        self._rated = rated

    @classmethod
    def of(cls, data: Data, message_id: str | None) -> _Snapshot:
        found: Any = data.get("snapshot")
        for key in ("chat", "chat", "history", "messages"):
            found = found.get(key) if isinstance(found, dict) else None
        messages = {
            key: value
            for key, value in (found if isinstance(found, dict) else {}).items()
            if isinstance(value, dict)
        }
        return cls(messages, messages.get(message_id or "", {}))

    def texts(self, other: str) -> dict[str, Any]:
        """What was asked, and what the rated model and the other one said."""
        parent = self._messages.get(str(self._rated.get("parentId")), {})
        chain = []
        seen: set[int] = set()
        while parent and id(parent) not in seen:
            seen.add(id(parent))
            chain.append(parent)
            parent = self._messages.get(str(parent.get("parentId")), {})
        asked = [
            {"role": message["role"], "content": message["content"]}
            for message in reversed(chain)
            if message.get("role") in ROLES and isinstance(message.get("content"), str)
        ]
        spoke_before = any(message["role"] == "assistant" for message in asked)
        return {
            "prompt": (asked if spoke_before else prompt_of(asked)) or None,
            "response_a": _content(self._rated),
            "response_b": self._sibling(chain[0] if chain else {}, other),
        }

    def _sibling(self, parent: dict[str, Any], other: str) -> str | None:
        children = parent.get("childrenIds")
        for child in children if isinstance(children, list) else []:
            message = self._messages.get(str(child), {})
            if _spoken_by(message) == other and message is not self._rated:
                return _content(message)
        return None


def _spoken_by(message: dict[str, Any]) -> Any:
    """The model; in arena mode `model` is the arena's, and `selectedModelId` who was drawn to answer."""
    return message.get("selectedModelId") or message.get("model")


def _content(message: dict[str, Any]) -> str | None:
    content = message.get("content")
    return content if isinstance(content, str) else None


FORMATS = (
    Format(
        name="open-webui",
        title="Open WebUI feedback",
        shape="id, type, data: {rating, model_id, sibling_model_ids}",
        fits=_fits,
        make=lambda _: Rowwise(
            _convert, "which answer stood first is not known, so models are in alphabetical order"
        ),
    ),
)
