"""What every protocol has: a template that asks for a verdict, and a parser that reads the reply."""

from __future__ import annotations

import re
import typing
from dataclasses import dataclass

from palestra.records.winner import Winner

if typing.TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from palestra.judges.fence import Fence
    from palestra.records.battle import Text
    from palestra.records.matchup import Matchup, Order
    from palestra.records.prompt import Message, Prompt
    from palestra.records.response import Response

ROLE = """\
You compare two answers to the same question and judge which one serves the person who asked better. \
What counts is, in this order: that it is right, that it does what was asked, that nothing needed is \
missing, and that it is clear. Length, tone, formatting and the order in which the answers are shown are \
no merit. Work out for yourself what a good answer must hold before you compare."""

MATERIAL = """\
{{ prompt }}

{% if reference %}
A known good answer, to compare with:

{{ reference }}

{% endif %}
{{ answer_a }}

{{ answer_b }}

"""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reply says, told of the answers as they were shown: A first, B second."""

    winner: Winner
    label: str | None = None
    """One of the five labels, where the protocol has them."""
    score_first: float | None = None
    score_second: float | None = None
    pref: float | None = None
    """The share of the win that goes to the answer shown first, where the reply says more than a winner."""
    explanation: str | None = None
    """The judge's own words, without the verdict; None if there are none."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a reply holds no verdict."""

    reason: str
    hopeless: bool = False
    """Whether asking once more cannot help."""


class Protocol(typing.Protocol):
    """How a language model is asked for a verdict, and how its reply is read."""

    @property
    def name(self) -> str:
        """As in the config."""

    @property
    def template(self) -> str:
        """All that is sent besides the judged texts and the mark, for whatever prompt."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """What else decides how a reply is read, as JSON data: part of the content key."""

    @property
    def json_schema(self) -> Mapping[str, Any] | None:
        """The schema that the server is asked to keep to; None for prose."""

    @property
    def top_logprobs(self) -> int | None:
        """How many tokens' log-probabilities the protocol reads; None for those that read words."""

    @property
    def ties_equals(self) -> bool:
        """Whether two equal answers are a tie without asking."""

    def template_for(self, prompt: Prompt) -> str:
        """What of the template is sent for this prompt."""

    def shows_reference(self, prompt: Prompt) -> bool:
        """Whether the template for this prompt has a place for the reference answer."""

    def render(self, matchup: Matchup, order: Order, fence: Fence) -> tuple[Message, ...]:
        """The conversation to send: a system message, then a user message."""

    def words(self, response: Response) -> str:
        """What of a reply `parse` reads, and what is kept as its raw text."""

    def parse(self, raw: str) -> Reading | Unreadable:
        """Read a reply. Never raises."""


def last_words(text: Text | None) -> str:
    """A reply as a text; of a conversation, its last message."""
    if isinstance(text, str):
        return text
    return text[-1].content if text else ""


_THINK = re.compile(r"<\s*(/?)\s*think(?:ing)?\s*>", re.IGNORECASE)


def without_thinking(raw: str) -> str:
    """The reply without its thinking blocks, `<think>…</think>` or `<thinking>…</thinking>`.

    A block that is never closed reaches to the end. One that was never opened began with the reply:
    some servers leave the opening tag in the prompt.
    """
    kept: list[str] = []
    start, inside = 0, False
    for tag in _THINK.finditer(raw):
        closing = bool(tag.group(1))
        if not inside and not closing:
            kept.append(raw[start : tag.start()])
            inside = True
        elif closing:
            if not inside:
                kept.clear()
            inside, start = False, tag.end()
    if not inside:
        kept.append(raw[start:])
    return "".join(kept).strip()


def prose(text: str) -> str | None:
    """`text` without the white space and Markdown marks around it; None if nothing is left."""
    return text.strip().strip("*_`#").strip() or None


def share_winner(share: float) -> Winner:
    """Who won, from A's share of the win in [0, 1]: A above ½, B below, else a tie.

    Shares closer to ½ than 1e-12 count as ½, so that a sum of rounded numbers does not decide.
    """
    if abs(share - 0.5) < 1e-12:
        return Winner.TIE
    return Winner.A if share > 0.5 else Winner.B
