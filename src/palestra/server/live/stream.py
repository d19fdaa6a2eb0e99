"""One answer while it comes: what was received, what of it is shown, and how it ended."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from palestra.models.base import Delta

if TYPE_CHECKING:
    from palestra.store.arena_matchups import AnswerRow


@dataclass(slots=True)
class Stream:
    """The answer of one slot to one turn.

    Pieces are received, and shown at once; where the pace is kept, they are held until they are released.
    """

    turn: int
    slot: int
    attempt: int
    paced: bool = False
    shown: list[Delta] = field(default_factory=list)
    """What visitors see so far; it only grows."""
    answer: AnswerRow | None = None
    """How it ended, once it has ended and is stored."""
    _held: deque[Delta] = field(default_factory=deque)
    _held_chars: int = 0
    _text_begun: bool = False
    _closed: bool = False
    _half_text: str = ""
    _half_thinking: str = ""

    @property
    def begun(self) -> bool:
        """Whether something is shown of the answer itself, or it has ended."""
        return self._text_begun or self.done

    @property
    def received(self) -> bool:
        """Whether anything has come, shown or held, or it has ended."""
        return bool(self.shown) or bool(self._held) or self.answer is not None

    @property
    def done(self) -> bool:
        """Whether it has ended and is shown whole."""
        return self.answer is not None and (self._closed or not self.paced)

    @property
    def held_chars(self) -> int:
        """How many characters wait to be released."""
        return self._held_chars

    def receive(self, piece: Delta) -> None:
        """Take in what has come. What is no character becomes U+FFFD; half of one waits for the other."""
        thinking, self._half_thinking = whole_characters(self._half_thinking + piece.thinking)
        text, self._half_text = whole_characters(self._half_text + piece.text)
        if not text and not thinking:
            return
        if text is not piece.text or thinking is not piece.thinking:
            piece = Delta(text=text, thinking=thinking)
        if not self.paced:
            self._show(piece)
            return
        for part in (Delta(thinking=piece.thinking), Delta(text=piece.text)):
            if size := len(part.thinking) + len(part.text):
                self._held.append(part)
                self._held_chars += size

    def release(self, most: int) -> bool:
        """Show at most so many characters of what is held; whether there is anything new to see."""
        before = len(self.shown), self._closed
        while most > 0 and self._held:
            piece = self._held.popleft()
            said = piece.thinking or piece.text
            now, later = said[:most], said[most:]
            most -= len(now)
            self._held_chars -= len(now)
            thinking = bool(piece.thinking)
            self._show(Delta(thinking=now) if thinking else Delta(text=now))
            if later:
                self._held.appendleft(Delta(thinking=later) if thinking else Delta(text=later))
        self._closed = self.answer is not None and not self._held
        return before != (len(self.shown), self._closed)

    def drop_held(self) -> None:
        """Forget what was not shown."""
        self._held.clear()
        self._held_chars = 0
        self._closed = True

    def text(self) -> str:
        """The answer as far as it is shown."""
        if self.done and self.answer is not None:
            return self.answer.text or ""
        return self.shown_text()

    def shown_text(self) -> str:
        """What visitors saw of the answer as it came."""
        return "".join(piece.text for piece in self.shown)

    def thinking(self) -> str:
        """The thinking as far as it is shown."""
        if self.done and self.answer is not None:
            return self.answer.thinking or ""
        return "".join(piece.thinking for piece in self.shown)

    def since(self, mark: int) -> Delta:
        """What was shown after the first `mark` pieces, in one piece."""
        new = self.shown[mark:]
        return Delta(text="".join(p.text for p in new), thinking="".join(p.thinking for p in new))

    def _show(self, piece: Delta) -> None:
        self.shown.append(piece)
        self._text_begun = self._text_begun or bool(piece.text.strip())


def whole_characters(text: str) -> tuple[str, str]:
    """The text as it can be sent and stored, and half a character at its end, which is left out.

    Some servers send a character beyond U+FFFF as two halves, one in each piece.
    """
    if text.isascii() and "\0" not in text:
        return text, ""
    half = text[-1:] if "\ud800" <= text[-1:] <= "\udbff" else ""
    whole = text[: len(text) - len(half)].replace("\0", "\ufffd")
    return whole.encode("utf-16", "surrogatepass").decode("utf-16", "replace"), half


def stopped_row(stream: Stream, row: AnswerRow) -> AnswerRow:
    """`row` with what was shown of a stream that was stopped, and no more."""
    thinking = "".join(piece.thinking for piece in stream.shown)
    return replace(row, text=stream.shown_text() or None, thinking=thinking or None, stopped=True)
