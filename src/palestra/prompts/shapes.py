"""The shapes in which prompt files come, each read into messages and, where there is one, a reference."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from palestra.errors import DataError, nearest
from palestra.interchange.json_text import decode_json
from palestra.records.keys import digest, messages_data
from palestra.records.prompt import Message, Prompt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from palestra.interchange.rows import Row

PROMPT_COLUMNS = (
    "prompt",
    "query",
    "instruction",
    "question",
    "turns",
    "messages",
    "conversations",
    "conversation",
)
"""Columns that can hold a prompt, the first that is there being taken."""

ID_COLUMNS = ("question_id", "id", "instruction_id", "prompt_id", "uid", "uuid", "conversation_id")
"""Columns that can hold a prompt's id, the first that is there being taken."""

_LISTS = ("turns", "messages", "conversations", "conversation")
_ANSWERS = {
    "prompt": ("response", "completion", "answer", "output"),
    "query": ("response", "answer"),
    "instruction": ("output", "response"),
    "question": ("answer", "response"),
}
_ROLES: dict[str, Literal["system", "user", "assistant"]] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "prompter": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "model": "assistant",
    "bot": "assistant",
    "chatgpt": "assistant",
}
_FACTS = ("category", "subset", "language", "lang", "dataset", "system_prompt", "input")

COLUMNS = frozenset(
    (*PROMPT_COLUMNS, *ID_COLUMNS, *_FACTS, "reference", "reference_answer", *sum(_ANSWERS.values(), ()))
)
"""Every column that is looked at, besides a named `field`."""


@dataclass(frozen=True, slots=True)
class Defaults:
    """What the config says of every prompt of a source."""

    dataset: str
    """For rows that name none."""
    forced_dataset: str | None = None
    forced_subset: str | None = None
    field: str | None = None
    references: bool = True


def prompt_of_row(row: Row, place: str, defaults: Defaults) -> tuple[Prompt, bool]:
    """The prompt in a row of `place`, and whether the row names its id (else the id is the content's).

    A content id is the first 16 hex digits of the SHA-256 over the messages. A named `field` alone is
    the prompt; `instruction` is otherwise joined with `input` by an empty line.

    Raises:
        DataError: no prompt is there, it is empty or of a wrong type; the message names file and line.
    """
    reader = _RowReader(row, place, defaults)
    messages, reference = reader.messages()
    own_id = reader.identifier()
    prompt = Prompt(
        question_id=own_id or digest(messages_data(messages))[:16],
        messages=messages,
        dataset=defaults.forced_dataset or reader.fact("dataset") or defaults.dataset,
        subset=defaults.forced_subset or reader.fact("subset"),
        category=reader.fact("category"),
        language=reader.fact("language") or reader.fact("lang"),
        reference=reference if defaults.references else None,
        references=reader.references(messages) if defaults.references else (),
    )
    return prompt, own_id is not None


