"""`mt-bench`: two answers compared, ending in `[[A]]`, `[[B]]` or, for a tie, `[[C]]`.

The reply contract of FastChat's pairwise judge. The reference is shown for mathematics, reasoning and
coding, as there, and for prompts without a category. Of a conversation the last turn is what counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from palestra.judges.fence import RULE
from palestra.judges.protocols.base import Reading, Unreadable, prose, without_thinking
from palestra.judges.protocols.template import Template, Templated
from palestra.judges.view import user_turns
from palestra.records.winner import Winner

if TYPE_CHECKING:
    from palestra.records.prompt import Prompt

REFERENCE_CATEGORIES = frozenset({"math", "reasoning", "coding"})
"""Categories whose questions have a right answer to compare with."""

_ROLE = """\
You are an impartial judge of what two assistants, A and B, answered. Decide which of them follows the \
person's instructions and answers the question better. Look at helpfulness, relevance, correctness, depth, \
creativity and the level of detail. The order in which the answers are shown, their length and the names of \
the assistants must not sway you. Be as objective as you can."""

_BY_REFERENCE = """\
 A known good answer is shown. First compare each assistant's answer with it, find the mistakes and correct \
them; correctness counts above all else."""

_LAST_TURN = """\
 The conversations have several turns. Judge the answers to the last one; what came before is context."""

_PLAIN = "{{ prompt }}\n\n{{ answer_a }}\n\n{{ answer_b }}\n\n"
_REFERENCED = (
    "{{ prompt }}\n\nA known good answer:\n\n{{ reference }}\n\n{{ answer_a }}\n\n{{ answer_b }}\n\n"
)
_CHOICES = """\
[[A]] assistant A is better
[[B]] assistant B is better
[[C]] neither is better, a tie
"""
_BRACKETS = re.compile(r"\\?\[\\?\[\s*[*_]*([A-Za-z]{1,3})[*_]*\s*\\?\]\\?\]")
_WINNERS = {"A": Winner.A, "B": Winner.B, "C": Winner.TIE, "TIE": Winner.TIE}


def wants_reference(prompt: Prompt) -> bool:
    """Whether the judge is shown the prompt's reference: there is one, and it is of those categories."""
    known = prompt.category is None or prompt.category.lower() in REFERENCE_CATEGORIES
    return known and bool(prompt.reference or prompt.references)


@dataclass(frozen=True)
class MTBench(Templated):
    """A, B or C."""

    name: ClassVar[str] = "mt-bench"
    telltale: ClassVar[str] = "[["
    reply: ClassVar[str] = f"""\
Begin with a short explanation that compares the two. Then end with your verdict on a line of its own, in \
exactly this form, one of these three:

{_CHOICES}"""

    @property
    def template(self) -> str:
        """All templates, as any may be sent."""
        return self.own.text if self.own else "\n\f\n".join(sheet.text for sheet in self._sheets.values())

    def parse(self, raw: str) -> Reading | Unreadable:
        """Read a reply: the last verdict outside thinking blocks counts. Never raises."""
        text = without_thinking(raw).replace(_CHOICES.strip(), "")
        for found in reversed(list(_BRACKETS.finditer(text))):
            winner = _WINNERS.get(found.group(1).upper())
            if winner is not None:
                words = prose(text[: found.start()] + text[found.end() :])
                return Reading(winner=winner, explanation=words)
        return Unreadable("the reply holds none of [[A]], [[B]], [[C]]")

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
