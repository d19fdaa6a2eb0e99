"""Pydantic's findings → one `ConfigError` in plain words that names every place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from palestra.config.document import Document, Loc
from palestra.config.schema import Config
from palestra.errors import ConfigError, nearest

MOST_SHOWN = 20


def config_error(error: ValidationError, document: Document) -> ConfigError:
    """The first problem as the error; the others, each with its place, in its hint."""
    problems = [_problem(found, document) for found in error.errors(include_url=False)]
    first, others = problems[0], list(dict.fromkeys(str(problem) for problem in problems))[1:]
    left = len(others) - MOST_SHOWN
    if left > 0:
        others = [*others[:MOST_SHOWN], f"… and {left} more"]
    return ConfigError(
        first.message, path=first.path, line=first.line, key=first.key, hint="\n  ".join(others) or None
    )


def _problem(found: Any, document: Document) -> ConfigError:
    context = found.get("ctx") or {}
    loc: Loc = tuple(context.get("at") or found["loc"])
    return document.spot(loc).error(_words(found, loc, context))


def _words(found: Any, loc: Loc, context: dict[str, Any]) -> str:
    kind, value = found["type"], found.get("input")
    seen = "something else" if loc[-1:] == ("api_key",) else shown(value)
    match kind:
        case "extra_forbidden":
            return f"unknown key; {nearest(str(loc[-1]), _known(loc[:-1]))}"
        case "missing":
            return "is missing"
        case "value_error":
            return str(context["error"])
        case "palestra":
            return str(context["text"])
        case "enum" | "literal_error":
            return _choice(value, context["expected"])
        case "string_too_short":
            return "must not be empty"
        case "string_pattern_mismatch":
            return f"{seen} is not allowed here"
    limit = _LIMITS.get(kind)
    if limit is not None:
        name, words = limit
        return f"{seen} is {words} {context[name]:g}"
    expected = _EXPECTED.get(kind)
    if expected is None:
        return f"{seen}: {found['msg'][:1].lower()}{found['msg'][1:]}"
    if value is None:
        return f"is empty; expected {expected}"
    quotes = "; put it in quotes" if kind == "string_type" and not isinstance(value, list | dict) else ""
    return f"expected {expected}, got {seen}{quotes}"


_LIMITS = {
    "greater_than_equal": ("ge", "too small, expected at least"),
    "greater_than": ("gt", "too small, expected more than"),
    "less_than_equal": ("le", "too large, expected at most"),
    "less_than": ("lt", "too large, expected less than"),
}

_EXPECTED = {
    "string_type": "text",
    "path_type": "a path",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a mapping (keys with values)",
    "model_type": "a mapping (keys with values)",
    "model_attributes_type": "a mapping (keys with values)",
}


def shown(value: Any) -> str:
    """A value as it looked, cut short: `-1`, `'abc'`, `true`, `a list`."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case dict():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case str():
            return repr(value if len(value) <= 60 else f"{value[:59]}…")
    return str(value)


def _choice(value: Any, expected: str) -> str:
    choices = [word.strip("'") for word in expected.replace(" or ", ", ").split(", ")]
    listed = ", ".join(choices)
    if not isinstance(value, str):
        return f"expected one of {listed}; got {shown(value)}"
    guess = nearest(value, choices)
    return f"{shown(value)} is not one of {listed}" + (f"; {guess}" if guess.startswith("did") else "")


def _known(loc: Loc) -> list[str]:
    """The keys that the section at `loc` may hold."""
    section: type[BaseModel] = Config
    for part in loc:
        if isinstance(part, str):
            annotation = section.model_fields[part].annotation
            section = next(_sections(annotation), section)
    return list(section.model_fields)


def _sections(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _sections(inner)
