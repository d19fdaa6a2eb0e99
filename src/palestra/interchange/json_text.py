"""JSON texts, read strictly enough that nothing in them can hurt later."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from palestra.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONTAINERS = ("data", "rows")
"""Keys under which a JSON object may hold the list of rows."""

_SPACES = " \t\r\n"


def _constant(word: str) -> None:
    if word != "NaN":
        raise ValueError(f"{word} is not a JSON number")


def _number(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{text} is too large for a number")
    return value


_DECODER = json.JSONDecoder(parse_constant=_constant, parse_float=_number)


def decode_json(text: str) -> Any:
    """The value of one JSON text. NaN, which Python and pandas write, is None.

    Raises:
        ValueError: not JSON, an infinite number, nested too deeply, or a text with half a surrogate pair.
    """
    try:
        value = _DECODER.decode(text.rstrip(_SPACES))  # so that what is cut off ends on its own line
    except json.JSONDecodeError as error:
        raise ValueError(f"{error.msg} at column {error.colno}") from error
    except RecursionError:
        raise ValueError("nested too deeply") from None
    check_text(text, value)
    return value


def check_text(source: str, value: Any) -> None:
    """Make sure that the texts in `value`, read from `source`, can be written as UTF-8.

    Raises:
        ValueError: a text holds half of a surrogate pair.
    """
    if "\\ud" not in source and "\\uD" not in source:
        return
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise ValueError("a text holds half of a surrogate pair, which is no character") from error


def rows_of_json(text: str, path: Path) -> Iterator[tuple[int, Any]]:
    """The rows in the text of a JSON file, each with its line.

    They are the members of a list, of a list under one of `CONTAINERS`, or values one after another.

    Raises:
        DataError: the text is not JSON; the line is named.
    """
    scanner = _Scanner(text, path)
    while not scanner.at_end():
        if scanner.peek() == "[":
            yield from scanner.members()
            continue
        start = scanner.position
        line, value = scanner.value()
        key = next((key for key in CONTAINERS if _holds_rows(value, key)), None)
        if key is None:
            yield line, value
        else:
            end = scanner.position
            scanner.position = start
            scanner.enter(key)
            yield from scanner.members()
            scanner.position = end


def _holds_rows(value: Any, key: str) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get(key), list)
        and all(isinstance(member, dict) for member in value[key])
    )


class _Scanner:
    """A place in a JSON text. Values are decoded by the json module; only brackets are walked here."""

    def __init__(self, text: str, path: Path) -> None:
        self._text = text
        self._path = path
        self._counted = (0, 1)
        self.position = 0

    def _line(self, position: int) -> int:
        known, line = self._counted
        if position < known:
            known, line = 0, 1
        line += self._text.count("\n", known, position)
        self._counted = (position, line)
        return line

    def _fail(self, message: str, position: int) -> DataError:
        column = position - self._text.rfind("\n", 0, position)
        return DataError(
            f"bad JSON: {message} at column {column}", path=self._path, line=self._line(position)
        )

    def _skip(self) -> None:
        text, position = self._text, self.position
        while position < len(text) and text[position] in _SPACES:
            position += 1
        self.position = position

    def at_end(self) -> bool:
        """Whether nothing but spaces is left."""
        self._skip()
        return self.position == len(self._text)

    def peek(self) -> str:
        """The next character that is not a space, or an empty string."""
        self._skip()
        return self._text[self.position : self.position + 1]

    def _take(self, allowed: str) -> str:
        found = self.peek()
        if not found or found not in allowed:
            wanted = " or ".join(repr(char) for char in allowed)
            raise self._fail(
                f"expected {wanted}, found {found!r}" if found else f"{wanted} is missing", self.position
            )
        self.position += 1
        return found

    def value(self) -> tuple[int, Any]:
        """Decode the next value; with its line."""
        self._skip()
        start = self.position
        try:
            value, self.position = _DECODER.raw_decode(self._text, start)
            check_text(self._text[start : self.position], value)
        except json.JSONDecodeError as error:
            raise self._fail(error.msg, error.pos) from error
        except ValueError as error:
            raise self._fail(str(error), start) from error
        except RecursionError:
            raise self._fail("nested too deeply", start) from None
        return self._line(start), value

    def members(self) -> Iterator[tuple[int, Any]]:
        """The members of the list that begins here."""
        self._take("[")
        if self.peek() == "]":
            self.position += 1
            return
        while True:
            yield self.value()
            if self._take(",]") == "]":
                return

    def enter(self, key: str) -> None:
        """Go to the value of `key` in the object that begins here, which was decoded before."""
        self._take("{")
        while True:
            _, name = self.value()
            self._take(":")
            if name == key:
                return
            self.value()
            self._take(",")
