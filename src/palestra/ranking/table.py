"""The rows of a leaderboard: order, ranks, flags."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from palestra.ranking.win_rate import wilson
from palestra.records.rating import Rating

if TYPE_CHECKING:
    from collections.abc import Sequence

    from palestra.ranking.arrays import Bools, Floats, Ints
    from palestra.ranking.pairs import Records

FEW_BATTLES = 30
"""Below this a model is flagged `few_battles`: the intervals are those of large samples."""


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """What a leaderboard says of M models, (M,) each; a NaN bound is unknown."""

    rating: Floats
    low: Floats
    high: Floats
    component: Ints
    weak: Bools


class Ranks(NamedTuple):
    """Where M models stand, (M,) each."""

    order: Ints
    """The models from the top of the board to its end."""
    rank: Ints
    best: Ints
    worst: Ints


def rank_within(component: Ints, rating: Floats, low: Floats, high: Floats, *, bounded: bool) -> Ranks:
    """The order of a leaderboard, and rank, best rank and worst rank of each model.

    Parts of the battle graph come one after the other and are ranked each by itself, best first, equal
    ratings (to 1e-9) by name. Best rank: 1 + how many models' lower bound is above the upper bound.
    Worst rank: how many models' upper bound is not below the lower bound. An unknown bound excludes no
    rank; without intervals (`bounded` False) both are the rank.
    """
    order = np.lexsort((np.arange(rating.size), -np.round(rating, 9), component))
    rank = np.empty(rating.size, dtype=np.int64)
    best, worst = rank.copy(), rank.copy()
    floor = np.where(np.isnan(low), -np.inf, low)
    roof = np.where(np.isnan(high), np.inf, high)
    for number in range(int(component.max(initial=-1)) + 1):
        nodes = order[component[order] == number]
        place = np.arange(1, nodes.size + 1)
        rank[nodes] = best[nodes] = worst[nodes] = place
        if bounded:
            above = nodes.size - np.searchsorted(np.sort(floor[nodes]), roof[nodes], side="right")
            below = np.searchsorted(np.sort(roof[nodes]), floor[nodes], side="left")
            best[nodes] = np.minimum(place, 1 + above)
            worst[nodes] = np.maximum(place, nodes.size - below)
    return Ranks(order, rank, best, worst)


def rows_of(models: Sequence[str], records: Records, column: Column, ranks: Ranks) -> list[Rating]:
    """One row per model, from the top of the board to its end."""
    rate = records.win_rate
    rate_low, rate_high = wilson(rate, records.effective_n)
    told = {
        "rank": ranks.rank,
        "rank_low": ranks.best,
        "rank_high": ranks.worst,
        "rating": column.rating,
        "n_battles": records.n_battles,
        "wins": records.wins,
        "losses": records.losses,
        "ties": records.ties,
        "component": column.component,
    }
    perhaps = {
        "ci_low": column.low,
        "ci_high": column.high,
        "win_rate": rate,
        "win_rate_low": rate_low,
        "win_rate_high": rate_high,
    }
    fields: dict[str, list[Any]] = {name: values.tolist() for name, values in told.items()}
    fields |= {name: [None if x != x else x for x in values.tolist()] for name, values in perhaps.items()}
    fields["flags"] = _flags(records, column.weak)
    return [
        Rating(model=models[model], **{name: values[model] for name, values in fields.items()})
        for model in ranks.order.tolist()
    ]


def _flags(records: Records, weak: Bools) -> list[tuple[str, ...]]:
    """What a reader should know of each of M models."""
    none, few_ = records.n_battles == 0, records.n_battles < FEW_BATTLES
    undefeated = (records.ties == 0) & (records.losses == 0)
    winless = (records.ties == 0) & (records.wins == 0) & ~undefeated
    one_way = weak & ~undefeated & ~winless
    names = ("undefeated", "winless", "one_way", "few_battles")
    held = np.stack([undefeated, winless, one_way, few_], axis=1).tolist()
    return [
        ("no_battles",) if empty else tuple(name for name, is_so in zip(names, row, strict=True) if is_so)
        for empty, row in zip(none.tolist(), held, strict=True)
    ]


def few(names: Sequence[str], most: int = 5) -> str:
    """The first names, and how many more there are."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")
