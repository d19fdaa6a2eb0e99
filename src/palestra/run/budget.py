from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Budget:
    """Money spent in this run, and whether another call may start.

    Calls under way are reckoned at the most they can cost, so a limit holds if every priced model has
    `max_tokens`. Without, they are reckoned at the dearest call seen from the same model, and the limit
    may be overrun by as much as the last few calls are dearer than that.
    """

    limit: float | None = None
    """USD; None for no limit."""
    spent: float = 0.0
    dearest: dict[str, float] = field(default_factory=dict)
    """The most that a call can cost, by label, where that is known: 0 without a price, else what
    `max_tokens` allows. Raised by what a call did cost."""
    under_way: Counter[str] = field(default_factory=Counter)

    def allows(self, label: str) -> bool:
        """Whether one more call is expected to stay within the limit.

        Until the first call of a model without `max_tokens` has come back, it goes out alone.
        """
        if self.limit is None or self.dearest.get(label) == 0.0:
            return True
        if label not in self.dearest:
            return self.spent < self.limit and self.under_way.total() == 0
        reserved = sum(self.dearest.get(name, 0.0) * count for name, count in self.under_way.items())
        return self.spent + reserved + self.dearest[label] <= self.limit

    def begin(self, label: str) -> None:
        """A call goes out."""
        self.under_way[label] += 1

    def end(self, label: str, cost: float | None) -> None:
        """A call came back, or will not."""
        self.under_way[label] -= 1
        self.spent += cost or 0.0
        if cost is not None:
            self.dearest[label] = max(cost, self.dearest.get(label, 0.0))
