"""`<think>…</think>` at the head of an answer, cut out of whole texts and of streams.

Only the head counts: an answer may quote the tags further down, and they stay there.
"""

from __future__ import annotations

from palestra.models.base import Delta

OPEN = "<think>"
CLOSE = "</think>"


def split_thinking(text: str) -> tuple[str, str]:
    """(thinking, answer). A block never closed is all thinking; without one the text stays as it is."""
    head = text.lstrip()
    if not head.startswith(OPEN):
        return "", text
    thinking, _, answer = head[len(OPEN) :].partition(CLOSE)
    return thinking.strip(), answer.lstrip()


class ThinkingSplitter:
    """Sorts the pieces of one streamed answer as `split_thinking` sorts the whole, but for spaces."""

    def __init__(self) -> None:
        self._held = ""
        self._state = "head"

    def feed(self, text: str) -> Delta:
        """What is now known of the text so far; a possible piece of a tag is held back."""
        if self._state == "answer":
            return Delta(text=text)
        self._held += text
        if self._state == "head" and not self._read_head():
            return Delta()
        thinking = self._read_thinking() if self._state == "thinking" else ""
        return Delta(text=self._read_answer(), thinking=thinking)

    def flush(self) -> Delta:
        """What was held back, when nothing more comes."""
        held, self._held = self._held, ""
        return Delta(thinking=held) if self._state == "thinking" else Delta(text=held)

    def _read_head(self) -> bool:
        """Whether the head is decided."""
        head = self._held.lstrip()
        if head.startswith(OPEN):
            self._held = head[len(OPEN) :]
            self._state = "thinking"
        elif OPEN.startswith(head):
            return False
        else:
            self._state = "answer"
        return True

    def _read_thinking(self) -> str:
        thinking, closed, rest = self._held.partition(CLOSE)
        if closed:
            self._held = rest
            self._state = "gap"
            return thinking
        keep = next((n for n in range(len(CLOSE) - 1, 0, -1) if thinking.endswith(CLOSE[:n])), 0)
        self._held = thinking[len(thinking) - keep :]
        return thinking[: len(thinking) - keep]

    def _read_answer(self) -> str:
        if self._state == "gap":
            self._held = self._held.lstrip()
            if self._held:
                self._state = "answer"
        if self._state != "answer":
            return ""
        text, self._held = self._held, ""
        return text
