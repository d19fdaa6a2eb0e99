"""Content keys: SHA-256 over everything that could have changed an answer or a verdict.

Never in a key: an API key, a label, a timeout, a concurrency, the random fence around judged texts.
The seed of a single call is derived from the run's seed and the key, so a key never holds it either:
another draw is another `repeat`.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from palestra.records.battle import Text
    from palestra.records.prompt import Message


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(value: Any) -> str:
    """SHA-256 in hex over canonical JSON (sorted keys, no spaces, UTF-8)."""
    return hashlib.sha256(_ENCODER.encode(value).encode("utf-8", "surrogatepass")).hexdigest()


def text_data(text: Text) -> Any:
    """A text or a conversation as JSON data."""
    return text if isinstance(text, str) else messages_data(text)


def messages_data(messages: Iterable[Message]) -> list[list[str]]:
    """Messages as `[[role, content], …]`."""
    return [[m.role, m.content] for m in messages]


def response_key(identity: Mapping[str, Any], messages: Iterable[Message], repeat: int) -> str:
    """The key of one call for an answer.

    `identity` is the model's: endpoint type, model, base URL, sampling, extra body; for a recorded
    model, its text.
    """
    return digest(["response", 1, identity, messages_data(messages), repeat])


def verdict_key(
    judge: Mapping[str, Any],
    template: str,
    messages: Iterable[Message],
    shown_first: Text,
    shown_second: Text,
    order: str,
    repeat: int,
) -> str:
    """The key of one call for a verdict.

    The order is in the key by which text came first, so listing two models the other way round asks
    for nothing again; only between two equal texts does its name decide.
    """
    texts = [text_data(shown_first), text_data(shown_second)]
    tie_break = order if texts[0] == texts[1] else None
    asked = messages_data(messages)
    return digest(["verdict", 1, judge, _template_digest(template), asked, texts, tie_break, repeat])


@lru_cache(maxsize=64)
def _template_digest(template: str) -> str:
    return digest(template)


def call_seed(run_seed: int, key: str, attempt: int = 0) -> int:
    """The seed of one call: 31 bits from the run's seed and the call's key."""
    name = f"seed {run_seed} {attempt} {key}".encode()
    return int.from_bytes(hashlib.sha256(name).digest()[:4], "big") & 0x7FFF_FFFF
