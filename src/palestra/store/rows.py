"""Records to table rows and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from palestra.records.failure import Failure
from palestra.records.response import Response
from palestra.records.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

_FAILURE = ("failure_kind", "failure_message", "failure_status")


def to_row(record: Response | Verdict) -> dict[str, Any]:
    """A record as column values."""
    row = record.model_dump(mode="json", exclude={"failure"})
    failure = record.failure
    values = (None, None, None) if failure is None else (failure.kind.value, failure.message, failure.status)
    return row | dict(zip(_FAILURE, values, strict=True))


def to_response(row: Mapping[str, Any]) -> Response:
    """A row of `responses` as a record."""
    return Response.model_validate(_with_failure(row))


def to_verdict(row: Mapping[str, Any]) -> Verdict:
    """A row of `verdicts` as a record, as it was shown."""
    return Verdict.model_validate(_with_failure(row))


def _with_failure(row: Mapping[str, Any]) -> dict[str, Any]:
    data = dict(row)
    kind, message, status = (data.pop(name) for name in _FAILURE)
    data["failure"] = None if kind is None else Failure(kind=kind, message=message or "", status=status)
    return data
