"""What a careful reader should know of the battles behind a board: sentences for its warnings."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from palestra.ranking import graph
from palestra.ranking.arrays import total
from palestra.ranking.table import few

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from palestra.ranking.arrays import Floats
    from palestra.ranking.bradley_terry import Fit
    from palestra.ranking.counts import Counts
    from palestra.ranking.pairs import Pairs

_WEAK_LINK = 10
"""Battles below which a link that alone holds two groups of models together is named."""
_SURE = 4.0
"""Standard errors from which a side effect is no accident."""
_NOTABLE = 0.01
"""The share of battles that a side effect must have turned to be worth a word."""
_FEW_PROMPTS = 10
_DOMINANT = 0.1
"""The share of all battles from which one prompt is said to dominate."""


def cautions(counts: Counts, pairs: Pairs, fit: Fit) -> list[str]:
    """Sentences on weak links, order effects, and prompts that dominate or are few."""
    return [*_weak_links(counts.models, pairs), *_side(counts, fit.theta), *_dominant(counts)]


def _weak_links(models: Sequence[str], pairs: Pairs) -> Iterator[str]:
    """Groups that hold together by `_WEAK_LINK` battles a pair or more, and what links them."""
    battles = total(pairs.cell_pair, pairs.cell_n.astype(np.float64), pairs.i.size)
    firm = battles >= _WEAK_LINK
    group = graph.weak_components(pairs.n_models, pairs.i[firm], pairs.j[firm])
    if not group.size or (group == group[0]).all():
        return
    between = group[pairs.i] != group[pairs.j]
    ends = np.sort(np.stack([group[pairs.i[between]], group[pairs.j[between]]]), axis=0)
    links, which = np.unique(ends, axis=1, return_inverse=True)
    strength = total(which.ravel().astype(np.int64), battles[between], links.shape[1])
    for number in _bridges(pairs.n_models, links[0].tolist(), links[1].tolist()):
        sides = [np.flatnonzero(group == end) for end in links[:, number]]
        if strength[number] < _WEAK_LINK and min(side.size for side in sides) > 1:
            one, two = (few([models[node] for node in side.tolist()], 3) for side in sides)
            yield (
                f"only {strength[number]:.0f} battles link {one} with {two}: ratings across that link are as "
                "uncertain as those few"
            )


def _bridges(size: int, tails: Sequence[int], heads: Sequence[int]) -> list[int]:
    """The edges without which the graph falls apart (Tarjan, Inf. Process. Lett. 2 (1974) 160)."""
    arcs: list[list[tuple[int, int]]] = [[] for _ in range(size)]
    for edge, (tail, head) in enumerate(zip(tails, heads, strict=True)):
        arcs[tail].append((head, edge))
        arcs[head].append((tail, edge))
    seen, low = [-1] * size, [0] * size
    bridges, clock = [], 0
    for source in range(size):
        if seen[source] >= 0:
            continue
        seen[source] = low[source] = clock
        clock += 1
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
                    if low[node] > seen[above]:
                        bridges.append(came_by)
    return sorted(bridges)


def _side(counts: Counts, theta: Floats) -> Iterator[str]:
    """A score test of a term for the side in the Bradley-Terry model, the strengths as fitted."""
    if not counts.a.size:
        return
    odds = np.exp(np.clip(theta, -300.0, 300.0))
    of_a = odds[counts.a]
    expected = of_a / (of_a + odds[counts.b])
    gap = counts.weight * (counts.share - expected)
    excess = float((counts.n * gap).sum())
    spread = math.sqrt(float((counts.n * gap**2).sum()))
    share = excess / float((counts.n * counts.weight).sum())
    if spread > 0 and abs(excess) > _SURE * spread and abs(share) > _NOTABLE:
        side = "first" if share > 0 else "second"
        yield (
            f"the answer shown {side} won {100 * abs(share):.1f} points more of the battles than the "
            "strengths explain (an order effect): show pairs in both orders, or rank with a term for the side"
        )


def _dominant(counts: Counts) -> Iterator[str]:
    if counts.cluster is None or not counts.cluster.size:
        return
    names, cluster = np.unique(counts.cluster, return_inverse=True)
    sizes = total(cluster.astype(np.int64), counts.n.astype(np.float64), names.size)
    largest = float(sizes.max() / sizes.sum())
    if names.size > 1 and largest > max(_DOMINANT, 2.0 / names.size):
        yield f"one prompt makes up {100 * largest:.0f} % of the battles: the board says much of that one"
    if names.size < _FEW_PROMPTS:
        yield f"the battles are of {names.size} prompts only: intervals over so few are rough"
