"""One model's answers out of a file, in our own shape or a common outside one."""

from __future__ import annotations

import reprlib
from collections import defaultdict
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from palestra.errors import DataError, nearest
from palestra.interchange.evalscope_outputs import output_files
from palestra.interchange.json_text import decode_json
from palestra.interchange.rows import Row, read_rows
from palestra.records.failure import Failure, FailureKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

ANSWER_COLUMNS = ("response", "output", "answer", "completion", "text", "choices", "messages")
MODEL_COLUMNS = ("model", "generator", "model_name", "model_id")
ID_COLUMNS = ("question_id", "id", "instruction_id", "prompt_id", "uid", "uuid", "conversation_id")
PROMPT_COLUMNS = ("prompt", "query", "instruction", "question", "turns", "messages", "conversation", "text")


@dataclass(frozen=True, slots=True)
class Answer:
    """One recorded answer, or why there is none."""

    turns: tuple[str, ...]
    """What the model said, a text per turn; empty if it failed."""
    thinking: str | None
    failure: Failure | None
    finish_reason: str | None
    latency_ms: float | None
    tokens_in: int | None
    tokens_out: int | None
    prompt: bytes | None
    """`text_mark` of the prompt's first turn; None if the row does not hold it."""


@dataclass(frozen=True, slots=True)
class Answers:
    """All answers of one model, by question and by the prompt's text; each by repeat."""

    by_id: Mapping[str, Mapping[int, Answer]]
    by_prompt: Mapping[bytes, Mapping[int, Answer]]

    def find(self, question_id: str, marks: Iterable[bytes], repeat: int) -> Answer | None:
        """The answer to a question whose user turns have these marks.

        An id that stands beside another prompt is no match; the prompt's text is one.
        """
        known = tuple(marks)
        answer = self.by_id.get(question_id, {}).get(repeat)
        if answer is not None and (answer.prompt is None or answer.prompt in known):
            return answer
        found = (self.by_prompt[mark].get(repeat) for mark in known if mark in self.by_prompt)
        return next((answer for answer in found if answer is not None), None)


def text_mark(text: str) -> bytes:
    """What stands for a prompt's text: 16 bytes of BLAKE2b, spaces around it left out."""
    return blake2b(text.strip().encode("utf-8", "surrogatepass"), digest_size=16).digest()


def read_answers(path: Path, wanted: str, *, strict: bool) -> Answers:
    """The answers of the model that the file calls `wanted`.

    A file without a model column holds one model. If not `strict`, so does one that names a single
    model, whatever its name. Rows of one question without a `repeat` are its repeats in file order.

    Raises:
        DataError: the file or a row cannot be read, or the model is not in it.
    """
    column: str | None = None
    names: dict[str, None] = {}
    book = _Book(path)
    for place, row in _rows(path):
        book.path = place
        column = _first(MODEL_COLUMNS, row.data)
        name = None if column is None else str(row.data[column])
        if name is not None:
            names[name] = None
        if name is None or name == wanted:
            book.add(row)
    if not book.empty:
        return book.answers()
    if len(names) == 1 and not strict:
        return read_answers(path, next(iter(names)), strict=True)
    shown = ", ".join(sorted(names)[:20])
    raise DataError(
        f"no answers of {wanted!r}; there are answers of: {shown}",
        path=path,
        key=column,
        hint=f"{nearest(wanted, names)} Name the one you mean in `name_in_file`",
    )


def _rows(path: Path) -> Iterator[tuple[Path, Row]]:
    """Each row and the file that it is in: of an EvalScope run there are several."""
    outputs = output_files(path)
    for file in outputs:
        for row in file.rows():
            yield file.path, row
    if not outputs:
        for row in read_rows(path):
            yield path, row


