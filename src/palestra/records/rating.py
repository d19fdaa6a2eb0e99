"""A leaderboard and its rows: plain frozen dataclasses, so that `ranking/` imports nothing heavy."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from palestra.records.tables import Tabular

_SHOWN = ("rank", "model", "rating", "ci_low", "ci_high", "n_battles", "win_rate")


@dataclass(frozen=True, slots=True)
class Rating:
    """One model's row.

    `ci_low`/`ci_high` are None where the method gives no interval. `rank_low` is the best and
    `rank_high` the worst rank that the intervals allow.
    """

    rank: int
    rank_low: int
    rank_high: int
    model: str
    rating: float
    ci_low: float | None
    ci_high: float | None
    n_battles: int
    wins: float
    """Sum of weights of the battles won (a soft battle adds its share)."""
    losses: float
    ties: float
    win_rate: float | None
    """(wins + ties/2) / battles, in [0, 1]; None without a battle."""
    win_rate_low: float | None = None
    """Wilson 95 % bounds."""
    win_rate_high: float | None = None
    component: int = 0
    """Which connected part of the battle graph; ratings of two parts cannot be compared."""
    flags: tuple[str, ...] = ()
    """`undefeated`, `winless`, `few_battles`, …: what a reader should know before trusting the number."""


@dataclass(frozen=True, slots=True)
class Interval:
    """How the intervals were made."""

    kind: str
    """`sandwich`, `bootstrap`, `wilson` or `none`."""
    level: float
    """Such as 0.95."""
    rounds: int | None = None
    """Of the bootstrap."""
    seed: int | None = None
    """Of whatever was drawn at random."""
    cluster: str | None = None
    """What rows were taken to share, such as `question_id`; None: they were taken as independent."""
    simultaneous: bool = False
    """Whether the level is that of all intervals at once, not of each."""


@dataclass(frozen=True, slots=True, repr=False)
class Leaderboard(Tabular):
    """Ratings, best first, with every parameter that made them."""

    method: str
    scale: float
    base: float
    anchor: dict[str, float] | None
    interval: Interval
    n_battles: int
    n_failed: int | None
    """Verdicts that failed and so are no battle; None where the input cannot tell."""
    components: list[list[str]]
    """Models per connected part of the battle graph, the largest first."""
    warnings: list[str]
    ratings: list[Rating]
    parameters: dict[str, Any] = field(default_factory=dict)
    """What else the method was given, such as Elo's `k` and `start`, or found, such as a tie parameter."""
    better: list[list[float | None]] | None = None
    """The probability that the row's model is better than the column's, in the order of `ratings`; None
    where they cannot be compared. Only if asked for."""
    rank_probabilities: list[list[float | None]] | None = None
    """The probability of each rank, from the first on, of each model, in the order of `ratings`, within
    its part. Only if asked for."""

    def to_dict(self) -> dict[str, Any]:
        """The leaderboard as JSON-ready data."""
        return asdict(self)

    def rows(self) -> list[dict[str, Any]]:
        """The ratings as plain rows."""
        return [asdict(rating) for rating in self.ratings]

    def shown(self) -> tuple[str, ...]:
        """The columns that matter most."""
        return (
            ("rank", "model", "rating", "ci_low", "ci_high", "n_battles", "win_rate") if self.ratings else ()
        )

    def caption(self) -> str:
        """The method, its interval, and the warnings."""
        found = self.interval
        drawn = "" if found.rounds is None else f", {found.rounds} rounds, seed {found.seed}"
        joint = "simultaneous " if found.simultaneous else ""
        told = f", {joint}{100 * found.level:g} % intervals ({found.kind}{drawn})"
        about = f"{self.method}{'' if found.kind == 'none' else told}, {self.n_battles} battles"
        return "\n".join([about, *(f"Warning: {warning}" for warning in self.warnings)])
