from __future__ import annotations

from enum import StrEnum

from palestra.records.base import Record, Words


class FailureKind(StrEnum):
    """Why there is no answer or no verdict."""

    TIMEOUT = "timeout"
    """The server did not finish in time."""
    RATE_LIMIT = "rate_limit"
    """429, still after all retries."""
    AUTH = "auth"
    """The key is missing, wrong or not allowed."""
    REFUSED = "refused"
    """The server refused the request (other 4xx)."""
    CONTENT_FILTER = "content_filter"
    """The provider's filter held the answer back."""
    EMPTY = "empty"
    """The reply holds no text."""
    UNREADABLE = "unreadable"
    """A judge replied, and the reply holds no verdict."""
    MISSING = "missing"
    """A recorded answer or verdict is not in its file, or there is no reference to compare with."""
    OTHER = "other"
    """Anything else; the message says what."""


class Failure(Record):
    """A reason, in place of a result. It is counted and shown, and never becomes a result."""

    kind: FailureKind
    message: Words
    """The provider's own words where there are any."""
    status: int | None = None
    """The HTTP status, if there was one."""