class _Book:
    """Answers while they are read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._by_id: defaultdict[str, dict[int, Answer]] = defaultdict(dict)
        self._by_prompt: defaultdict[bytes, dict[int, Answer]] = defaultdict(dict)
        self.empty = True

    def answers(self) -> Answers:
        return Answers(dict(self._by_id), dict(self._by_prompt))

    def add(self, row: Row) -> None:
        self.empty = False
        data = row.data
        column = _first(ANSWER_COLUMNS, data)
        if column is None:
            raise self._wrong(row, f"no answer: none of the columns {', '.join(ANSWER_COLUMNS)} is there")
        prompt = self._prompt(row, column)
        id_column = _first(ID_COLUMNS, data)
        question_id = None if id_column is None else str(data[id_column])
        if question_id is None and prompt is None:
            raise self._wrong(row, "neither a question_id nor a prompt says what is answered")
        answer = self._answer(row, column, prompt)
        repeat = self._number(row, "repeat")
        for index, key in ((self._by_id, question_id), (self._by_prompt, prompt)):
            if key is not None:
                answers: dict[int, Answer] = index[key]  # type: ignore[index]
                answers[len(answers) if repeat is None else int(repeat)] = answer

    def _answer(self, row: Row, column: str, prompt: bytes | None) -> Answer:
        failure = self._failure(row)
        turns = () if failure is not None else self._turns(row, column)
        if failure is None and not any(turn.strip() for turn in turns):
            turns, failure = (), Failure(kind=FailureKind.EMPTY, message="the recorded answer holds no text")
        tokens_in, tokens_out = self._number(row, "tokens_in"), self._number(row, "tokens_out")
        return Answer(
            turns=turns,
            thinking=self._text(row, "thinking"),
            failure=failure,
            finish_reason=self._text(row, "finish_reason"),
            latency_ms=self._number(row, "latency_ms"),
            tokens_in=None if tokens_in is None else int(tokens_in),
            tokens_out=None if tokens_out is None else int(tokens_out),
            prompt=prompt,
        )

    def _turns(self, row: Row, column: str) -> tuple[str, ...]:
        value = row.data[column]
        if value is None:
            return ()
        if isinstance(value, str):
            return (value,)
        said = _chosen(value) if column == "choices" else _texts(value, "assistant")
        if said is None or (column == "messages" and not said):
            raise self._wrong(row, "expected a text or a list of messages", column)
        return said

    def _prompt(self, row: Row, answer_column: str) -> bytes | None:
        kept = answer_column if answer_column != "messages" else None  # which holds both
        columns = [name for name in PROMPT_COLUMNS if name != kept]
        column = _first(columns, row.data)
        if column is None:
            return None
        value = row.data[column]
        if column == "instruction" and isinstance(value, str) and row.data.get("input"):
            value = f"{value}\n\n{row.data['input']}"
        asked = (value,) if isinstance(value, str) else _texts(value, "user")
        if not asked:
            raise self._wrong(row, "expected a text or a list of messages", column)
        return text_mark(asked[0])

    def _failure(self, row: Row) -> Failure | None:
        value = row.data.get("failure")
        if not value:
            return None
        try:
            return Failure.model_validate(decode_json(value) if isinstance(value, str) else value)
        except ValueError as error:
            raise self._wrong(row, "expected {kind, message, status}", "failure") from error

    def _text(self, row: Row, column: str) -> str | None:
        value = row.data.get(column)
        return value if isinstance(value, str) and value else None

    def _number(self, row: Row, column: str) -> float | None:
        value = row.data.get(column)
        if value is None or value == "":
            return None
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            number = -1.0
        if not 0 <= number < float("inf"):
            raise self._wrong(row, f"expected a number of 0 or more, found {reprlib.repr(value)}", column)
        return number

    def _wrong(self, row: Row, message: str, column: str | None = None) -> DataError:
        hint = f"the row has: {', '.join(row.data)}" if column is None else None
        return DataError(message, path=self.path, line=row.line, key=column, hint=hint)


def _first(names: Iterable[str], data: Mapping[str, Any]) -> str | None:
    """The first of the columns that is there and, if any is, not null."""
    there = [name for name in names if name in data]
    return next((name for name in there if data[name] is not None), there[0] if there else None)


def _chosen(value: Any) -> tuple[str, ...] | None:
    """The turns of the first of FastChat's `choices`, `[{"turns": ["…" or {"content": "…"}]}]`."""
    first = value[0] if isinstance(value, list) and value else None
    turns = first.get("turns") if isinstance(first, dict) else None
    if not isinstance(turns, list):
        return None
    said = [turn.get("content") if isinstance(turn, dict) else turn for turn in turns]
    texts = tuple(turn for turn in said if isinstance(turn, str))
    return texts if len(texts) == len(said) else None


def _texts(value: Any, role: str) -> tuple[str, ...] | None:
    """The texts of one role in a list of messages, or a list of texts as it is; None if it is neither."""
    if not isinstance(value, list):
        return None
    if all(isinstance(item, str) for item in value):
        return tuple(value)
    roles = {"assistant": ("assistant", "gpt", "model"), "user": ("user", "human")}[role]
    said = []
    for item in value:
        if not isinstance(item, dict):
            return None
        content = item.get("content", item.get("value"))
        if isinstance(content, dict):  # Arena-Hard 2.0 keeps {"answer": …}
            content = content.get("answer")
        if not isinstance(content, str):
            return None
        if item.get("role", item.get("from")) in roles:
            said.append(content)
    return tuple(said)
