"""`json`: one JSON object with an explanation and a label, by a schema where the server keeps to one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ValidationError

from palestra.judges.protocols.base import Reading, Unreadable, share_winner, without_thinking
from palestra.judges.protocols.labels import LABEL_SHARES, read_label
from palestra.judges.protocols.template import Templated

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MOST_OBJECTS = 1000
"""So many opening braces are tried, so that no reply takes long to read."""


def _label(value: Any) -> str:
    label = read_label(value) if isinstance(value, str) else None
    if label is None:
        raise ValueError(f"expected one of {', '.join(LABEL_SHARES)}")
    return label


class LabelReply(BaseModel):
    """A reply with one of the five labels."""

    verdict: Annotated[str, BeforeValidator(_label)]


class _Reply(LabelReply):
    explanation: str = ""


@dataclass(frozen=True)
class Json(Templated):
    """`{"explanation": …, "verdict": …}` with one of the five labels."""

    name: ClassVar[str] = "json"
    telltale: ClassVar[str] = "verdict"
    json_schema: ClassVar[Mapping[str, Any] | None] = {
        "type": "object",
        "properties": {
            "explanation": {"type": "string"},
            "verdict": {"type": "string", "enum": list(LABEL_SHARES)},
        },
        "required": ["explanation", "verdict"],
        "additionalProperties": False,
    }
    reply: ClassVar[str] = """\
Reply with one JSON object and nothing else: first "explanation", a few sentences that compare answer A \
with answer B, then "verdict", one of "A>>B" (answer A is much better), "A>B" (answer A is better), "A=B" \
(neither is better), "B>A" (answer B is better) and "B>>A" (answer B is much better):

{"explanation": "…", "verdict": "…"}
"""

    def parse(self, raw: str) -> Reading | Unreadable:
        """Read a reply: the last JSON object outside thinking blocks counts. Never raises."""
        reason = "the reply holds no JSON object"
        reading: Reading | None = None
        whole = whole_json(raw)
        for found in [whole] if whole is not None else json_objects(without_thinking(raw)):
            try:
                reply = _Reply.model_validate(found)
            except ValidationError as error:
                first = error.errors(include_url=False, include_context=False)[0]
                reason = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
                reading = None
                continue
            share = LABEL_SHARES[reply.verdict]
            reading = Reading(
                winner=share_winner(share),
                label=reply.verdict,
                pref=share,
                explanation=reply.explanation.strip() or None,
            )
        return reading or Unreadable(reason)


def whole_json(raw: str) -> dict[str, Any] | None:
    """The reply, if it is one JSON object and nothing else: tags in its strings are then words."""
    try:
        value = json.loads(raw, strict=False)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def json_objects(text: str) -> Iterator[dict[str, Any]]:
    """The outermost JSON objects in a text, in order. What stands between them is passed over."""
    decoder = json.JSONDecoder(strict=False)
    at = text.find("{")
    for _ in range(_MOST_OBJECTS):
        if at < 0:
            return
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            yield value
        at = text.find("{", end)
