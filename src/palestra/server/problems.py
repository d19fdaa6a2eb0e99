"""Every error is JSON, `{"error": text}`, with `hint` and `code` where there are any, and a fit status."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from palestra.errors import PalestraError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI
    from starlette.requests import Request

UNEXPECTED = "Something went wrong here; it was noted in the server's log."

_WORDS = {
    403: "This is not allowed.",
    404: "There is nothing here.",
    405: "This method is not allowed here.",
    413: "The request is too large.",
    502: "A model server cannot be reached.",
    503: "The database cannot be reached right now; try again in a moment.",
}
_PLAIN = {"missing": "is missing", "extra_forbidden": "is not known here"}


class Problem(Exception):  # noqa: N818 - a reply, not a fault
    """A reply that says why a request was not followed."""

    def __init__(
        self,
        status: int,
        error: str,
        *,
        code: str | None = None,
        hint: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.code = code
        self.hint = hint
        self.headers = headers

    def response(self) -> JSONResponse:
        """The reply itself."""
        return problem(self.status, self.error, code=self.code, hint=self.hint, headers=self.headers)


def problem(
    status: int,
    error: str,
    *,
    code: str | None = None,
    hint: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """An error as a reply."""
    body = {"error": error, "hint": hint, "code": code}
    told = {name: value for name, value in body.items() if value is not None}
    return JSONResponse(told, status_code=status, headers=None if headers is None else dict(headers))


def handle_problems(app: FastAPI) -> None:
    """Have every error of `app` told in this way."""
    app.add_exception_handler(Problem, _told)
    app.add_exception_handler(PalestraError, _palestra)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)


def _told(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)
    return error.response()


def _palestra(_: Request, error: Exception) -> JSONResponse:
    """What the server's own parts say of a request; of its inner workings nothing is told."""
    assert isinstance(error, PalestraError)
    if error.http_status >= 500:
        return problem(error.http_status, _WORDS.get(error.http_status, UNEXPECTED))
    return problem(error.http_status, error.message, hint=error.hint)


def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    usual = HTTPStatus(error.status_code).phrase
    said = str(error.detail or "")
    words = _WORDS.get(error.status_code, usual) if said in ("", usual, "Content Too Large") else said
    return problem(error.status_code, words, headers=error.headers)


def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return problem(400, "The body is not JSON.")
    return problem(422, _in_words(first))


def _in_words(error: Mapping[str, Any]) -> str:
    where, *rest = (str(part) for part in error["loc"])
    name = ".".join(rest)
    message = str(error["msg"]).removeprefix("Value error, ")
    if not name:
        return message if where != "body" or error["type"] == "value_error" else "A JSON body is expected."
    return f"{name}: {_PLAIN.get(error['type'], message[:1].lower() + message[1:])}"
