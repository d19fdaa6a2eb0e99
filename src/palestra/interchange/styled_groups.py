"""Leaderboards with style and side, over all battles and for each group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from palestra.errors import UsageError
from palestra.interchange.counts import count_battles, group_condition
from palestra.interchange.styled import rank_styled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from palestra.interchange.battle_input import BattleInput
    from palestra.interchange.battle_query import Labels
    from palestra.ranking.rated import Wish
    from palestra.ranking.style import StyleKind
    from palestra.records.rating import Leaderboard


@dataclass(frozen=True, slots=True)
class Features:
    """What is adjusted for."""

    style: StyleKind | None
    side: bool


def rank_styled_groups(
    battles: BattleInput,
    features: Features,
    wish: Wish,
    *,
    by: str | None = None,
    cluster: str | None = None,
    anchor: Mapping[str, float] | None = None,
    filter: str | None = None,
    labels: Labels | None = None,
    n_failed: int | None = None,
) -> tuple[Leaderboard, dict[str, Leaderboard]]:
    """The leaderboard of all battles, and one for each value of `by`; see `styled.rank_styled`.

    A group in which the anchor did not fight has no anchor.

    Raises:
        DataError: battles that cannot be read, or without what the features need, with their place.
        UsageError: a method without features, or an argument that makes no sense.
    """
    if wish.method != "bradley-terry":
        raise UsageError(f"{wish.method} knows no style and no side", hint="use the method bradley-terry")

    def board(condition: str | None, anchor: Mapping[str, float] | None) -> Leaderboard:
        return rank_styled(
            battles,
            style=features.style or False,
            side=features.side,
            cluster=cluster,
            anchor=anchor,
            filter=condition,
            labels=labels,
            n_failed=n_failed,
            ci=wish.ci,
            level=wish.level,
            seed=wish.seed,
            simultaneous=wish.simultaneous,
            details=wish.details,
        )

    whole = board(filter, anchor)
    if by is None:
        return whole, {}
    tally = count_battles(battles, filter=filter, labels=labels, by=by)
    groups = {}
    for name, part in tally.groups.items():
        known = {model: value for model, value in (anchor or {}).items() if model in part.models}
        groups[name] = board(group_condition(by, name, filter), known or None)
    return whole, groups
