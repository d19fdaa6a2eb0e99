"""`mt-bench-single`: one answer at a time, graded from 1 to 10, ending in `Rating: [[7]]`.

The reply contract of FastChat's single-answer grading. Two answers are compared by their grades, each
given once however many others the answer meets; grades that differ by 0.1 or less tie, as there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from palestra.judges.fence import RULE
from palestra.judges.protocols.base import Reading, Unreadable, last_words, prose, without_thinking
from palestra.judges.protocols.mt_bench import wants_reference
from palestra.judges.protocols.template import Template, Templated
from palestra.judges.view import answer_values, user_turns
from palestra.records.winner import Winner

if TYPE_CHECKING:
    from palestra.judges.fence import Fence
    from palestra.records.prompt import Message, Prompt
    from palestra.records.response import Response

TIE_DELTA = 0.1
"""Grades no further apart tie."""
LOWEST, HIGHEST = 1.0, 10.0

_ROLE = """\
You are an impartial judge. Grade the answer that an assistant gave. Look at helpfulness, relevance, \
correctness, depth, creativity and the level of detail, and be as objective as you can."""
_BY_REFERENCE = """\
 A known good answer is shown. First compare the assistant's answer with it, find the mistakes and correct \
them; correctness counts above all else."""
_LAST_TURN = """\
 The conversation has several turns. Grade the answer to the last one; what came before is its context."""
_PLAIN = "{{ prompt }}\n\n{{ answer }}\n\n"
_REFERENCED = "{{ prompt }}\n\nA known good answer:\n\n{{ reference }}\n\n{{ answer }}\n\n"

_NUMBER = r"([0-9]{1,3}(?:[.,][0-9]{1,6})?)(?:\s*/\s*10(?:\.0+)?)?"
_DOUBLE = re.compile(rf"\\?\[\\?\[[\s*_]*{_NUMBER}[\s*_]*\\?\]\\?\]")
_NAMED = re.compile(
    rf"\brating[\s*_`]*[:：=][\s*_`]*\[?[\s*_`]*{_NUMBER}(?![0-9]|[.,][0-9]|\s*/|%|\s*(?:-|–|to\b)\s*[0-9])",
    re.IGNORECASE,
)
_SINGLE = re.compile(rf"(?<!\[)\[[\s*_]*{_NUMBER}[\s*_]*\](?!\])")


@dataclass(frozen=True, slots=True)
class Grade:
    """What a reply gives one answer."""

    value: float
    explanation: str | None


@dataclass(frozen=True)
class Single(Templated):
    """A grade from 1 to 10 for one answer."""

    name: ClassVar[str] = "mt-bench-single"
    telltale: ClassVar[str] = "rating"
    shown: ClassVar[tuple[str, ...]] = ("answer",)
    reply: ClassVar[str] = """\
Begin with a short explanation. Then grade the answer from 1 (useless) to 10 (could not be better) on a line \
of its own, in exactly this form:

Rating: [[<a number from 1 to 10>]]
"""

    @property
    def template(self) -> str:
        """All templates, as any may be sent."""
        return self.own.text if self.own else "\n\f\n".join(sheet.text for sheet in self._sheets.values())

    def render_one(self, prompt: Prompt, response: Response, fence: Fence) -> tuple[Message, ...]:
        """The conversation to send about one answer."""
        return self._sheet(prompt).render(answer_values(prompt, response, fence))

    def words(self, response: Response) -> str:
        """The reply's text."""
        return last_words(response.text)

    def grade(self, raw: str) -> Grade | Unreadable:
        """Read a reply: the last grade outside thinking blocks counts. Never raises.

        `[[7]]` counts before `Rating: 7`, and that before a lone `[7]`, which might be a footnote and so
        counts only if it is the only one.
        """
        text = without_thinking(raw)
        found = list(_DOUBLE.finditer(text)) or list(_NAMED.finditer(text))
        if not found:
            found = list(_SINGLE.finditer(text))
            if len(found) > 1:
                return Unreadable("the reply holds several numbers in brackets and no Rating: [[n]]")
        if not found:
            return Unreadable("the reply holds no Rating: [[n]]")
        value = float(found[-1].group(1).replace(",", "."))
        if not LOWEST <= value <= HIGHEST:
            return Unreadable(f"{value:g} is not between {LOWEST:g} and {HIGHEST:g}")
        words = text[: found[-1].start()] + text[found[-1].end() :]
        return Grade(value, prose(re.sub(r"\bRating:\s*$", "", words.strip(), flags=re.IGNORECASE)))

    def parse(self, raw: str) -> Reading | Unreadable:
        """A reply about one answer is no verdict on two."""
        return Unreadable("a single grade is no comparison", hopeless=True)

    def _sheet(self, prompt: Prompt) -> Template:
        return self.own or self._sheets[user_turns(prompt) > 1, wants_reference(prompt)]

    @cached_property
    def _sheets(self) -> dict[tuple[bool, bool], Template]:
        """By whether there are several turns, and whether a reference is shown."""
        return {
            (turns, reference): Template(
                _ROLE + (_BY_REFERENCE if reference else "") + (_LAST_TURN if turns else "") + f"\n\n{RULE}",
                (_REFERENCED if reference else _PLAIN) + self.reply,
            )
            for turns in (False, True)
            for reference in (False, True)
        }


def graded_winner(a: float, b: float) -> Winner:
    """Who won by the grades."""
    if abs(a - b) <= TIE_DELTA + 1e-9:
        return Winner.TIE
    return Winner.A if a > b else Winner.B
