"""What one can choose from: the values of each filter, with the battles that there are of each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from palestra.interchange.battle_columns import NO_GROUP
from palestra.server.boards.counting import of_kind
from palestra.store.arena_battle_filter import FACETS, SOURCES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from palestra.ranking.arrays import Ints
    from palestra.server.boards.ledger import Kind, Snapshot
    from palestra.store.arena_battle_filter import Selection

Numbers = dict[str, int]


@dataclass(frozen=True, slots=True)
class Facets:
    """By filter and value: battles that count, under all other filters of the selection."""

    values: Mapping[str, Numbers]
    """Of dataset, category and language; the most frequent first."""
    sources: Numbers
    """`people` and `judge`."""


def facets_of(snapshot: Snapshot, selection: Selection) -> Facets:
    """The choices beside a selection."""
    kinds = snapshot.kinds[: snapshot.n_kinds]
    n = np.bincount(_within(snapshot, selection), minlength=len(kinds)).tolist()
    counted = [
        (kind, count)
        for kind, count in zip(kinds, n, strict=True)
        if count and not kind.named and not kind.leak
    ]
    source_of = {word: name for name, words in SOURCES.items() for word in words}
    return Facets(
        {name: _numbers(counted, _without(selection, name), _value_of(name)) for name in FACETS},
        _numbers(counted, replace(selection, source="all"), lambda kind: source_of.get(kind.source or "")),
    )


def _within(snapshot: Snapshot, selection: Selection) -> Ints:
    """The kinds of the battles of the selection's time."""
    kind, time = snapshot.kind, snapshot.time
    if selection.since is not None:
        kind, time = kind[time >= selection.since], time[time >= selection.since]
    if selection.until is not None:
        kind = kind[time < selection.until]
    return kind


def _without(selection: Selection, name: str) -> Selection:
    change: dict[str, Any] = {name: None}
    return replace(selection, **change)


def _value_of(name: str) -> Callable[[Kind], str | None]:
    return lambda kind: getattr(kind, name) or NO_GROUP


def _numbers(
    counted: list[tuple[Kind, int]], selection: Selection, value: Callable[[Kind], str | None]
) -> Numbers:
    found: Counter[str] = Counter()
    for kind, count in counted:
        name = value(kind)
        if name is not None and of_kind(selection, kind):
            found[name] += count
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))
