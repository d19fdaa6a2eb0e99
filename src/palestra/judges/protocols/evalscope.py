"""`evalscope`: one JSON object with `reasoning` and a `verdict` of five labels.

EvalScope's reply contract for its arena: exactly one object counts, wherever it stands outside thinking
blocks and whatever else is in it; two of them are no verdict.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import ValidationError

from palestra.judges.protocols.base import Reading, Unreadable, share_winner, without_thinking
from palestra.judges.protocols.json import LabelReply, json_objects, whole_json
from palestra.judges.protocols.labels import LABEL_SHARES
from palestra.judges.protocols.template import Templated

if TYPE_CHECKING:
    from collections.abc import Mapping


class _Reply(LabelReply):
    reasoning: str = ""


@dataclass(frozen=True)
class EvalScope(Templated):
    """`{"reasoning": …, "verdict": …}` with one of the five labels."""

    name: ClassVar[str] = "evalscope"
    telltale: ClassVar[str] = "verdict"
    json_schema: ClassVar[Mapping[str, Any] | None] = {
        "type": "object",
        "properties": {
            "reasoning": {"type": "string"},
            "verdict": {"type": "string", "enum": list(LABEL_SHARES)},
        },
        "required": ["reasoning", "verdict"],
        "additionalProperties": False,
    }
    reply: ClassVar[str] = """\
Write your own answer first, compare both answers with it, and correct what is wrong in them. Then reply \
with one JSON object and no other text:

- "reasoning": how the two answers compare
- "verdict": exactly one of "A>>B" (answer A is significantly better), "A>B" (slightly better), "A=B" (a \
tie), "B>A" (answer B is slightly better) and "B>>A" (significantly better)
"""

    def parse(self, raw: str) -> Reading | Unreadable:
        """Read a reply: the only JSON object outside thinking blocks counts. Never raises."""
        whole = whole_json(raw)
        found = [whole] if whole is not None else list(json_objects(without_thinking(raw)))
        if len(found) != 1:
            held = f"{len(found)} JSON objects" if found else "no JSON object"
            return Unreadable(f"the reply holds {held}, and exactly one is expected")
        try:
            reply = _Reply.model_validate(found[0])
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False)[0]
            return Unreadable(f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
        share = LABEL_SHARES[reply.verdict]
        words = reply.reasoning.strip() or None
        return Reading(winner=share_winner(share), label=reply.verdict, pref=share, explanation=words)
