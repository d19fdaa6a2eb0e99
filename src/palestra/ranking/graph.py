"""Who can be compared with whom: parts of the battle graph. N nodes, arcs as two arrays (arcs,)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from palestra.ranking.arrays import Bools, Ints


def reachable(size: int, tails: Ints, heads: Ints, start: int) -> Bools:
    """Which nodes can be reached from `start`, itself included, (N,)."""
    seen = np.zeros(size, dtype=bool)
    seen[start] = True
    count = 1
    while True:
        seen[heads[seen[tails]]] = True
        now = int(seen.sum())
        if now == count:
            return seen
        count = now


def strong_part(size: int, tails: Ints, heads: Ints, start: int) -> Bools:
    """The nodes that both reach `start` and are reached from it, (N,)."""
    forth = reachable(size, tails, heads, start)
    return forth & reachable(size, heads, tails, start)


def weak_components(size: int, tails: Ints, heads: Ints) -> Ints:
    """Each node's connected part if arcs had no direction; a part is named by its first node, (N,)."""
    if size and reachable(size, np.r_[tails, heads], np.r_[heads, tails], 0).all():
        return np.zeros(size, dtype=np.int64)
    parent = list(range(size))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for tail, head in zip(tails.tolist(), heads.tolist(), strict=True):
        first, second = sorted((root(tail), root(head)))
        parent[second] = first
    return np.array([root(node) for node in range(size)], dtype=np.int64)


def strong_components(size: int, tails: Ints, heads: Ints) -> Ints:
    """Each node's strongly connected part, numbered from 0, (N,).

    Tarjan, SIAM J. Comput. 1 (1972) 146, without recursion.
    """
    if size and strong_part(size, tails, heads, 0).all():
        return np.zeros(size, dtype=np.int64)
    order = np.argsort(tails, kind="stable")
    starts = np.searchsorted(tails[order], np.arange(size + 1)).tolist()
    targets = heads[order].tolist()
    index, low, label = [-1] * size, [0] * size, [-1] * size
    stack: list[int] = []
    clock = parts = 0
    for source in range(size):
        if index[source] >= 0:
            continue
        work = [(source, starts[source])]
        while work:
            node, arc = work.pop()
            if index[node] < 0:
                index[node] = low[node] = clock
                clock += 1
                stack.append(node)
            if arc < starts[node + 1]:
                work.append((node, arc + 1))
                head = targets[arc]
                if index[head] < 0:
                    work.append((head, starts[head]))
                elif label[head] < 0:
                    low[node] = min(low[node], index[head])
                continue
            if low[node] == index[node]:
                while label[node] < 0:
                    label[stack.pop()] = parts
                parts += 1
            if work:
                above = work[-1][0]
                low[above] = min(low[above], low[node])
    return np.array(label, dtype=np.int64)
