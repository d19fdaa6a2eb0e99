"""What a report counts while a run's rows stream by."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from palestra.records.matchup import Order

if TYPE_CHECKING:
    from collections.abc import Iterable

    from palestra.records.battle import Battle
    from palestra.records.failure import Failure
    from palestra.records.response import Response
    from palestra.records.verdict import Verdict
    from palestra.records.winner import Winner

_MOST_EXAMPLES = 200


@dataclass(slots=True)
class Meeting:
    """The battles of one model against another."""

    share: float = 0.0
    """Sum of weight times the model's share of the win."""
    weight: float = 0.0
    n: int = 0

    @property
    def win_rate(self) -> float | None:
        """In [0, 1]; None without a battle that weighs anything."""
        return self.share / self.weight if self.weight else None


class Meetings:
    """Who met whom, and what came of it."""

    def __init__(self) -> None:
        self._of: defaultdict[tuple[str, str], Meeting] = defaultdict(Meeting)

    def add(self, battle: Battle) -> None:
        """Count one battle, for both sides. A model against itself is left out."""
        if battle.model_a == battle.model_b:
            return
        share = battle.share()
        for one, other, won in (
            (battle.model_a, battle.model_b, share),
            (battle.model_b, battle.model_a, 1.0 - share),
        ):
            meeting = self._of[one, other]
            meeting.share += battle.weight * won
            meeting.weight += battle.weight
            meeting.n += 1

    def between(self, one: str, other: str) -> Meeting | None:
        """The battles of `one` against `other`, told from the side of `one`."""
        return self._of.get((one, other))

    def models(self) -> set[str]:
        """All that met anyone."""
        return {one for one, _ in self._of}


class PromptShares:
    """For each prompt, how the win was shared between the two models of a duel."""

    def __init__(self) -> None:
        self._of: defaultdict[str, Meeting] = defaultdict(Meeting)

    def add(self, battle: Battle) -> None:
        """Count one battle, told from the model that comes first in the alphabet."""
        share = battle.share()
        told = share if battle.model_a <= battle.model_b else 1.0 - share
        prompt = self._of[battle.question_id or ""]
        prompt.share += battle.weight * told
        prompt.weight += battle.weight

    def means(self, told_from: str, other: str) -> list[float]:
        """`told_from`'s mean share on each prompt with a battle that weighs anything."""
        shares = [mean for prompt in self._of.values() if (mean := prompt.win_rate) is not None]
        return shares if told_from <= other else [1.0 - share for share in shares]


@dataclass(slots=True)
class Orders:
    """How one judge behaves when it sees the same two answers both ways round.

    Counted over matchups that it decided in both orders.
    """

    pairs: int = 0
    disagreements: int = 0
    """It named different winners in the two orders."""
    first_both: int = 0
    """It named whichever was shown first, both times."""
    second_both: int = 0
    first_share: float = 0.0
    """Sum over the games of the share of the win that went to what was shown first."""

    @property
    def disagreement_rate(self) -> float | None:
        """In [0, 1]; None without a pair."""
        return self.disagreements / self.pairs if self.pairs else None

    @property
    def first_rate(self) -> float | None:
        """What was shown first wins this share of the games; ½ is no bias. None without a pair."""
        return self.first_share / (2 * self.pairs) if self.pairs else None


class OrderTally:
    """Finds the two orders of a matchup among a judge's verdicts."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, ...], dict[Order, Winner]] = {}
        self.of: defaultdict[str, Orders] = defaultdict(Orders)

    def add(self, verdict: Verdict) -> None:
        """Count one verdict, whichever way round its models are named."""
        if verdict.winner is None or verdict.order is Order.BOTH:
            return
        told = verdict if verdict.model_a <= verdict.model_b else verdict.swapped()
        key = (told.judge_model, told.question_id, told.model_a, told.model_b, str(told.repeat))
        seen = self._waiting.setdefault(key, {})
        if told.order in seen or told.winner is None:
            return
        seen[told.order] = told.winner
        if len(seen) == 2:
            _count_pair(self.of[told.judge_model], seen[Order.AB], seen[Order.BA])


def _count_pair(orders: Orders, when_ab: Winner, when_ba: Winner) -> None:
    first_ab, first_ba = when_ab.share, 1.0 - when_ba.share
    orders.pairs += 1
    orders.disagreements += when_ab is not when_ba
    orders.first_both += first_ab == first_ba == 1.0
    orders.second_both += first_ab == first_ba == 0.0
    orders.first_share += first_ab + first_ba


@dataclass(frozen=True, slots=True)
class FailedCall:
    """One failure, as an example."""

    label: str
    question_id: str
    failure: Failure


@dataclass(slots=True)
class Failures:
    """Failures of one role (models or judges) by label and kind, with the first few in full."""

    counts: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    examples: list[FailedCall] = field(default_factory=list)

    def add(self, label: str, question_id: str, failure: Failure) -> None:
        """Count one."""
        self.counts[label][failure.kind.value] += 1
        if len(self.examples) < _MOST_EXAMPLES:
            self.examples.append(FailedCall(label, question_id, failure))

    @property
    def total(self) -> int:
        """All of them."""
        return sum(counter.total() for counter in self.counts.values())

    def kinds(self) -> list[str]:
        """Every kind that occurred, the most frequent first."""
        return [kind for kind, _ in sum(self.counts.values(), Counter[str]()).most_common()]


class Latencies:
    """How long each model took."""

    def __init__(self) -> None:
        self._of: defaultdict[str, list[float]] = defaultdict(list)

    def add(self, response: Response) -> None:
        """Take one answer's latency, where it is known and the answer is there."""
        if response.ok and response.latency_ms is not None:
            self._of[response.model].append(response.latency_ms)

    def median(self, model: str) -> float | None:
        """In milliseconds; None if no latency is known."""
        return statistics.median(self._of[model]) if self._of.get(model) else None


def ordered(models: Iterable[str], first: Iterable[str]) -> list[str]:
    """`first` as it is, then those of `models` that are not in it, by name."""
    known = list(first)
    return [*known, *sorted(set(models) - set(known))]
