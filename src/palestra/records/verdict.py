from __future__ import annotations

from palestra.records.base import Count, Record, Share, Words
from palestra.records.failure import Failure
from palestra.records.matchup import Order
from palestra.records.winner import Winner

_SWAPPED_LABELS = {"A>>B": "B>>A", "A>B": "B>A", "B>A": "A>B", "B>>A": "A>>B"}


class Verdict(Record):
    """One judge's reply to one matchup in one order: a winner or a failure, never both, never neither."""

    key: str
    """SHA-256 over everything that could have changed the verdict; see `records/keys.py`."""
    question_id: str
    model_a: str
    model_b: str
    order: Order
    """How it was shown. Winner, label, scores and pref are always told of model_a and model_b."""
    repeat: int = 0
    judge_model: str
    """The judge's label."""
    protocol: str | None = None
    winner: Winner | None = None
    label: str | None = None
    """`A>>B`, `A>B`, `A=B`, `B>A` or `B>>A`, where the protocol has such labels."""
    score_a: float | None = None
    score_b: float | None = None
    pref: Share | None = None
    """A's share of the win, where the judge says more than a winner."""
    explanation: Words | None = None
    raw: Words | None = None
    """The judge's whole reply, as it came."""
    failure: Failure | None = None
    tokens_in: Count | None = None
    tokens_out: Count | None = None
    cost_usd: float | None = None
    tstamp: float | None = None

    @property
    def ok(self) -> bool:
        """Whether the judge decided."""
        return self.failure is None

    def swapped(self) -> Verdict:
        """The same verdict told of the models in the other order. `raw` and `explanation` stay."""
        order = {Order.AB: Order.BA, Order.BA: Order.AB}.get(self.order, self.order)
        return self.model_copy(
            update={
                "model_a": self.model_b,
                "model_b": self.model_a,
                "order": order,
                "winner": None if self.winner is None else self.winner.swapped(),
                "label": None if self.label is None else _SWAPPED_LABELS.get(self.label, self.label),
                "score_a": self.score_b,
                "score_b": self.score_a,
                "pref": None if self.pref is None else 1.0 - self.pref,
            }
        )
