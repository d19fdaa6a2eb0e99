"""Log-probabilities of tokens as OpenAI's chat completions tell them."""

from __future__ import annotations

import math
from typing import Any

from palestra.records.response import TokenChances

_LEAST = -9999.0
"""What servers write for a chance of 0; JSON has no infinity."""


def token_chances(content: Any) -> tuple[TokenChances, ...] | None:
    """The tokens of `logprobs.content`, `[{token, logprob, top_logprobs: [{token, logprob}]}]`.

    None if there are none, or if a part is not of that shape: half a distribution is none.
    """
    if not isinstance(content, list) or not content:
        return None
    found = []
    for part in content:
        said = _pair(part)
        others = part.get("top_logprobs") if isinstance(part, dict) else None
        top = [_pair(other) for other in others or ()] if isinstance(others, list | None) else [None]
        if said is None or None in top:
            return None
        known = sorted((pair for pair in top if pair is not None), key=lambda pair: -pair[1])
        found.append(TokenChances(token=said[0], logprob=said[1], top=tuple(known)))
    return tuple(found)


def _pair(part: Any) -> tuple[str, float] | None:
    if not isinstance(part, dict):
        return None
    token, logprob = part.get("token"), part.get("logprob")
    if not isinstance(token, str) or isinstance(logprob, bool) or not isinstance(logprob, int | float):
        return None
    return None if math.isnan(logprob) else (token, max(float(logprob), _LEAST))
