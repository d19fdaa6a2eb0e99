"""What is summed over matchups: one column, (m,), for each count that a measure is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from palestra.analysis.agreement.ballots import decided_in_order
from palestra.ranking.arrays import total

if TYPE_CHECKING:
    from palestra.analysis.agreement.ballots import Ballots, Votes
    from palestra.ranking.arrays import Bools, Floats

Columns = dict[str, "Floats"]


def against_votes(outcome: Floats, votes: Votes) -> Columns:
    """A judge's decisions beside each vote on the same matchup."""
    known = ~np.isnan(outcome)
    count = votes.count * known
    bold = known & (outcome != 0)
    decisive = votes.x + votes.y
    return {
        "hits": votes.of_outcome(outcome),
        "n": count,
        "own_ties": count * (outcome == 0),
        "other_ties": votes.tie * known,
        "bold_hits": votes.of_outcome(outcome) * bold,
        "bold_n": decisive * bold,
    }


def against_majority(outcome: Floats, majority: Floats) -> Columns:
    """A judge's decisions beside the majority's, where there is one."""
    both = ~np.isnan(outcome) & ~np.isnan(majority)
    bold = both & (outcome != 0) & (majority != 0)
    same = outcome == majority
    return _floats(
        {
            "hits": both & same,
            "n": both,
            "own_ties": both & (outcome == 0),
            "other_ties": both & (majority == 0),
            "bold_hits": bold & same,
            "bold_n": bold,
        }
    )


def people_votes(votes: Votes, where: Bools) -> Columns:
    """Pairs of people on the same matchup, each pair once; a tie of either is half a tie of the pair."""
    pairs = _pairs(votes.count) * where
    decisive = votes.x + votes.y
    ties = votes.tie * (votes.count - 1) / 2 * where
    return {
        "hits": (_pairs(votes.x) + _pairs(votes.tie) + _pairs(votes.y)) * where,
        "n": pairs,
        "own_ties": ties,
        "other_ties": ties,
        "bold_hits": (_pairs(votes.x) + _pairs(votes.y)) * where,
        "bold_n": _pairs(decisive) * where,
    }


def people_majority(votes: Votes, where: Bools) -> Columns:
    """Each person beside the majority of the others on the same matchup, where these have one."""
    columns: Columns = {}
    for outcome, casting in ((1.0, votes.x), (0.0, votes.tie), (-1.0, votes.y)):
        voting = casting * where
        others = votes.without(outcome).majority
        others[voting == 0] = np.nan
        own = np.where(voting > 0, outcome, np.nan)
        for name, column in against_majority(own, others).items():
            columns[name] = columns.get(name, np.zeros(voting.size)) + voting * column
    return columns


def raters(votes: Votes) -> Columns:
    """What Fleiss' kappa is made of, see `kappa.fleiss_kappa`."""
    pairs = _pairs(votes.count)
    agreeing = _pairs(votes.x) + _pairs(votes.tie) + _pairs(votes.y)
    return {
        "agreeing": np.divide(agreeing, pairs, out=np.zeros(pairs.shape), where=pairs > 0),
        "several": (pairs > 0).astype(np.float64),
        "ties": votes.tie / np.maximum(votes.count, 1.0),
        "any": (votes.count > 0).astype(np.float64),
    }


def sides(ballots: Ballots, size: int) -> Columns:
    """Verdicts that name a winner, and those for whoever was shown first."""
    bold = ballots.take((ballots.won != 0) & (ballots.side != 0) & ~np.isnan(ballots.won))
    first = (bold.won == bold.side).astype(np.float64)
    return {
        "first": total(bold.matchup, first, size),
        "bold": np.bincount(bold.matchup, minlength=size).astype(np.float64),
    }


def orders(ballots: Ballots, majority: Floats) -> Columns:
    """A judge's two orders beside each other, and each beside the majority where that names a winner."""
    size = majority.size
    x_first, y_first = (decided_in_order(ballots, size, side) for side in (1.0, -1.0))
    both = ~np.isnan(x_first) & ~np.isnan(y_first)
    flip = both & (x_first * y_first == -1)
    better = ~np.isnan(majority) & (majority != 0)
    when_first = np.where(majority > 0, x_first, y_first)
    when_second = np.where(majority > 0, y_first, x_first)
    return _floats(
        {
            "both": both,
            "same": both & (x_first == y_first),
            "flips": flip,
            "to_first": flip & (x_first == 1),
            "to_second": flip & (x_first == -1),
            "first_n": better & ~np.isnan(when_first),
            "first_hits": better & (when_first == majority),
            "second_n": better & ~np.isnan(when_second),
            "second_hits": better & (when_second == majority),
            "both_n": better & both,
            "both_hits": better & both & (when_first == majority) & (when_second == majority),
        }
    )


def preference(outcome: Floats, votes: Votes, towards: Floats) -> Columns:
    """The share of the win of one kind of answer, by a judge and by people, where both decided.

    `towards`: 1 where x's answer is of that kind and y's is not, -1 the other way round, else 0 or NaN, (m,).
    """
    where = ~np.isnan(outcome) & (votes.count > 0) & (np.abs(towards) == 1)
    sign = np.where(where, towards, 0.0)
    return {
        "n": where.astype(np.float64),
        "own": where * (1 + sign * np.nan_to_num(outcome)) / 2,
        "people": where * (1 + sign * votes.lean) / 2,
    }


def _pairs(count: Floats) -> Floats:
    return np.asarray(count * (count - 1) / 2)


def _floats(columns: dict[str, Bools]) -> Columns:
    return {name: column.astype(np.float64) for name, column in columns.items()}
