"""`pairwise`: some words, then one of five labels from `[[A>>B]]` to `[[B>>A]]`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from palestra.judges.protocols.base import Reading, Unreadable, prose, share_winner, without_thinking
from palestra.judges.protocols.labels import LABEL_SHARES, read_label
from palestra.judges.protocols.template import Templated
from palestra.records.winner import Winner

_BRACKETS = re.compile(r"\\?\[\\?\[([^\[\]]{1,40})\\?\]\\?\]")
_SHORT = {"A": Winner.A, "B": Winner.B, "C": Winner.TIE, "TIE": Winner.TIE}
"""The labels of older prompts, which name only the winner; C is a tie."""


CHOICES = """\
[[A>>B]] answer A is much better
[[A>B]] answer A is better
[[A=B]] neither is better
[[B>A]] answer B is better
[[B>>A]] answer B is much better
"""


@dataclass(frozen=True)
class Pairwise(Templated):
    """Five labels. `[[A]]`, `[[B]]` and `[[C]]` (a tie) are read too; they have no strength."""

    name: ClassVar[str] = "pairwise"
    telltale: ClassVar[str] = "[["
    reply: ClassVar[str] = f"""\
Compare answer A with answer B in a few sentences. Then end with a line of its own that holds your \
verdict and nothing else, one of these five:

{CHOICES}"""

    def parse(self, raw: str) -> Reading | Unreadable:
        """Read a reply: the last label outside thinking blocks counts. Never raises.

        A model that repeats the list of choices has not chosen the last of them.
        """
        text = without_thinking(raw).replace(CHOICES.strip(), "")
        for found in reversed(list(_BRACKETS.finditer(text))):
            label = read_label(found.group(1))
            winner = _winner(label, found.group(1))
            if winner is not None:
                words = prose(text[: found.start()] + text[found.end() :])
                return Reading(
                    winner=winner,
                    label=label,
                    pref=None if label is None else LABEL_SHARES[label],
                    explanation=words,
                )
        return Unreadable("the reply holds none of the labels [[A>>B]], [[A>B]], [[A=B]], [[B>A]], [[B>>A]]")


def _winner(label: str | None, written: str) -> Winner | None:
    if label is not None:
        return share_winner(LABEL_SHARES[label])
    return _SHORT.get(written.strip(" *_`\\").upper())
