"""What was found of judges and of people: plain frozen dataclasses, JSON-ready by `to_dict`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from palestra.records.rating import Interval

NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Estimate:
    """One number and how sure it is; NaN for what cannot be told."""

    value: float = NAN
    low: float = NAN
    """Bounds of the interval."""
    high: float = NAN
    error: float = NAN
    """Standard error."""
    n: float = 0.0
    """What it is of: the denominator of a share."""
    hits: float | None = None
    """Of a share, the numerator."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often two sides say the same."""

    with_ties: Estimate
    """A tie is a third outcome: MT-Bench's setup S1."""
    without_ties: Estimate
    """Where neither calls a tie: MT-Bench's setup S2."""
    kappa: Estimate
    """Cohen's, of all three outcomes."""


@dataclass(frozen=True, slots=True)
class Position:
    """What the order of the answers does to a judge."""

    consistency: Estimate
    """Of matchups decided in both orders, those with the same outcome in both."""
    flips: Estimate
    """Of these, those with the other winner."""
    flips_to_first: Estimate
    """Of these, those where whoever was shown first won, both times."""
    flips_to_second: Estimate
    first_share: Estimate
    """Of verdicts that name a winner and whose order is known, those for the answer shown first."""
    log_odds: Estimate
    """What being shown first is worth, the rest being equal; see `leanings`."""
    right_when_first: Estimate
    """Where people, or the gold label, prefer one answer and it was shown first: verdicts for it."""
    right_when_second: Estimate
    right_in_both: Estimate


@dataclass(frozen=True, slots=True)
class Length:
    """Whether a judge prefers longer answers more than people do."""

    longer_share: Estimate
    """The longer answer's share of the win by the judge, a tie being ½."""
    people_longer_share: Estimate
    """The same by people, on the same matchups."""
    excess: Estimate
    """The one less the other."""
    log_odds: Estimate
    """What (a − b)/(a + b) of the lengths is worth with people's votes, the models and the side being equal;
    see `leanings`."""
    people_log_odds: Estimate
    """What it is worth to people, the models and the side being equal."""


@dataclass(frozen=True, slots=True)
class OwnFamily:
    """Whether a judge prefers models of its own family more than people do."""

    models: tuple[str, ...]
    """Of its family, among those judged."""
    share: Estimate
    """Their share of the win by the judge against others, a tie being ½."""
    people_share: Estimate
    excess: Estimate


@dataclass(frozen=True, slots=True)
class Coverage:
    """What there was to look at."""

    n_verdicts: int = 0
    n_failed: int = 0
    failures: dict[str, int] = field(default_factory=dict)
    """By reason."""
    n_matchups: int = 0
    """Matchups that the judge was asked about."""
    n_decided: int = 0
    """Of these, those with a decision."""
    n_joined: int = 0
    """Of these, those with a human vote or a gold label."""
    n_both_orders: int = 0
    """Matchups with a readable verdict in both orders."""
    n_lost_orders: int = 0
    """Matchups that were asked in both orders and failed in both."""
    cost_usd: float | None = None
    """Of all verdicts whose cost is known; None if none is."""
    n_priced: int = 0
    """Readable verdicts whose cost is known."""

    @property
    def cost_per_thousand(self) -> float | None:
        """US dollars for a thousand readable verdicts, failed ones being paid for by the others."""
        return None if self.cost_usd is None or not self.n_priced else 1000 * self.cost_usd / self.n_priced


@dataclass(frozen=True, slots=True)
class JudgeFindings:
    """Everything of one judge, overall or in one category."""

    judge: str
    votes: Agreement
    """With each vote: of pairs of a decision and a vote on the same matchup."""
    majority: Agreement
    """With the outcome that most people named."""
    people_votes: Agreement | None
    """The human ceiling: of pairs of people on the matchups that this judge decided; None for gold."""
    people_majority: Agreement | None
    """Each person with the majority of the others, there."""
    position: Position
    coverage: Coverage
    length: Length | None = None
    """None where no length is known, and in categories."""
    own_family: OwnFamily | None = None
    """None where no model judged is of the judge's family, and in categories."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class People:
    """The votes or labels that judges were held against."""

    n_votes: int
    n_matchups: int
    n_voters: int | None
    """None where votes do not say whose they are."""
    fleiss_kappa: Estimate | None
    """Among people; None for gold labels."""
    first_share: Estimate
    """As of a judge."""


@dataclass(frozen=True, slots=True)
class Group:
    """All judges, overall or in one category."""

    judges: tuple[JudgeFindings, ...]
    """In the order of their names."""
    people: People
    fleiss_kappa: Estimate | None
    """Among the judges; None of fewer than two."""


@dataclass(frozen=True, slots=True)
class Findings:
    """Judges held against people or gold labels, with every parameter that made the numbers."""

    reference: str
    """`human` or `gold`."""
    joined_on: str
    """`question_id` or `prompt`."""
    interval: Interval
    n_models: int
    n_prompts: int
    overall: Group
    categories: dict[str, Group]
    panel_weights: dict[str, float]
    """Each judge's `panel_weight` in a panel weighted by agreement with people; they add up to 1. A judge
    that does no better than a coin has none."""
    warnings: tuple[str, ...]
    about: dict[str, Any] = field(default_factory=dict)
    """What was read and left out."""

    def __getitem__(self, judge: str) -> JudgeFindings:
        """A judge by name, overall."""
        for found in self.overall.judges:
            if found.judge == judge:
                return found
        raise KeyError(judge)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready but for NaN."""
        data = asdict(self)
        groups = [(self.overall, data["overall"])]
        groups += [(group, data["categories"][name]) for name, group in self.categories.items()]
        for group, told in groups:
            for found, row in zip(group.judges, told["judges"], strict=True):
                row["coverage"]["cost_per_thousand"] = found.coverage.cost_per_thousand
        return data
