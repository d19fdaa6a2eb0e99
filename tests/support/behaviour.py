"""How a pretended chat server behaves: what it says, how late, and what goes wrong."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from tests.support.vocabulary import WORDS

if TYPE_CHECKING:
    from tests.support.wire.base import Ask

LABELS: Mapping[str, float] = {
    "[[A>>B]]": 3,
    "[[A>B]]": 2.5,
    "[[A=B]]": 2,
    "[[B>A]]": 1.5,
    "[[B>>A]]": 1,
}


class Reply(StrEnum):
    """What the server says. All but `text` and `echo` are drawn from the model, the turns and the seed."""

    WORDS = "words"
    """Some words: another question, model or seed gives others."""
    ECHO = "echo"
    """The last turn."""
    TEXT = "text"
    """`Behaviour.text`."""
    VERDICT = "verdict"
    """A reason and one of the labels, by `Behaviour.odds`."""
    SCORES = "scores"
    """A reason, `Score-A: n` and `Score-B: n` with n from 1 to 10."""
    JSON = "json"
    """Data that fits the schema that was asked for."""


class Fault(StrEnum):
    """What goes wrong. Each is told in the wire shape of the request."""

    RATE_LIMIT = "429"
    SERVER_ERROR = "500"
    UNAVAILABLE = "503"
    BAD_REQUEST = "400"
    UNAUTHORIZED = "401"
    FORBIDDEN = "403"
    NOT_FOUND = "404"
    FILTERED_PROMPT = "filtered_prompt"
    """The provider's filter rejects the question (Gemini: a block reason; others: a 400)."""
    FILTERED = "filtered"
    """The filter holds the answer back: no text, and a finish reason that says so."""
    REFUSAL = "refusal"
    """The model declines, with a finish reason or field that says so where the shape has one."""
    EMPTY = "empty"
    """No text, as if all were well."""
    UNREADABLE = "unreadable"
    """Words in place of what was asked for."""
    GARBAGE = "garbage"
    """A 200 that is no JSON and no stream."""
    WRONG_JSON = "wrong_json"
    """A 200 with JSON of another kind."""
    HALF = "half"
    """The connection is dropped in the middle of the reply."""
    CUT = "cut"
    """A body shorter than its Content-Length."""
    STREAM_ERROR = "stream_error"
    """An error message in the middle of a stream; a 500 where no stream was asked for."""
    NOTHING = "nothing"
    """The connection is closed without a reply."""
    SLOW = "slow"
    """The reply comes after `Behaviour.slow` seconds."""


@dataclass(frozen=True)
class Behaviour:
    """How the server treats one model's requests."""

    reply: Reply = Reply.WORDS
    text: str = ""
    thinking: str = ""
    odds: Mapping[str, float] = field(default_factory=lambda: LABELS)
    delay: float = 0.0
    """Seconds before every reply."""
    faults: tuple[Fault, ...] = ()
    """The first time a question comes it meets the first fault, the second time the second, and so on."""
    for_good: bool = False
    """Whether the last fault stays; otherwise the question is then answered."""
    ignore_seed: bool = False
    """Whether questions that differ only in their seed count as one."""
    retry_after: str = "0"
    """The Retry-After of a 429 or 503, in seconds; empty: none."""
    slow: float = 30.0

    def fault(self, attempt: int) -> Fault | None:
        """What goes wrong with the attempt of that number, from 0."""
        if attempt < len(self.faults):
            return self.faults[attempt]
        return self.faults[-1] if self.faults and self.for_good else None


Plan = Mapping[str, Behaviour]
"""Model → behaviour; `*` is any other model."""


def dump_plan(plan: Plan) -> str:
    """A plan as JSON."""
    return json.dumps({model: asdict(behaviour) for model, behaviour in plan.items()})


def load_plan(text: str | bytes) -> Plan:
    """A plan from JSON."""
    plan = {}
    for model, data in json.loads(text).items():
        faults = tuple(Fault(fault) for fault in data.pop("faults", ()))
        plan[model] = Behaviour(reply=Reply(data.pop("reply", Reply.WORDS)), faults=faults, **data)
    return plan


def compose(ask: Ask, behaviour: Behaviour) -> str:
    """The text of the reply: the same for the same question, model and seed, in every process."""
    draw = _draw(ask)
    match behaviour.reply:
        case Reply.TEXT:
            return behaviour.text
        case Reply.ECHO:
            return ask.turns[-1][1]
        case Reply.WORDS:
            return words(ask)
        case Reply.VERDICT:
            labels, weights = zip(*behaviour.odds.items(), strict=True)
            return f"{_words(draw, 6)}. My verdict is: {draw.choices(labels, weights)[0]}"
        case Reply.SCORES:
            return f"{_words(draw, 6)}.\nScore-A: {draw.randint(1, 10)}\nScore-B: {draw.randint(1, 10)}"
        case Reply.JSON:
            return json.dumps(_fit(ask.schema or {}, draw))


def words(ask: Ask) -> str:
    """Five to forty words that depend on the question."""
    draw = _draw(ask)
    return _words(draw, draw.randint(5, 40))


def _draw(ask: Ask) -> random.Random:
    data = json.dumps([ask.model, ask.turns, ask.seed])
    return random.Random(int.from_bytes(hashlib.sha256(data.encode()).digest()[:8]))


def _words(draw: random.Random, count: int) -> str:
    return " ".join(draw.choices(WORDS, k=count)).capitalize()


def _fit(schema: Mapping[str, Any], draw: random.Random) -> Any:
    """Data that fits a plain JSON schema (no references, no combinations)."""
    if "enum" in schema:
        return draw.choice(schema["enum"])
    match schema.get("type", "object"):
        case "integer" | "number":
            return draw.randint(int(schema.get("minimum", 1)), int(schema.get("maximum", 10)))
        case "boolean":
            return draw.random() < 0.5
        case "string":
            return _words(draw, 4)
        case "array":
            return [_fit(schema.get("items", {}), draw)]
        case _:
            return {name: _fit(part, draw) for name, part in schema.get("properties", {}).items()}
