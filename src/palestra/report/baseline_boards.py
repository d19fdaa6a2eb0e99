"""The boards of a run against a baseline: win rates, best first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Standing(NamedTuple):
    """One model on one board."""

    model: str
    rate: float
    """The win rate against the baseline, in (0, 1); ½ for the baseline itself."""
    low: float
    """Bounds of the rate's interval."""
    high: float
    elo: float
    """The baseline stands at 1000. The bounds are infinite where those of the rate are 0 or 1."""
    elo_low: float
    elo_high: float
    n_prompts: int
    """Decided ones; of the baseline, those of all candidates together."""
    n_battles: int
    score: float
    """The mean over samples of the mean of their games, in [0, 1]; above ½ is better than the baseline."""
    swept: bool
    """Whether everything was won, or everything lost."""


@dataclass(frozen=True, slots=True)
class Standings:
    """One board, best first."""

    dataset: str | None
    """None: of all datasets."""
    subset: str | None
    """None: of all subsets."""
    baseline: str
    """Several, by category, are joined by a comma."""
    rows: tuple[Standing, ...]

    @property
    def title(self) -> str:
        """Its heading, as EvalScope has it."""
        if self.dataset is None:
            return "OVERALL LEADERBOARD"
        if self.subset is None:
            return f"DATASET LEADERBOARD: {self.dataset}"
        return f"SUBSET LEADERBOARD: {self.dataset} - {self.subset}"


def subset_name(subset: str | None) -> str:
    """The name of a subset; prompts that name none are the subset `default`."""
    return subset or "default"
