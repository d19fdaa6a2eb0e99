"""How much of a run against a baseline was decided, what failed, and how steady the judges were."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from palestra.report.tally import Orders, OrderTally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from palestra.records.prompt import Prompt
    from palestra.records.response import Response
    from palestra.records.verdict import Verdict


@dataclass(slots=True)
class Coverage:
    """One candidate."""

    model: str
    prompts: int = 0
    """On which it should meet the baseline."""
    both_answered: int = 0
    decided: int = 0
    """With a verdict that could be read."""
    unanswered: Counter[str] = field(default_factory=Counter)
    """Why the rest was not judged: the kind of failure, with `baseline: ` before it where the baseline
    gave no answer."""
    failed_verdicts: Counter[str] = field(default_factory=Counter)
    """By kind."""
    orders: Orders = field(default_factory=Orders)
    """Verdicts on both orders of the same two answers."""

    @property
    def consistency(self) -> float | None:
        """The share of samples whose two orders name the same winner; None without any in both orders."""
        rate = self.orders.disagreement_rate
        return None if rate is None else 1.0 - rate

    @property
    def flips(self) -> int:
        """Samples where the other answer won when the order was turned round."""
        return self.orders.first_both + self.orders.second_both

    def to_dict(self) -> dict[str, Any]:
        """As JSON-ready data."""
        return {
            "model": self.model,
            "prompts": self.prompts,
            "both_answered": self.both_answered,
            "decided": self.decided,
            "unanswered": dict(sorted(self.unanswered.items())),
            "failed_verdicts": dict(sorted(self.failed_verdicts.items())),
            "in_both_orders": self.orders.pairs,
            "position_consistency": self.consistency,
            "flips": self.flips,
        }


class CoverageTally:
    """Collects a run's answers and verdicts."""

    def __init__(self) -> None:
        self._answered: defaultdict[str, set[str]] = defaultdict(set)
        self._failed: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self._decided: defaultdict[frozenset[str], set[str]] = defaultdict(set)
        self._bad: defaultdict[frozenset[str], Counter[str]] = defaultdict(Counter)
        self._orders: defaultdict[frozenset[str], OrderTally] = defaultdict(OrderTally)

    def add_response(self, response: Response) -> None:
        """Count an answer."""
        if response.failure is None:
            self._answered[response.model].add(response.question_id)
        else:
            self._failed[response.model][response.question_id] = response.failure.kind.value

    def add_verdict(self, verdict: Verdict) -> None:
        """Count a verdict."""
        pair = frozenset((verdict.model_a, verdict.model_b))
        self._orders[pair].add(verdict)
        if verdict.failure is not None:
            self._bad[pair][verdict.failure.kind.value] += 1
        elif verdict.winner is not None:
            self._decided[pair].add(verdict.question_id)

    def rows(
        self,
        prompts: Sequence[Prompt],
        models: Sequence[str],
        baseline_of: Callable[[str | None], str | None],
    ) -> Iterator[Coverage]:
        """One for each model that is a candidate on some prompt, in the order given."""
        for model in models:
            row = Coverage(model)
            for prompt in prompts:
                baseline = baseline_of(prompt.category)
                if baseline is not None and baseline != model:
                    self._count(row, prompt.question_id, baseline)
            if row.prompts:
                for baseline in dict.fromkeys(baseline_of(prompt.category) for prompt in prompts):
                    if baseline is not None and baseline != model:
                        self._add_orders(row, frozenset((model, baseline)))
                yield row

    def _count(self, row: Coverage, question: str, baseline: str) -> None:
        row.prompts += 1
        missing = self._missing(row.model, question)
        of_baseline = self._missing(baseline, question)
        if of_baseline is not None:
            row.unanswered[f"baseline: {of_baseline}"] += 1
        elif missing is not None:
            row.unanswered[missing] += 1
        else:
            row.both_answered += 1
            row.decided += question in self._decided[frozenset((row.model, baseline))]

    def _missing(self, model: str, question: str) -> str | None:
        """Why there is no answer; None if there is one."""
        if question in self._answered[model]:
            return None
        return self._failed[model].get(question, "not asked")

    def _add_orders(self, row: Coverage, pair: frozenset[str]) -> None:
        row.failed_verdicts.update(self._bad[pair])
        for orders in self._orders[pair].of.values():
            row.orders.pairs += orders.pairs
            row.orders.disagreements += orders.disagreements
            row.orders.first_both += orders.first_both
            row.orders.second_both += orders.second_both
            row.orders.first_share += orders.first_share
