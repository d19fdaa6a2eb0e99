"""Several judges of one matchup, put together. Pure functions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from palestra.judges.combine import Outcome
from palestra.judges.protocols.base import share_winner
from palestra.records.battle import Flag
from palestra.records.winner import Winner

if TYPE_CHECKING:
    from collections.abc import Sequence

Rule = Literal["majority", "mean"]
"""How a panel decides."""


def combine_panel(
    outcomes: Sequence[Outcome | None], rule: Rule, weights: Sequence[float] | None = None
) -> Outcome | None:
    """One outcome from each judge's; None stands for a judge that failed.

    `weights` (above 0, one for each judge) say how much each judge's vote, or share, counts; without
    them all count alike.

    `majority`: each judge has one vote, A, B or a tie. Most votes decide, and where two have equally
    many it is a tie. The share is then 1, ½ or 0. `mean`: the mean of the judges' shares; above ½ A
    wins, below ½ B, at ½ it is a tie. A tie is both bad if all judges who called a tie say so, and
    at least one did.

    Judges that failed are left out and set the flag `panel_incomplete`; the flags of the others are
    kept. None if all failed.
    """
    given = [1.0] * len(outcomes) if weights is None else list(weights)
    heard = [(one, weight) for one, weight in zip(outcomes, given, strict=True) if one is not None]
    if not heard:
        return None
    decided = [one for one, _ in heard]
    if rule == "majority":
        winner = _majority(heard)
        share = winner.share
    else:
        total = math.fsum(weight for _, weight in heard)
        share = min(1.0, math.fsum(one.share * weight for one, weight in heard) / total)
        winner = share_winner(share)
    if winner is Winner.TIE:
        share = 0.5
        winner = _kind_of_tie(decided)
    flags = {flag for one in decided for flag in one.flags}
    if len(decided) < len(outcomes):
        flags.add(Flag.PANEL_INCOMPLETE.value)
    return Outcome(winner=winner, share=share, flags=tuple(sorted(flags)))


def _majority(heard: Sequence[tuple[Outcome, float]]) -> Winner:
    votes: dict[Winner, list[float]] = {}
    for one, weight in heard:
        votes.setdefault(Winner.TIE if one.winner.share == 0.5 else one.winner, []).append(weight)
    sums = {winner: math.fsum(weights) for winner, weights in votes.items()}
    most = max(sums.values())
    ahead = [winner for winner, total in sums.items() if math.isclose(total, most, rel_tol=1e-12)]
    return ahead[0] if len(ahead) == 1 else Winner.TIE


def _kind_of_tie(decided: Sequence[Outcome]) -> Winner:
    ties = {one.winner for one in decided if one.winner.share == 0.5}
    return Winner.BOTH_BAD if ties == {Winner.BOTH_BAD} else Winner.TIE
