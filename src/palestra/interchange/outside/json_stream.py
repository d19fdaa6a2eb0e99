"""The values of a JSON text, one after another, without the whole of it in memory.

They are the members of a list at the top, or values one after another. A damaged value is told apart from the
ones after it by counting brackets, or, outside a list, by the next line.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from palestra.interchange.json_text import decode_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CHUNK = 1 << 20
"""Characters read at once."""
_LONGEST = 1 << 29
"""Characters of one value; a longer one is taken for a damaged one."""
_SPACES = re.compile(r"[ \t\r\n]*")
_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|[{}\[\]]|"', re.DOTALL)
_RAW = json.JSONDecoder()


class Broken:
    """A value that is no JSON, and why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


class JsonStream:
    """Iterates over (line, value); a value may be `Broken`. `element` is which of its list the last one was,
    from 1, where its line alone does not tell; else None.
    """

    def __init__(self, read: Callable[[int], str]) -> None:
        self._read = read
        self._text = ""
        self._at = 0
        self._line = 1
        self._counted = 0
        self._ended = False
        self._used_line = 0
        self.element: int | None = None

    def __iter__(self) -> Iterator[tuple[int, Any]]:
        if not self._skip_spaces():
            return
        in_list = self._text[self._at] == "["
        count = 0
        if in_list:
            self._enter()
        while self._skip_spaces():
            mark = self._text[self._at]
            if in_list and mark == ",":
                self._at += 1
            elif in_list and mark == "]":
                self._at += 1
                in_list = False
                if self._skip_spaces() and self._text[self._at] == "[":
                    self._enter()  # another list after this one
                    in_list, count = True, 0
            else:
                count += 1
                shared = in_list and self._where() == self._used_line
                found = self._value(in_list)
                self._used_line = self._where()
                self.element = count if shared else None
                yield found
        self.element = None
        if in_list:
            yield self._where(), Broken("the file ends within a list (cut off?)")

    def _enter(self) -> None:
        """Go into the list that begins here."""
        self._used_line = self._where()
        self._at += 1

    def _more(self) -> bool:
        """Read on; what was used is let go."""
        if self._ended:
            return False
        self._where()
        chunk = self._read(max(_CHUNK, len(self._text) - self._at))
        self._text = self._text[self._at :] + chunk
        self._at = self._counted = 0
        self._ended = not chunk
        return bool(chunk)

    def _skip_spaces(self) -> bool:
        """Go to the next sign that is no space; False at the end."""
        while True:
            found = _SPACES.match(self._text, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._text):
                return True
            if not self._more():
                return False

    def _where(self) -> int:
        """The line of the place, from 1."""
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line

    def _value(self, in_list: bool) -> tuple[int, Any]:
        line = self._where()
        if self._text[self._at] not in "{[":
            return line, self._broken(in_list, "expected an object", self._end_of_scalar())
        end = self._end_of_value(in_list)
        if end is None:
            self._at = len(self._text)
            return line, Broken("the file ends within a value (cut off?)")
        source = self._text[self._at : end]
        try:
            value = decode_json(source)
        except ValueError as error:
            return line, self._broken(in_list, str(error), end)
        self._at = end
        return line, value

    def _end_of_value(self, in_list: bool) -> int | None:
        """Where the value ends; None if the text ends before. Outside a list, a line that begins with another
        object ends a damaged one.
        """
        while True:
            try:
                return _RAW.raw_decode(self._text, self._at)[1]
            except (ValueError, RecursionError):
                end = _balanced(self._text, self._at, whole=self._ended)
            if end is None and not in_list:
                next_line = self._text.find("\n{", self._at)
                end = next_line if next_line >= 0 else None
            if end is not None:
                return end
            if len(self._text) - self._at > _LONGEST or not self._more():
                return None

    def _end_of_scalar(self) -> int | None:
        """Where a number, text or word ends; None if it is none."""
        for _ in range(2):
            try:
                end = _RAW.raw_decode(self._text, self._at)[1]
            except ValueError:
                end = len(self._text)
            if end < len(self._text):
                return end
            self._more()
        return None

    def _broken(self, in_list: bool, reason: str, end: int | None = None) -> Broken:
        """Go behind a damaged value."""
        if end is not None and in_list:
            self._at = end
            return Broken(reason)
        while (found := self._text.find("\n", self._at)) < 0 and self._more():
            pass
        self._at = len(self._text) if found < 0 else found
        return Broken(reason)


def _balanced(text: str, start: int, *, whole: bool) -> int | None:
    """Behind the bracket that closes the one at `start`; None if there is none.

    A bracket of the other kind closes what was left open; a quote without its partner on the line counts for
    nothing. Of a text that goes on (not `whole`), the last line is not known yet.
    """
    still_open: list[str] = []
    for token in _TOKEN.finditer(text, start):
        mark = token.group()
        if mark == '"' and not whole and text.find("\n", token.end()) < 0:
            return None
        if mark in "{[":
            still_open.append(mark)
        elif mark in "}]":
            opening = "{" if mark == "}" else "["
            if opening not in still_open:
                return token.start()
            while still_open.pop() != opening:
                pass
            if not still_open:
                return token.end()
    return None