class _RowReader:
    """One row and where it stands."""

    def __init__(self, row: Row, place: str, defaults: Defaults) -> None:
        self._row = row
        self._place = place
        self._data: Mapping[str, Any] = row.data
        self._defaults = defaults

    def fail(self, message: str, key: str | None = None, hint: str | None = None) -> DataError:
        return DataError(message, path=self._place, line=self._row.line, key=key, hint=hint)

    def messages(self) -> tuple[tuple[Message, ...], str | None]:
        column = self._defaults.field or self._known_column()
        if column not in self._data:
            raise self.fail(
                f"there is no column {column!r}; there are: {', '.join(self._data)}",
                hint=nearest(column, self._data),
            )
        value = self._data[column]
        if isinstance(value, str) and column in _LISTS:
            value = self._list_in_text(column, value)
        if isinstance(value, str):
            turns: list[Message] = [self._user(column, self._with_input(column, value))]
        elif isinstance(value, list) and value:
            turns = [self._turn(f"{column}[{place}]", item) for place, item in enumerate(value)]
        else:
            raise self.fail(f"the prompt is {_kind(value)}; expected a text or a list of messages", column)
        turns, spoken = self._split_answer(column, self._with_system(turns))
        return tuple(turns), self._reference(column, turns) or spoken

    def _known_column(self) -> str:
        there = [column for column in PROMPT_COLUMNS if column in self._data]
        if not there:
            seen = ", ".join(map(repr, self._data)) or "none"
            raise self.fail(f"no column holds a prompt; the columns are: {seen}", hint=self._advice())
        return next((column for column in there if self._data[column] not in (None, "", [])), there[0])

    def _advice(self) -> str:
        unknown = [seen for seen in self._data if seen not in COLUMNS]
        close = [(seen, difflib.get_close_matches(seen.lower(), PROMPT_COLUMNS, n=1)) for seen in unknown]
        guess = next((f"did you mean {match[0]!r} by {seen!r}? " for seen, match in close if match), "")
        return f"{guess}known: {', '.join(PROMPT_COLUMNS)}; or name the column with `field`"

    def _list_in_text(self, column: str, text: str) -> Any:
        """A CSV cell holds a list as JSON text."""
        try:
            return decode_json(text) if text.strip() else ""
        except ValueError as error:
            raise self.fail(f"expected a JSON list: {error}", column) from error

    def _with_input(self, column: str, text: str) -> str:
        more = self._data.get("input") if column == "instruction" and not self._defaults.field else None
        return f"{text}\n\n{more}" if isinstance(more, str) and more.strip() and text.strip() else text

    def _with_system(self, turns: list[Message]) -> list[Message]:
        system = self._data.get("system_prompt")
        if isinstance(system, str) and system.strip() and turns[0].role != "system":
            return [Message(role="system", content=system), *turns]
        return turns

    def _user(self, place: str, text: Any) -> Message:
        return Message(role="user", content=self._text(place, text))

    def _text(self, place: str, value: Any) -> str:
        if isinstance(value, list):
            value = "\n".join(self._part(place, part) for part in value)
        if not isinstance(value, str):
            raise self.fail(f"the text is {_kind(value)}; expected a text", place)
        if not value.strip():
            raise self.fail("the text is empty", place)
        return value

    def _part(self, place: str, part: Any) -> str:
        text = part.get("text") if isinstance(part, dict) else part
        if not isinstance(text, str):
            kind = part.get("type") if isinstance(part, dict) else _kind(part)
            raise self.fail(f"a part is {kind}; only texts can be read", place)
        return text

    def _turn(self, place: str, item: Any) -> Message:
        if isinstance(item, str):
            return self._user(place, item)
        if not isinstance(item, dict):
            raise self.fail(f"a turn is {_kind(item)}; expected a text or {{role, content}}", place)
        content = next((item[key] for key in ("content", "value", "text") if item.get(key) is not None), None)
        role = next((item[key] for key in ("role", "from") if item.get(key) is not None), "user")
        if not isinstance(role, str) or role.lower() not in _ROLES:
            raise self.fail(f"unknown role {role!r}", place, nearest(str(role), _ROLES))
        return Message(role=_ROLES[role.lower()], content=self._text(place, content))

    def _split_answer(self, column: str, turns: list[Message]) -> tuple[list[Message], str | None]:
        """An assistant's last word is the reference, not a part of the prompt."""
        spoken = turns[-1].content if turns[-1].role == "assistant" else None
        asked = turns if spoken is None else turns[:-1]
        if not asked or asked[-1].role != "user":
            raise self.fail("the conversation does not end with a user turn", column)
        return asked, spoken

    def _reference(self, column: str, turns: list[Message]) -> str | None:
        for name in ("reference", "reference_answer"):
            value = self._data.get(name)
            if isinstance(value, list):
                value = self._last_turns(name, value, turns)
            if value is not None and not isinstance(value, str | int | float):
                raise self.fail(f"the reference is {_kind(value)}; expected a text", name)
            if value is not None and str(value).strip():
                return str(value)
        named = ("response", "output", "answer")
        others = named if self._defaults.field else _ANSWERS.get(column, ())
        found = (self._data.get(name) for name in others if name != column)
        return next((str(v) for v in found if isinstance(v, str | int | float) and str(v).strip()), None)

    def references(self, turns: tuple[Message, ...]) -> tuple[str, ...]:
        """Of several turns, the reference answer to each; none if the row has them for the last only."""
        asked = sum(turn.role == "user" for turn in turns)
        for name in ("reference", "reference_answer"):
            value = self._data.get(name)
            if isinstance(value, list) and asked > 1 and all(isinstance(each, str) for each in value):
                return tuple(value)
        return ()

    def _last_turns(self, name: str, values: list[Any], turns: list[Message]) -> Any:
        asked = sum(turn.role == "user" for turn in turns)
        if len(values) != asked:
            raise self.fail(f"{len(values)} references for {asked} turns; expected one for each", name)
        return values[-1]

    def identifier(self) -> str | None:
        for name in ID_COLUMNS:
            value = self._data.get(name)
            if value is None or (isinstance(value, str) and not value.strip()):
                continue
            if isinstance(value, float) and value.is_integer():
                value = int(value)
            if isinstance(value, bool) or not isinstance(value, str | int):
                raise self.fail(f"the id is {_kind(value)}; expected a text or a whole number", name)
            return str(value)
        return None

    def fact(self, name: str) -> str | None:
        value = self._data.get(name)
        if value is None or isinstance(value, list | dict | bytes):
            return None
        return str(value) if str(value).strip() else None


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a truth value"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    if isinstance(value, int | float):
        return f"the number {value!r}"
    if isinstance(value, dict):
        return "an object"
    return "a text" if isinstance(value, str) else "binary data"
