"""Two orders of one matchup, put together. Pure functions.

A game is A's share of the win: A>>B 1, A>B ¾, A=B ½, B>A ¼, B>>A 0. A verdict without a label gives its
`pref` (protocols with scores do), and without that its winner: 1, 0, or ½ for a tie.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from palestra.judges.protocols.base import share_winner
from palestra.judges.protocols.labels import LABEL_SHARES
from palestra.records.battle import Flag
from palestra.records.winner import Winner

if TYPE_CHECKING:
    from palestra.records.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one or more verdicts come to."""

    winner: Winner
    share: float
    """A's share of the win, in [0, 1]."""
    score_a: float | None = None
    score_b: float | None = None
    flags: tuple[str, ...] = ()


def game(verdict: Verdict) -> float | None:
    """A's share of the win in one verdict, in [0, 1]; None if the judge did not decide."""
    if verdict.winner is None:
        return None
    if verdict.label is not None and verdict.label in LABEL_SHARES:
        return LABEL_SHARES[verdict.label]
    return verdict.winner.share if verdict.pref is None else verdict.pref


def outcome(verdict: Verdict) -> Outcome | None:
    """One verdict on its own; None if the judge did not decide."""
    share = game(verdict)
    if verdict.winner is None or share is None:
        return None
    return Outcome(verdict.winner, share, verdict.score_a, verdict.score_b)


def combine_orders(ab: Verdict, ba: Verdict) -> Outcome | None:
    """Both orders of one matchup in one: the mean of the two games, and of the scores.

    Above ½ A wins, below ½ B wins, at ½ it is a tie (both bad, if both verdicts say so). Different
    winners set the flag `order_disagreement`; the two kinds of tie do not differ in that. None if
    one order failed.
    """
    one, two = outcome(ab), outcome(ba)
    if one is None or two is None:
        return None
    share = (one.share + two.share) / 2
    winner = share_winner(share)
    if winner is Winner.TIE:
        share = 0.5
        if one.winner is two.winner is Winner.BOTH_BAD:
            winner = Winner.BOTH_BAD
    differ = one.winner.share != two.winner.share
    return Outcome(
        winner=winner,
        share=share,
        score_a=_mean(one.score_a, two.score_a),
        score_b=_mean(one.score_b, two.score_b),
        flags=(Flag.ORDER_DISAGREEMENT.value,) if differ else (),
    )


def _mean(one: float | None, two: float | None) -> float | None:
    return None if one is None or two is None else (one + two) / 2
