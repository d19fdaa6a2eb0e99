"""What a careful reader should know of the battles behind a board: sentences for its warnings."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from palestra.ranking import clusters, graph
from palestra.ranking.arrays import total
from palestra.ranking.counts import Outcome
from palestra.ranking.table import FEW_BATTLES, few

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from palestra.ranking.arrays import Floats
    from palestra.ranking.bradley_terry import Fit
    from palestra.ranking.counts import Counts
    from palestra.ranking.pairs import Pairs

_WEAK_LINK = 10
"""Battles below which a link that alone holds two groups of models together is named."""
_LISTED = 5
"""Links that are named; of more it is said how many."""
_SURE = 4.0
"""Standard errors from which a side effect is no accident."""
_NOTABLE = 0.01
"""The share of battles that a side effect must have turned to be worth a word."""
_FEW_PROMPTS = clusters.FEW
_SEVERAL = 2.0
"""Battles a prompt from which a model's prompts are fewer than its battles by more than chance."""
_DOMINANT = 0.1
"""The share of all battles from which one prompt is said to dominate."""


def cautions(
    counts: Counts, pairs: Pairs, fit: Fit, *, side: bool = True, prompts: Floats | None = None
) -> list[str]:
    """Sentences on weak links, order effects, and prompts that dominate or are few.

    `side` is False where the ratings have a term for it. `prompts`: how many battles each has, (prompts,);
    read from the counts unless given.
    """
    return [
        *_weak_links(counts.models, pairs),
        *(_side(counts, fit.theta) if side else ()),
        *_dominant(_prompts(counts) if prompts is None else prompts),
    ]


def _weak_links(models: Sequence[str], pairs: Pairs) -> Iterator[str]:
    """Groups that hold together by `_WEAK_LINK` battles a pair or more, and what alone links them to others,
    be it by way of single models.
    """
    battles = total(pairs.cell_pair, pairs.cell_n.astype(np.float64), pairs.i.size)
    firm = battles >= _WEAK_LINK
    group = graph.weak_components(pairs.n_models, pairs.i[firm], pairs.j[firm])
    if not group.size or (group == group[0]).all():
        return
    between = group[pairs.i] != group[pairs.j]
    ends = np.sort(np.stack([group[pairs.i[between]], group[pairs.j[between]]]), axis=0)
    links, which = np.unique(ends, axis=1, return_inverse=True)
    strength = total(which.ravel().astype(np.int64), battles[between], links.shape[1])
    several = np.bincount(group, minlength=pairs.n_models) > 1
    bridges = _bridges(several.tolist(), links[0].tolist(), links[1].tolist())
    weak = [number for number in bridges if strength[number] < _WEAK_LINK]
    for number in weak[:_LISTED]:
        sides = [np.flatnonzero(group == end) for end in links[:, number]]
        one, two = (few([models[node] for node in side.tolist()], 3) for side in sides)
        battles_are = "1 battle links" if strength[number] == 1 else f"{strength[number]:.0f} battles link"
        yield f"only {battles_are} {one} with {two}: ratings across that link are as uncertain as those few"
    if len(weak) > _LISTED:
        yield f"{len(weak) - _LISTED} more such links are as weak"


def _bridges(heavy: Sequence[bool], tails: Sequence[int], heads: Sequence[int]) -> list[int]:
    """The edges without which the graph falls apart, with a heavy node in either piece (Tarjan, Inf.
    Process. Lett. 2 (1974) 160).
    """
    size = len(heavy)
    arcs: list[list[tuple[int, int]]] = [[] for _ in range(size)]
    for edge, (tail, head) in enumerate(zip(tails, heads, strict=True)):
        arcs[tail].append((head, edge))
        arcs[head].append((tail, edge))
    seen, low = [-1] * size, [0] * size
    below = [int(flag) for flag in heavy]
    bridges, clock = [], 0
    for source in range(size):
        if seen[source] >= 0:
            continue
        seen[source] = low[source] = clock
        clock += 1
        found = []
        work = [(source, -1, iter(arcs[source]))]
        while work:
            node, came_by, rest = work[-1]
            for other, edge in rest:
                if seen[other] < 0:
                    seen[other] = low[other] = clock
                    clock += 1
                    work.append((other, edge, iter(arcs[other])))
                    break
                if edge != came_by:
                    low[node] = min(low[node], seen[other])
            else:
                work.pop()
                if work:
                    above = work[-1][0]
                    low[above] = min(low[above], low[node])
                    below[above] += below[node]
                    if low[node] > seen[above]:
                        found.append((came_by, below[node]))
        bridges += [edge for edge, held in found if 0 < held < below[source]]
    return sorted(bridges)


