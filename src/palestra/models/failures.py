"""What went wrong between here and a model server, told as a `Failure`.

The provider's own words are kept, without any key and cut to a readable length.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from palestra.records.failure import Failure, FailureKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from palestra.models.reply import Reply

LONGEST_MESSAGE = 600
"""Characters of a provider's message that are kept."""

_HIDDEN = "[hidden]"
_TOKENS = re.compile(
    r"(?P<before>\b(?:bearer|basic)\s+(?=\S*\d)|//[^/\s:@]*:(?=[^/\s@]*@)|"
    r"\b(?:x-api-key|x-goog-api-key|api[-_]?key|access[-_]?token|authorization)[\"']?\s*[:=]\s*"
    r"[\"']?(?:bearer\s+|basic\s+)?)"
    r"(?P<token>[A-Za-z0-9._~+/=*-]{6,})"
    r"|(?P<bare>\b(?:sk-|sk_|hf_|gsk_|xai-|AIza|AKIA)[A-Za-z0-9._*-]{6,})",
    re.IGNORECASE,
)
_FILTER = re.compile(
    r"content[ _-]?(filter|(management[ _-]?)?policy)|ResponsibleAIPolicy|flagged_input", re.IGNORECASE
)
_RETRIED_4XX = frozenset({408, 409, 429})


@dataclass(frozen=True, slots=True)
class Redactor:
    """Takes keys out of texts."""

    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Keys that are known. What looks like a key goes, too."""

    def clean(self, text: str) -> str:
        """The text without keys, on one line, at most `LONGEST_MESSAGE` characters."""
        for secret in self.secrets:
            text = text.replace(secret, _HIDDEN)
        text = " ".join(_TOKENS.sub(_hide, text[: 4 * LONGEST_MESSAGE]).split())
        return text if len(text) <= LONGEST_MESSAGE else f"{text[: LONGEST_MESSAGE - 1]}…"


def _hide(match: re.Match[str]) -> str:
    return f"{match['before'] or ''}{_HIDDEN}"


class Fault(Exception):  # noqa: N818 - half of them are retried and come to nothing
    """An attempt that failed. It knows whether another one may help."""

    def __init__(
        self,
        kind: FailureKind,
        message: str,
        *,
        status: int | None = None,
        retryable: bool = False,
        retry_after: float | None = None,
        reply: Reply | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.status = status
        self.retryable = retryable
        self.retry_after = retry_after
        """Seconds that the server asks to wait."""
        self.reply = reply
        """What had arrived."""

    def cleaned(self, redactor: Redactor) -> Fault:
        """The same fault without any key in its message."""
        message = redactor.clean(self.message) or self.kind.value
        return Fault(
            self.kind,
            message,
            status=self.status,
            retryable=self.retryable,
            retry_after=self.retry_after,
            reply=self.reply,
        )

    def record(self) -> Failure:
        """The fault as a record."""
        return Failure(kind=self.kind, message=self.message, status=self.status)


def http_fault(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Fault:
    """The fault that an HTTP status of 300 or more tells of. `body` is text or decoded JSON."""
    message = provider_message(body) or f"HTTP status {status}"
    if status < 400:
        return Fault(FailureKind.OTHER, f"the server redirects (HTTP {status}): {message}", status=status)
    return Fault(
        _kind_of(status, body),
        message,
        status=status,
        retryable=status in _RETRIED_4XX or status >= 500,
        retry_after=retry_after(headers or {}),
    )


def _kind_of(status: int, body: Any) -> FailureKind:
    if 400 <= status < 500 and _is_filter(body):
        return FailureKind.CONTENT_FILTER
    by_status = {
        401: FailureKind.AUTH,
        403: FailureKind.AUTH,
        408: FailureKind.TIMEOUT,
        429: FailureKind.RATE_LIMIT,
    }
    return by_status.get(status, FailureKind.OTHER if status >= 500 else FailureKind.REFUSED)


def _is_filter(body: Any) -> bool:
    """Whether an error body says that the provider's filter held the request back."""
    words = body if isinstance(body, str) else json.dumps(body, default=str)
    return _FILTER.search(words) is not None


def timeout_fault(seconds: float | None = None) -> Fault:
    """The server did not finish in time."""
    after = "" if seconds is None else f" after {seconds:g} s"
    return Fault(FailureKind.TIMEOUT, f"no complete answer{after}", retryable=True)


def connection_fault(error: Exception) -> Fault:
    """The connection could not be made, or broke."""
    root: BaseException = error
    while root.__cause__ is not None:
        root = root.__cause__
    words = str(root) or type(root).__name__
    return Fault(FailureKind.OTHER, f"connection failed: {words}", retryable=True)


def unreadable_fault(error: Exception) -> Fault:
    """The reply is not what the provider's library can read."""
    said = f": {str(error).splitlines()[0]}" if str(error) else ""
    return garbled_fault(f"{type(error).__name__}{said}")


def garbled_fault(what: str) -> Fault:
    """The reply is of no known shape."""
    return Fault(FailureKind.OTHER, f"the reply cannot be read: {what}", retryable=True)


def told_fault(error: Any) -> Fault:
    """An error object that came where an answer should be, under a status of 200."""
    code = error.get("code", error.get("status")) if isinstance(error, dict) else None
    if isinstance(code, int) and 400 <= code < 600:
        return http_fault(code, error)
    words = provider_message(error) or "the server reports an error"
    kind = FailureKind.CONTENT_FILTER if _is_filter(error) else FailureKind.OTHER
    return Fault(kind, words, retryable=kind is FailureKind.OTHER)


def half_fault(reply: Reply | None = None) -> Fault:
    """The reply ended, and the server had not said that the answer was complete."""
    words = "the reply ended before the answer was complete"
    return Fault(FailureKind.OTHER, words, retryable=True, reply=reply)


def provider_message(body: Any) -> str:
    """The provider's own words in an error body, or an empty string."""
    if isinstance(body, bytes):
        body = body.decode("utf-8", "replace")
    if isinstance(body, str):
        try:
            decoded = json.loads(body)
        except ValueError:
            return body.strip()
        return provider_message(decoded) if isinstance(decoded, dict | list) else body.strip()
    if isinstance(body, list) and body:
        return provider_message(body[0])
    if not isinstance(body, dict):
        return ""
    for name in ("error", "message", "detail", "error_description", "title"):
        if words := provider_message(body.get(name)):
            return words
    return json.dumps(body, ensure_ascii=False, default=str)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that `retry-after-ms` or `Retry-After` (seconds or an HTTP date) asks for, or None."""
    lower = {name.lower(): value for name, value in headers.items()}
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(lower[name]) * scale
        except (KeyError, ValueError):
            continue
        return seconds if 0 <= seconds < float("inf") else None
    try:
        moment = parsedate_to_datetime(lower["retry-after"])
    except (KeyError, ValueError, TypeError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
