"""Cells of outside rows, read strictly."""

from __future__ import annotations

import hashlib
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from palestra.interchange.json_text import decode_json
from palestra.interchange.outside.base import DamagedError
from palestra.records.keys import digest
from palestra.records.winner import Winner

if TYPE_CHECKING:
    from palestra.interchange.outside.base import Data

_TRUE = {"true", "1", "1.0", "t", "yes"}
_FALSE = {"false", "0", "0.0", "f", "no"}


def text(data: Data, key: str) -> str | None:
    """A text or a number as a text; None where it is missing or empty.

    Raises:
        DamagedError: it is something else.
    """
    value = data.get(key)
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DamagedError("expected a text", key=key, seen=value)
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def required(data: Data, key: str) -> str:
    """The same where it must be there.

    Raises:
        DamagedError: it is not.
    """
    found = text(data, key)
    if found is None:
        raise DamagedError("missing or empty", key=key)
    return found


def said(data: Data, key: str) -> str | None:
    """What somebody said, which may be an empty text; None where it is missing.

    Raises:
        DamagedError: it is no text.
    """
    value = data.get(key)
    if value is not None and not isinstance(value, str):
        raise DamagedError("expected a text", key=key, seen=value)
    return value


def number(data: Data, key: str) -> float | None:
    """A finite number; None where it is missing or empty.

    Raises:
        DamagedError: it is something else.
    """
    value = data.get(key)
    if value is None or value == "":
        return None
    try:
        found = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        found = math.nan
    if not math.isfinite(found):
        raise DamagedError("expected a number", key=key, seen=value)
    return found


def truth(data: Data, key: str) -> bool | None:
    """True or false, also as pandas writes them into CSV; None where it is missing or empty.

    Raises:
        DamagedError: it is something else.
    """
    value = data.get(key)
    if value is None or value == "":
        return None
    word = str(value).lower()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise DamagedError("expected true or false", key=key, seen=value)


def moment(data: Data, key: str) -> float | None:
    """UTC epoch seconds of a number of seconds or an ISO date and time, which is UTC if it names no zone.

    A number above 1e11 is milliseconds, as pandas writes times into JSON.

    Raises:
        DamagedError: it is neither.
    """
    value = data.get(key)
    if isinstance(value, str) and value and not _is_number(value):
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            raise DamagedError("expected a time", key=key, seen=value) from None
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    seconds = number(data, key)
    return seconds / 1000 if seconds is not None and abs(seconds) > 1e11 else seconds


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


def mapping(data: Data, key: str) -> dict[str, Any]:
    """An object, also as JSON text; empty where it is missing or empty.

    Raises:
        DamagedError: it is something else.
    """
    value = unpacked(data.get(key), key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise DamagedError("expected an object", key=key, seen=value)
    return value


def listed(data: Data, key: str) -> list[Any]:
    """A list, also as JSON text; empty where it is missing or empty.

    Raises:
        DamagedError: it is something else.
    """
    value = unpacked(data.get(key), key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise DamagedError("expected a list", key=key, seen=value)
    return value


def unpacked(value: Any, key: str) -> Any:
    """The value, or what it is JSON text of; None where it is empty.

    Raises:
        DamagedError: a text that is no JSON.
    """
    if not isinstance(value, str):
        return value
    if not value.strip():
        return None
    try:
        return decode_json(value)
    except ValueError:
        raise DamagedError("expected JSON", key=key, seen=value) from None


def winner(data: Data, key: str = "winner") -> str:
    """The outcome in Palestra's words.

    Raises:
        DamagedError: it is missing, or no outcome.
    """
    word = required(data, key)
    try:
        return Winner.parse(word).value
    except ValueError:
        raise DamagedError("unknown winner", key=key, seen=word) from None


def pseudonym(identity: str | None) -> str | None:
    """What stands for a person: 16 hex digits of a hash of an identifier that cannot be listed, such as a
    UUID.
    """
    if not identity:
        return None
    return hashlib.sha256(f"palestra voter {identity}".encode("utf-8", "surrogatepass")).hexdigest()[:16]


def question_of(prompt: str) -> str:
    """The id that Palestra gives to a prompt of one user turn without an id."""
    return digest([["user", prompt]])[:16]


def compact(row: dict[str, Any]) -> dict[str, Any]:
    """Without columns that have no value."""
    return {name: value for name, value in row.items() if value is not None}


def unsided(row: dict[str, Any]) -> dict[str, Any]:
    """The battle told of the two models in alphabetical order, where nobody knows which was shown first: so
    that neither the winner nor who was rated is always model_a.
    """
    if row["model_a"] <= row["model_b"]:
        return row
    turned = dict(row)
    for name in ("model", "response", "score"):
        a, b = f"{name}_a", f"{name}_b"
        for old, new in ((a, b), (b, a)):
            turned.pop(new, None)
            if row.get(old) is not None:
                turned[new] = row[old]
    turned["winner"] = Winner(row["winner"]).swapped().value
    if row.get("pref") is not None:
        turned["pref"] = 1.0 - row["pref"]
    return turned
