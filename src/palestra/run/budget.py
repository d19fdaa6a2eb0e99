from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Budget:
    """Money spent in this run, and whether another call may start.

    Calls under way are reckoned at the mean price of those that came back, so that a limit is not
    overrun by as many calls as run at once.
    """

    limit: float | None = None
    """USD; None for no limit."""
    spent: float = 0.0
    priced: int = 0
    """Calls that came back with a cost."""
    under_way: int = 0

    def allows_another(self) -> bool:
        """Whether one more call is expected to stay within the limit.

        Until the first price is known, calls go out one at a time.
        """
        if self.limit is None:
            return True
        if self.priced == 0:
            return self.under_way == 0 and self.limit > 0
        mean = self.spent / self.priced
        return self.spent + mean * (self.under_way + 1) <= self.limit

    def add(self, cost: float | None) -> None:
        """A call came back."""
        if cost is not None:
            self.spent += cost
            self.priced += 1
