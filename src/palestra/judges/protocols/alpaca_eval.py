"""`alpaca-eval`: one token, `m` for the answer shown first or `M` for the second, read by its chances.

The share of the win is P(m) / (P(m) + P(M)) over the judge's log-probabilities of its first token, which is
AlpacaEval 2's weighted preference: its `preference` is 2 minus the share of its first output. A token that is
not among those the server tells has chance 0, as there; if neither is, nothing can be read.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from palestra.interchange.json_text import decode_json
from palestra.judges.fence import RULE
from palestra.judges.protocols.base import Reading, Unreadable, last_words, share_winner
from palestra.judges.protocols.template import Template, Templated
from palestra.models.chances import token_chances

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from palestra.records.response import Response

FIRST, SECOND = "m", "M"
"""What names the answer shown first and the one shown second."""
TOP = 5
"""So many tokens' chances are asked for, as AlpacaEval does."""

_ROLE = """\
You rank answers of language models. Two models were given the same instruction. Which of the two answers \
would most people prefer? Model m wrote answer A, model M wrote answer B."""
_USER = """\
{{ prompt }}

Answer of model m:

{{ answer_a }}

Answer of model M:

{{ answer_b }}

"""


@dataclass(frozen=True)
class AlpacaEval(Templated):
    """`m` or `M`, weighted by their chances."""

    name: ClassVar[str] = "alpaca-eval"
    telltale: ClassVar[str] = "best answer"
    top_logprobs: ClassVar[int | None] = TOP
    ties_equals: ClassVar[bool] = True
    reply: ClassVar[str] = """\
Name the model that wrote the best answer. Reply with m or M, one letter and nothing else: no quotes, no \
explanation, no space before it.
"""

    def words(self, response: Response) -> str:
        """The reply as JSON in the shape of OpenAI's choices: `{text, logprobs: {content: […]}}`."""
        text = last_words(response.text)
        if response.chances is None:
            return text
        content = [
            {
                "token": token.token,
                "logprob": token.logprob,
                "top_logprobs": [{"token": name, "logprob": chance} for name, chance in token.top],
            }
            for token in response.chances[:1]
        ]
        return json.dumps({"text": text, "logprobs": {"content": content}}, ensure_ascii=False)

    def parse(self, raw: str) -> Reading | Unreadable:
        """Read a reply with its log-probabilities, as `words` or AlpacaEval keep it. Never raises."""
        chances = _first_token(raw)
        if chances is None:
            return Unreadable(
                "the server told no log-probabilities, which the protocol alpaca-eval reads", hopeless=True
            )
        share = weighted_share(chances)
        if share is None:
            return Unreadable(f"neither {FIRST} nor {SECOND} is among the {len(chances)} likeliest tokens")
        return Reading(winner=share_winner(share), pref=share)

    @cached_property
    def _used(self) -> Template:
        return self.own or Template(f"{_ROLE}\n\n{RULE}", _USER + self.reply)


def weighted_share(chances: Mapping[str, float]) -> float | None:
    """P(m) / (P(m) + P(M)) in [0, 1] from log-probabilities by token; None if it has neither.

    If the server writes neither letter bare, as some tokenizers have them only with a space before it,
    such tokens stand for them.
    """
    first, second = (chances.get(name, -math.inf) for name in (FIRST, SECOND))
    if first == second == -math.inf:
        first, second = (_spaced(chances, name) for name in (FIRST, SECOND))
        if first == second == -math.inf:
            return None
    gap = first - second
    small = math.exp(-abs(gap))
    return 1.0 / (1.0 + small) if gap >= 0 else small / (1.0 + small)


def preference(share: float) -> float:
    """AlpacaEval's number, from 1 (its first output wins) to 2 (its second), from the first's share."""
    return 2.0 - share


def _spaced(chances: Mapping[str, float], letter: str) -> float:
    known = [chance for token, chance in chances.items() if token.strip(" \t\n\u2581\u0120") == letter]
    most = max(known, default=-math.inf)
    return most if most == -math.inf else most + math.log(sum(math.exp(one - most) for one in known))


def _first_token(raw: str) -> dict[str, float] | None:
    """The log-probabilities of the first token, by token."""
    try:
        data: Any = decode_json(raw)
    except ValueError:
        return None
    if isinstance(data, list) and data:  # AlpacaEval keeps a list of one choice
        data = data[0]
    told = data.get("logprobs") if isinstance(data, dict) else None
    tokens: Sequence[Any] | None = token_chances(told.get("content")) if isinstance(told, dict) else None
    if not tokens:
        return None
    return dict(tokens[0].top) or {tokens[0].token: tokens[0].logprob}
