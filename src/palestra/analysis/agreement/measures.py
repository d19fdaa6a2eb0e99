"""Measures out of resampled sums."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from palestra.analysis.agreement.findings import Agreement, Estimate, Length, OwnFamily, Position
from palestra.analysis.agreement.kappa import beyond_chance, by_chance

if TYPE_CHECKING:
    from palestra.analysis.agreement.resampling import Resampled, Sums
    from palestra.ranking.arrays import Floats


def agreement_of(drawn: Resampled, part: str) -> Agreement:
    """From the columns of `columns.against_votes` and its like."""
    return Agreement(
        drawn.share(part, "hits", "n"),
        drawn.share(part, "bold_hits", "bold_n"),
        drawn.measure(part, _kappa, of="n"),
    )


def _kappa(sums: Sums) -> Floats:
    n = np.where(sums["n"] > 0, sums["n"], np.nan)
    return beyond_chance(sums["hits"] / n, by_chance(sums["own_ties"] / n, sums["other_ties"] / n))


def fleiss_of(drawn: Resampled, part: str) -> Estimate:
    """From `columns.raters`; of as many matchups as have two ratings or more."""

    def kappa(sums: Sums) -> Floats:
        several = np.where(sums["several"] > 0, sums["several"], np.nan)
        ties = sums["ties"] / sums["any"]
        return beyond_chance(sums["agreeing"] / several, by_chance(ties, ties))

    return drawn.measure(part, kappa, of="several")


def position_of(drawn: Resampled, prefix: str) -> Position:
    """From `columns.orders` and `columns.sides`; without a coefficient."""
    orders = f"{prefix}orders"
    return Position(
        consistency=drawn.share(orders, "same", "both"),
        flips=drawn.share(orders, "flips", "both"),
        flips_to_first=drawn.share(orders, "to_first", "both"),
        flips_to_second=drawn.share(orders, "to_second", "both"),
        first_share=drawn.share(f"{prefix}sides", "first", "bold"),
        log_odds=Estimate(),
        right_when_first=drawn.share(orders, "first_hits", "first_n"),
        right_when_second=drawn.share(orders, "second_hits", "second_n"),
        right_in_both=drawn.share(orders, "both_hits", "both_n"),
    )


def length_of(drawn: Resampled, part: str, own: Estimate, people: Estimate) -> Length:
    """From `columns.preference` and the coefficients of a judge and of people."""
    return Length(*_preference(drawn, part), own, people)


def family_of(drawn: Resampled, part: str, models: tuple[str, ...]) -> OwnFamily:
    """From `columns.preference`."""
    return OwnFamily(models, *_preference(drawn, part))


def _preference(drawn: Resampled, part: str) -> tuple[Estimate, Estimate, Estimate]:
    excess = drawn.measure(part, lambda s: (s["own"] - s["people"]) / s["n"], of="n")
    return (drawn.share(part, "own", "n"), drawn.share(part, "people", "n"), excess)
