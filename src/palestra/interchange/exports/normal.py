"""When two texts count as the same, and the numbers that are drawn for a text."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from palestra.interchange.exports.turns import Talk
    from palestra.records.prompt import Message


def normal(text: str) -> str:
    """`text` without what does not make it another text: case, kinds and numbers of spaces, and Unicode's
    compatibility forms (NFKC).
    """
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def normal_talk(talk: Talk) -> str:
    """The same for a conversation; two conversations have the same only if all their turns do.

    The signs between turns are kinds of space, which no normalised text holds.
    """
    return "\x1e".join(f"{message.role}\x1f{normal(message.content)}" for message in talk)


def same_message(a: Message, b: Message) -> bool:
    """Whether two turns are the same when normalised."""
    return a.role == b.role and normal(a.content) == normal(b.content)


def drawn(purpose: str, seed: int, *texts: str) -> bytes:
    """16 bytes that look random, are the same for the same arguments, and depend on nothing else."""
    told = json.dumps([purpose, seed, *texts], ensure_ascii=False)
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).digest()[:16]


def drawn_share(purpose: str, seed: int, *texts: str) -> float:
    """The same as a number in [0, 1)."""
    return int.from_bytes(drawn(purpose, seed, *texts)[:6], "big") / 2**48
