from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Budget:
    """Money spent in this run, and whether another call may start.

    Calls under way are reckoned at the highest price seen from the same model or judge, so that a limit
    is not overrun by as many calls as run at once.
    """

    limit: float | None = None
    """USD; None for no limit."""
    spent: float = 0.0
    expected: dict[str, float] = field(default_factory=dict)
    """What a call is expected to cost, by label, until one has come back; 0 where calls have no price."""
    highest: dict[str, float] = field(default_factory=dict)
    """The dearest call so far, by label."""
    under_way: Counter[str] = field(default_factory=Counter)

    def allows(self, label: str) -> bool:
        """Whether one more call is expected to stay within the limit.

        Until a priced model's first call has come back, it goes out alone.
        """
        if self.limit is None or self.expected.get(label) == 0.0:
            return True
        if label not in self.highest:
            return self.spent < self.limit and self.under_way.total() == 0
        reserved = sum(self.highest.get(name, 0.0) * count for name, count in self.under_way.items())
        return self.spent + reserved + self.highest[label] <= self.limit

    def begin(self, label: str) -> None:
        """A call goes out."""
        self.under_way[label] += 1

    def end(self, label: str, cost: float | None) -> None:
        """A call came back, or will not."""
        self.under_way[label] -= 1
        self.spent += cost or 0.0
        known = self.expected.get(label, 0.0) if cost is None else cost
        self.highest[label] = max(known, self.highest.get(label, 0.0))