def _side(counts: Counts, theta: Floats) -> Iterator[str]:
    """A score test of a term for the side in the Bradley-Terry model, the strengths as fitted."""
    if not counts.a.size:
        return
    excess, variance, mass = _excess_of_a(counts, np.exp(np.clip(theta, -300.0, 300.0)))
    share = excess / mass
    if variance > 0 and abs(excess) > _SURE * math.sqrt(variance) and abs(share) > _NOTABLE:
        side = "model_a" if share > 0 else "model_b"
        yield (
            f"{side} won {100 * abs(share):.1f} points more of the battles than the strengths explain: an "
            "order effect, if model_a was shown first; show pairs in both orders, or rank with a side term"
        )


def _excess_of_a(counts: Counts, odds: Floats) -> tuple[float, float, float]:
    """By how much A won more than expected: Σ w·(y − p), its variance Σ (w·(y − p))², and Σ w."""
    if counts.table is None:
        of_a = odds[counts.a]
        gap = counts.weight * (counts.share - of_a / (of_a + odds[counts.b]))
        mass = float((counts.n * counts.weight).sum())
        return float((counts.n * gap).sum()), float((counts.n * gap**2).sum()), mass
    won, lost = counts.table[Outcome.A], counts.table[Outcome.B]
    tied = counts.table[Outcome.TIE] + counts.table[Outcome.BOTH_BAD]
    p = odds[:, None] / (odds[:, None] + odds)
    gaps = [(won, 1.0 - p), (lost, -p), (tied, 0.5 - p)]
    excess = sum(float((n * gap).sum()) for n, gap in gaps)
    variance = sum(float((n * gap * gap).sum()) for n, gap in gaps)
    return excess, variance, float(counts.table.sum())


def _prompts(counts: Counts) -> Floats:
    if counts.cluster is None or (counts.cluster == clusters.ALONE).all():
        return np.zeros(0)
    return clusters.sizes(counts.cluster, counts.n)


def _dominant(sizes: Floats) -> Iterator[str]:
    if not sizes.size:
        return
    largest = float(sizes.max() / sizes.sum())
    if sizes.size > 1 and largest > max(_DOMINANT, 2.0 / sizes.size):
        yield f"one prompt makes up {100 * largest:.0f} % of the battles: the board says much of that one"
    if sizes.size < _FEW_PROMPTS:
        yield f"the battles are of {sizes.size} prompts only: intervals over so few are rough"


def of_few_prompts(models: Sequence[str], pairs: Pairs) -> list[str]:
    """A sentence on models that have many battles of few prompts, where others have many prompts."""
    if pairs.cell_cluster is None or not clusters.may_be_few(pairs):
        return []
    n = clusters.effective(pairs)
    battles = pairs.cell_n.astype(np.float64)
    fought = sum(total(ends[pairs.cell_pair], battles, n.size) for ends in (pairs.i, pairs.j))
    several = clusters.is_few(n) & (fought >= FEW_BATTLES / 3) & (fought >= _SEVERAL * n)
    if not several.any() or clusters.sizes(pairs.cell_cluster, pairs.cell_n).size < _FEW_PROMPTS:
        return []
    names = few([models[node] for node in np.flatnonzero(several).tolist()])
    return [
        f"the battles of {names} are of few prompts, or mostly of a few: their intervals say little of "
        "other prompts"
    ]
