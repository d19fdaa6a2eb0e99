"""`arena-hard`: the judge answers the question itself, then compares and gives one of five labels.

The reply contract is Arena-Hard-Auto's: the last `[[A>>B]]`, `[[A>B]]`, `[[A=B]]`, `[[B>A]]` or `[[B>>A]]`,
also turned round as in `[[B<A]]`; if no label has two brackets, the last one with a single pair. For
creative writing, which has no right answer, the judge does not write its own first (Arena-Hard v2).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from palestra.judges.fence import RULE
from palestra.judges.protocols.base import (
    MATERIAL,
    Reading,
    Unreadable,
    prose,
    share_winner,
    without_thinking,
)
from palestra.judges.protocols.labels import LABEL_SHARES, read_label
from palestra.judges.protocols.pairwise import CHOICES
from palestra.judges.protocols.template import Template, Templated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from palestra.records.prompt import Prompt

CREATIVE = frozenset({"creative_writing", "creative writing", "creative-writing"})
"""Categories in which the judge writes no answer of its own."""

_ROLE = """\
You are an impartial judge of two answers, A and B, that two assistants gave to the same request. Decide \
which one is the better answer to what the person wrote. """

_OWN_ANSWER = """\
Before anything else write down your own answer to the request; do not judge before you have. Then hold both \
answers against yours, and name and correct what is wrong in them. """

_NO_OWN_ANSWER = """\
There is no single right answer here, so do not write one of your own. Hold the two answers against each \
other, and name and correct what is wrong in them. """

_CRITERIA = """\
Weigh whether each answer helps: it does what was asked, correctly, or asks back where the request is \
ambiguous and guessing would be worse. Weigh whether all of it belongs to the request, and whether it is \
said clearly and without padding. Where the request calls for it, weigh originality too. Last, say what an \
answer lacks that the person would have wanted. The order of the answers is no merit."""

_BRACKETS = (re.compile(r"\\?\[\\?\[([^\[\]]{1,40})\\?\]\\?\]"), re.compile(r"\[([^\[\]]{1,20})\]"))


@dataclass(frozen=True)
class ArenaHard(Templated):
    """Five labels, after an answer of the judge's own."""

    name: ClassVar[str] = "arena-hard"
    telltale: ClassVar[str] = "[["
    reply: ClassVar[str] = f"""\
After your explanation end with a line of its own that holds your final verdict and nothing else, one of \
these five:

{CHOICES}"""

    @property
    def template(self) -> str:
        """Both templates, as either may be sent."""
        return self._used.text if self.own else f"{self._used.text}\n\f\n{self._creative.text}"

    def parse(self, raw: str) -> Reading | Unreadable:
        """Read a reply: the last label outside thinking blocks counts. Never raises."""
        text = without_thinking(raw).replace(CHOICES.strip(), "")
        for found, label in _labels(text):
            share = LABEL_SHARES[label]
            words = prose(text[: found.start()] + text[found.end() :])
            return Reading(winner=share_winner(share), label=label, pref=share, explanation=words)
        return Unreadable("the reply holds none of the labels [[A>>B]], [[A>B]], [[A=B]], [[B>A]], [[B>>A]]")

    def _sheet(self, prompt: Prompt) -> Template:
        creative = self.own is None and (prompt.category or "").lower() in CREATIVE
        return self._creative if creative else self._used

    @cached_property
    def _used(self) -> Template:
        return self.own or self._made(_OWN_ANSWER)

    @cached_property
    def _creative(self) -> Template:
        return self._made(_NO_OWN_ANSWER)

    def _made(self, method: str) -> Template:
        return Template(f"{_ROLE}{method}{_CRITERIA}\n\n{RULE}", MATERIAL + self.reply)


def _labels(text: str) -> Iterator[tuple[re.Match[str], str]]:
    """The labels, the last first; those in one pair of brackets only if none has two."""
    for brackets in _BRACKETS:
        found = [(match, read_label(match.group(1))) for match in brackets.finditer(text)]
        labels = [(match, label) for match, label in found if label is not None]
        if labels:
            yield from reversed(labels)
            return
