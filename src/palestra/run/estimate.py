"""What a run would take: calls, tokens and money, before any is spent."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from palestra.models.pricing import expected_cost
from palestra.prompts.chat import rounds
from palestra.run.ledger import Found, StoredLedger
from palestra.run.play import Player

if TYPE_CHECKING:
    from collections.abc import Sequence

    from palestra.config.endpoint import Endpoint
    from palestra.judges.base import Game, Judge
    from palestra.judges.grading import GradingJudge
    from palestra.models.base import Model, Request
    from palestra.records.response import Response
    from palestra.records.verdict import Verdict
    from palestra.run.plan import Plan
    from palestra.store.database import Database

CHARACTERS_PER_TOKEN = 4.0
"""English text under common tokenizers."""
TOKENS_PER_REPLY = 400.0
"""Of an answer or a verdict, while nothing stored says better."""


@dataclass(frozen=True, slots=True)
class Part:
    """One model's or judge's share of what is to come."""

    label: str
    role: str
    calls: int
    """In all, if nothing fails."""
    stored: int
    """Of those, already there."""
    tokens_in: float
    """About so many, for the calls that are missing."""
    tokens_out: float
    cost_usd: float | None
    """None if no price is known."""
    is_free: bool
    """Whether it makes no calls at all."""


class _Counting(StoredLedger):
    """Counts what is stored and asks for nothing."""

    def __init__(self, database: Database, *, retry_failed: bool) -> None:
        super().__init__(database)
        self._retry_failed = retry_failed
        self.found: Counter[tuple[str, str]] = Counter()
        self.tokens_out: Counter[tuple[str, str]] = Counter()

    async def response(self, model: Model, request: Request) -> Response | None:
        return self._seen(("model", model.label), await super().response(model, request))

    async def verdict(self, judge: Judge, game: Game) -> Verdict | None:
        return self._seen(("judge", judge.label), await super().verdict(judge, game))

    async def grade(self, judge: GradingJudge, request: Request) -> Response | None:
        return self._seen(("judge", judge.label), await super().grade(judge, request))

    def _seen(self, who: tuple[str, str], stored: Found | None) -> Found | None:
        if stored is None or (self._retry_failed and not stored.ok):
            return None
        self.found[who] += 1
        self.tokens_out[who] += stored.tokens_out or 0
        return stored

    def mean_reply(self, who: tuple[str, str], endpoint: Endpoint) -> float:
        """Tokens of a reply: as stored ones have been, else a guess."""
        known = self.tokens_out[who] / self.found[who] if self.found[who] else 0.0
        guess = known or TOKENS_PER_REPLY
        return min(guess, float(endpoint.max_tokens or guess))


async def estimate(plan: Plan, database: Database, *, retry_failed: bool = True) -> list[Part]:
    """What is missing and what it will take, by model and then by judge. Token counts are rough."""
    ledger = _Counting(database, retry_failed=retry_failed)
    player = Player(plan, ledger, run_id="")
    for index in range(len(plan.prompts)):
        await player.play(index)
    prompt_tokens = _prompt_tokens(plan)
    parts = []
    answers = []
    for number, model in enumerate(plan.models):
        config = plan.config.models[number]
        who = ("model", model.label)
        calls = _calls_of_model(plan, number)
        reply = ledger.mean_reply(who, config)
        answers.append(reply)
        asked = prompt_tokens + len(config.system_prompt or "") / CHARACTERS_PER_TOKEN
        parts.append(_part(who, calls, ledger.found[who], asked, reply, config, model.is_free))
    for number, judge in enumerate(plan.judges):
        judge_config = plan.config.judges[number]
        who = ("judge", judge.label)
        calls = plan.calls_of_judge(number)
        asked = len(judge.template or "") / CHARACTERS_PER_TOKEN + prompt_tokens + 2 * _mean(answers)
        reply = ledger.mean_reply(who, judge_config)
        parts.append(_part(who, calls, ledger.found[who], asked, reply, judge_config, judge.is_free))
    return parts


def dearest_calls(plan: Plan) -> dict[str, float]:
    """The most that one call can cost in USD, by label, where it can be told: 0 without a price, else
    what `max_tokens` and the longest prompt come to.
    """
    endpoints: list[Endpoint] = [*plan.config.models, *plan.config.judges]
    longest = max(sum(len(message.content) for message in prompt.messages) for prompt in plan.prompts)
    answers = sum(sorted(config.max_tokens or 0 for config in plan.config.models)[-2:])
    costs = {}
    for part, endpoint in zip(plan.parts, endpoints, strict=True):
        texts = longest + len(endpoint.system_prompt or "") + len(getattr(part, "template", None) or "")
        tokens_in = texts / CHARACTERS_PER_TOKEN + answers
        cost = None if part.is_free else expected_cost(endpoint, tokens_in, endpoint.max_tokens or 0)
        if cost is None or endpoint.max_tokens is not None:
            costs[part.label] = cost or 0.0
    return costs


def _prompt_tokens(plan: Plan) -> float:
    return _mean([sum(len(m.content) for m in p.messages) for p in plan.prompts]) / CHARACTERS_PER_TOKEN


def _part(
    who: tuple[str, str],
    calls: int,
    stored: int,
    tokens_in: float,
    tokens_out: float,
    endpoint: Endpoint,
    is_free: bool,
) -> Part:
    role, label = who
    missing = 0 if is_free else calls - stored
    each = None if is_free else expected_cost(endpoint, tokens_in, tokens_out)
    cost = None if each is None else missing * each
    return Part(label, role, calls, stored, missing * tokens_in, missing * tokens_out, cost, is_free)


def _calls_of_model(plan: Plan, model: int) -> int:
    return plan.config.schedule.repeats * sum(
        rounds(prompt) for index, prompt in enumerate(plan.prompts) if model in plan.competitors(index)
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def describe(parts: Sequence[Part]) -> str:
    """The estimate as lines of text, one per model and judge, then the sum."""
    lines = []
    for part in parts:
        name = f"{part.label} ({part.role})"
        if part.is_free:
            lines.append(f"{name}: no calls; {part.calls} from a file, a script or a metric")
            continue
        money = "price unknown" if part.cost_usd is None else f"about ${part.cost_usd:.4f}"
        lines.append(
            f"{name}: {part.calls - part.stored} calls ({part.stored} of {part.calls} are stored), "
            f"about {part.tokens_in:,.0f} tokens in and {part.tokens_out:,.0f} out, {money}"
        )
    asked = [part for part in parts if not part.is_free]
    known = [part.cost_usd for part in asked if part.cost_usd is not None]
    unknown = len(asked) - len(known)
    total = f"In all: {sum(part.calls - part.stored for part in asked)} calls"
    total += f", about ${sum(known):.4f}" if known else ""
    total += f" (without {unknown} whose price is unknown)" if known and unknown else ""
    return "\n".join([*lines, total])
