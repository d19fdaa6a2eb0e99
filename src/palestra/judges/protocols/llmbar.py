"""`llmbar`: reasoning in prose that ends in "Therefore, Output (a) is better." or the same of (b).

The reply contract of LLMBar's chain-of-thought evaluators. There is no way to call a tie.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from palestra.judges.fence import RULE
from palestra.judges.protocols.base import Reading, Unreadable, prose, without_thinking
from palestra.judges.protocols.template import Template, Templated
from palestra.records.winner import Winner

_ROLE = """\
You judge which of two outputs carries out an instruction better, and name one. What counts first is that an \
output does precisely what the instruction says, no more and no less; then that it is helpful, accurate, \
detailed enough and harmless. The order of the outputs must not matter, and you may not call it a tie."""
_USER = """\
{{ prompt }}

Output (a):

{{ answer_a }}

Output (b):

{{ answer_b }}

"""
_SAID = r"\bOutput\s+\(([ab])\)\s+is\s+better\b"
_MENTION = re.compile(_SAID, re.IGNORECASE)
_SENTENCE = re.compile(
    rf"(?:^|[.!?\n]\s*|\b(?:therefore|so|thus|hence),?\s+)[*_]*{_SAID}[*_]*(?=\s*(?:[.!]|$))", re.I
)
"""The verdict as a sentence of its own, and not a part of one that weighs."""


@dataclass(frozen=True)
class LLMBar(Templated):
    """Which of two outputs is better, in a sentence."""

    name: ClassVar[str] = "llmbar"
    telltale: ClassVar[str] = "is better"
    reply: ClassVar[str] = """\
First explain briefly how the outputs compare. Always end with one of these two sentences and write nothing \
after it:

Therefore, Output (a) is better.
Therefore, Output (b) is better.
"""

    def parse(self, raw: str) -> Reading | Unreadable:
        """Read a reply: the last such sentence outside thinking blocks counts. Never raises.

        Without one, what is said in passing counts if it always says the same.
        """
        text = without_thinking(raw)
        found = list(_SENTENCE.finditer(text)) or list(_MENTION.finditer(text))
        if not found:
            return Unreadable("the reply says neither that Output (a) nor that Output (b) is better")
        if found[0].re is _MENTION and len({one.group(1).lower() for one in found}) > 1:
            return Unreadable("the reply says of both outputs that they are better, and does not conclude")
        winner = Winner.A if found[-1].group(1).lower() == "a" else Winner.B
        return Reading(winner=winner, explanation=prose(text))

    @cached_property
    def _used(self) -> Template:
        return self.own or Template(f"{_ROLE}\n\n{RULE}", _USER + self.reply)
