"""Which strengths battles with ties determine by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from palestra.ranking import graph
from palestra.ranking.arrays import total
from palestra.ranking.ties.models import LOSS, TIE, WIN

if TYPE_CHECKING:
    from palestra.ranking.arrays import Bools, Ints
    from palestra.ranking.ties.newton import Results


def core_of(results: Results, least: float) -> Bools:
    """The largest group in which everyone is reached from everyone along wins and ties, (N,).

    As in `bradley_terry`, but two answers that were both bad connect nothing, for they say nothing of who
    is the better; and the group's wins must settle how likely a tie is. All False where that is not so,
    where two groups are equally large, or where none has two models. `least` is the weight above which
    something counts.
    """
    label = graph.strong_components(results.size, *_arcs(results, least))
    models = np.bincount(label, minlength=1)
    within = label[results.i] == label[results.j]
    weight = total(label[results.i[within]], results.n[within].sum(axis=1), models.size)
    order = np.lexsort((weight, models))
    best, rivals = order[-1], order[-2:-1]
    tied = any(models[one] == models[best] and np.isclose(weight[one], weight[best]) for one in rivals)
    if models[best] < 2 or tied:
        return np.zeros(results.size, dtype=bool)
    core = np.asarray(label == best)
    inside = results.within(core)
    untied = inside.n[:, TIE].sum() <= least
    return core if untied or _ties_settled(inside, least) else np.zeros(results.size, dtype=bool)


def _arcs(results: Results, least: float) -> tuple[Ints, Ints]:
    i, j, tied = results.i, results.j, results.n[:, TIE] > least
    forth = tied | (results.n[:, WIN] > least)
    back = tied | (results.n[:, LOSS] > least)
    return np.r_[i[forth], j[back]], np.r_[j[forth], i[back]]


def _ties_settled(results: Results, least: float) -> bool:
    """Whether a round of models shows more wins than ties, each beating or tying with the next.

    Without one the likelihood of a strongly connected group may rise for ever with the tie parameter:
    models apart by ever larger gaps, wins only over the larger and ties only over the smaller ones. (A
    gap of 2 along each win and of at most 2 along each tie is possible exactly if no round has more wins
    than ties.)
    """
    i, j = results.i, results.j
    won, lost = results.n[:, WIN] > least, results.n[:, LOSS] > least
    if np.any(won & lost):
        return True
    tied = results.n[:, TIE] > least
    tails, heads = np.r_[i[won], j[lost], i[tied], j[tied]], np.r_[j[won], i[lost], j[tied], i[tied]]
    gain = np.r_[np.ones(won.sum() + lost.sum()), -np.ones(2 * tied.sum())]
    longest = np.zeros(results.size)
    while longest.max(initial=0.0) < results.size:
        before = longest.copy()
        np.maximum.at(longest, heads, longest[tails] + gain)
        if np.array_equal(longest, before):
            return False
    return True
