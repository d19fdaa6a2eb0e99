from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from palestra.models.failures import (
    LONGEST_MESSAGE,
    Fault,
    Redactor,
    connection_fault,
    http_fault,
    provider_message,
    retry_after,
    told_fault,
)
from palestra.records.failure import FailureKind

KEY = "sk-live-0123456789abcdef"


@pytest.mark.parametrize(
    ("status", "kind", "retryable"),
    [
        (302, FailureKind.OTHER, False),
        (400, FailureKind.REFUSED, False),
        (401, FailureKind.AUTH, False),
        (402, FailureKind.REFUSED, False),
        (403, FailureKind.AUTH, False),
        (404, FailureKind.REFUSED, False),
        (408, FailureKind.TIMEOUT, True),
        (409, FailureKind.REFUSED, True),
        (413, FailureKind.REFUSED, False),
        (422, FailureKind.REFUSED, False),
        (429, FailureKind.RATE_LIMIT, True),
        (500, FailureKind.OTHER, True),
        (503, FailureKind.OTHER, True),
        (529, FailureKind.OTHER, True),
    ],
)
def test_a_status_says_what_kind_of_failure_it_is(status: int, kind: FailureKind, retryable: bool) -> None:
    fault = http_fault(status, "no")
    assert (fault.kind, fault.retryable, fault.status) == (kind, retryable, status)


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"code": "content_filter", "message": "no"}},
        {"error": {"code": None, "innererror": {"code": "ResponsibleAIPolicyViolation"}}},
        {"error": {"message": "flagged", "metadata": {"flagged_input": "…"}}},
        {"type": "error", "error": {"message": "Output blocked by content filtering policy"}},
        '{"error": "the content filter blocked this prompt"}',
    ],
)
def test_a_filter_is_known_by_the_body(body: Any) -> None:
    assert http_fault(400, body).kind is FailureKind.CONTENT_FILTER
    assert http_fault(403, body).kind is FailureKind.CONTENT_FILTER
    assert http_fault(500, body).kind is FailureKind.OTHER


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": {"message": "Too slow", "type": "x"}}, "Too slow"),
        ({"message": "Too slow"}, "Too slow"),
        ({"error": "Too slow"}, "Too slow"),
        ({"detail": [{"message": "Too slow"}]}, "Too slow"),
        ([{"error": {"message": "Too slow"}}], "Too slow"),
        ('{"error": {"message": "Too slow"}}', "Too slow"),
        (b"Too slow\n", "Too slow"),
        ("<html>Too slow</html>", "<html>Too slow</html>"),
        ({"odd": 1}, '{"odd": 1}'),
        (None, ""),
        ("", ""),
    ],
)
def test_the_providers_own_words_are_found(body: Any, words: str) -> None:
    assert provider_message(body) == words


def test_a_status_without_words_is_told_as_a_number() -> None:
    assert http_fault(502, None).message == "HTTP status 502"


def test_an_error_inside_a_reply_keeps_its_code() -> None:
    assert told_fault({"code": 429, "message": "slow down"}).kind is FailureKind.RATE_LIMIT
    assert told_fault({"code": 502, "message": "down"}).retryable
    assert not told_fault({"code": 401, "message": "who?"}).retryable
    assert told_fault("odd").record().message == "odd"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Fri, 31 Dec 1999 23:59:59 GMT"}, 0.0),
    ],
)
def test_retry_after_is_seconds_or_a_date(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_retry_after_counts_from_now() -> None:
    moment = datetime.now(UTC) + timedelta(seconds=30)
    wait = retry_after({"Retry-After": format_datetime(moment, usegmt=True)})
    assert wait is not None
    assert 27 < wait <= 30


@pytest.mark.parametrize(
    "text",
    [
        f"Incorrect API key provided: {KEY}.",
        "Authorization: Bearer abcdef0123456789",
        'headers: {"x-api-key": "abcdef0123456789"}',
        "https://user:abcdef0123456789@host/v1",
        "got sk-proj-abcdef0123456789 and hf_abcdef0123456789",
        "key AIzaabcdef0123456789",
    ],
)
def test_keys_are_taken_out(text: str) -> None:
    cleaned = Redactor((KEY,)).clean(text)
    assert "abcdef" not in cleaned
    assert "[hidden]" in cleaned
    assert "abcdef" not in repr(Redactor((KEY,)))


@given(st.text(max_size=3000), st.text(max_size=3000))
def test_a_known_key_never_survives(before: str, after: str) -> None:
    cleaned = Redactor((KEY,)).clean(before + KEY + after)
    assert KEY not in cleaned
    assert len(cleaned) <= LONGEST_MESSAGE
    assert "\n" not in cleaned


def test_a_key_cut_by_the_length_does_not_show_in_part() -> None:
    start = "x" * (4 * LONGEST_MESSAGE - 10)
    assert KEY[:10] not in Redactor((KEY,)).clean(start + KEY)


def test_ordinary_words_stay() -> None:
    text = "The basic idea of a bearer of news; max_tokens is too large: 5000. See https://host/a/b."
    assert Redactor((KEY,)).clean(text) == text


def test_a_broken_connection_is_told_by_its_root() -> None:
    error = RuntimeError("Connection error.")
    error.__cause__ = OSError("All connection attempts failed")
    assert connection_fault(error).message == "connection failed: All connection attempts failed"


def test_a_fault_becomes_a_record() -> None:
    fault = Fault(FailureKind.AUTH, f"bad key {KEY}", status=401).cleaned(Redactor((KEY,)))
    assert fault.record().model_dump() == {"kind": "auth", "message": "bad key [hidden]", "status": 401}
    assert Fault(FailureKind.TIMEOUT, " ").cleaned(Redactor()).message == "timeout"
