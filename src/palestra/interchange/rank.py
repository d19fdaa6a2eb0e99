"""Battles of any form in, leaderboard out."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any, overload

from palestra.errors import UsageError
from palestra.interchange.counts import Tally, count_battles, group_condition, order_battles
from palestra.ranking.counts import Counts, Rows
from palestra.ranking.leaderboard import rank_counts, rank_rows, wish_of
from palestra.ranking.rated import Ordered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from palestra.interchange.battle_input import BattleInput
    from palestra.interchange.battle_query import Labels
    from palestra.ranking.rated import Ci, Method, Wish
    from palestra.ranking.style import StyleKind
    from palestra.records.rating import Leaderboard

AUTO = "auto"
"""Cluster a run folder's battles by prompt, and nothing else."""
PROMPT = "question_id"


@overload
def rank(
    battles: BattleInput,
    *,
    method: Method = ...,
    ci: Ci = ...,
    rounds: int = ...,
    level: float = ...,
    seed: int = ...,
    cluster: str | None = ...,
    simultaneous: bool = ...,
    details: bool = ...,
    style: StyleKind | None = ...,
    side: bool = ...,
    anchor: Mapping[str, float] | None = ...,
    k: float = ...,
    start: float = ...,
    orders: int = ...,
    sizes: Mapping[str, float] | None = ...,
    filter: str | None = ...,
    labels: Labels | None = ...,
    by: None = ...,
    n_failed: int | None = ...,
) -> Leaderboard: ...


@overload
def rank(
    battles: BattleInput,
    *,
    method: Method = ...,
    ci: Ci = ...,
    rounds: int = ...,
    level: float = ...,
    seed: int = ...,
    cluster: str | None = ...,
    simultaneous: bool = ...,
    details: bool = ...,
    style: StyleKind | None = ...,
    side: bool = ...,
    anchor: Mapping[str, float] | None = ...,
    k: float = ...,
    start: float = ...,
    orders: int = ...,
    sizes: Mapping[str, float] | None = ...,
    filter: str | None = ...,
    labels: Labels | None = ...,
    by: str,
    n_failed: int | None = ...,
) -> dict[str, Leaderboard]: ...


def rank(
    battles: BattleInput,
    *,
    method: Method = "bradley-terry",
    ci: Ci = "sandwich",
    rounds: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    cluster: str | None = AUTO,
    simultaneous: bool = False,
    details: bool = False,
    style: StyleKind | None = None,
    side: bool = False,
    anchor: Mapping[str, float] | None = None,
    k: float = 4.0,
    start: float = 1000.0,
    orders: int = 100,
    sizes: Mapping[str, float] | None = None,
    filter: str | None = None,
    labels: Labels | None = None,
    by: str | None = None,
    n_failed: int | None = None,
) -> Leaderboard | dict[str, Leaderboard]:
    """Rate models from battles.

    `battles`: a path or several (JSONL, CSV, Parquet, also gzipped; a run folder; `-` for standard
    input), Battle records or rows as dicts, a pandas DataFrame, or an Arrow table. Only `model_a`,
    `model_b` and `winner` are needed.

    `method`: `bradley-terry`; `davidson` or `rao-kupper`, which model ties, with `both bad` as an outcome
    of its own; `win-rate`; `gladiator`, wins/n · (1 − 1/(n + 1)); in the order of the rows and without
    intervals, `elo` (with `k` and `start`), `elo-average` over `orders` random orders, or `size-elo` (with
    `sizes` in billions of parameters, read from the names where missing).

    `ci`: `sandwich`, `bootstrap` (with `rounds` and `seed`) or `none`; `level` is their coverage.
    `cluster`: the column whose equal values make rows depend on each other; by default `question_id` for
    run folders, None elsewhere. With `simultaneous` the level is that of all intervals at once. With
    `details` the board says who is better than whom, and how likely each rank is.

    `style`: `lmarena` or `arena-hard` adjusts for the length and the markdown of the answers, `side` for
    which was shown first; the coefficients are among the board's parameters. `anchor`: one model's
    rating, as in `{"Llama": 1000}`; by default the mean is 1000. `filter` and `labels`: see
    `count_battles`. With `by` (`category`, `dataset`, `subset`, `language`, `source` or `judge_model`), one
    leaderboard for each value. `n_failed` is passed on; by default a run folder's failed verdicts are
    counted.

    Raises:
        DataError: battles that cannot be read; files are named with the line.
        UsageError: an argument that makes no sense.
    """
    whole, groups = rank_with_groups(
        battles,
        by=by,
        filter=filter,
        labels=labels,
        cluster=cluster,
        style=style,
        side=side,
        anchor=anchor,
        n_failed=n_failed,
        method=method,
        ci=ci,
        rounds=rounds,
        level=level,
        seed=seed,
        simultaneous=simultaneous,
        details=details,
        k=k,
        start=start,
        orders=orders,
        sizes=sizes or {},
    )
    return whole if by is None else groups


def rank_with_groups(
    battles: BattleInput,
    *,
    by: str | None = None,
    filter: str | None = None,
    labels: Labels | None = None,
    cluster: str | None = AUTO,
    style: StyleKind | None = None,
    side: bool = False,
    anchor: Mapping[str, float] | None = None,
    n_failed: int | None = None,
    **wishes: Any,
) -> tuple[Leaderboard, dict[str, Leaderboard]]:
    """The leaderboard of all battles, and one for each value of `by`, from one reading; see `rank`.

    `wishes` are further fields of `ranking.rated.Wish`. A group in which the anchor did not fight has no
    anchor, and says so in its warnings.
    """
    cluster = _cluster(battles, cluster)
    wish = wish_of(**wishes, cluster=cluster)
    if wish.method != "bradley-terry" or wish.ci == "none":
        cluster = None
    told = {name: value for name, value in (("filter", filter), ("labels", labels)) if value is not None}
    if style is not None or side:
        return _styled(battles, style, side, cluster, wish, by, told, anchor, n_failed)

    def board(
        battles: Counts | Rows, anchor: Mapping[str, float] | None, n_failed: int | None
    ) -> Leaderboard:
        common: dict[str, Any] = {"anchor": anchor, "n_failed": n_failed, "parameters": told}
        if isinstance(battles, Rows):
            return rank_rows(battles, **common, **wishes)
        return rank_counts(battles, **common, **wishes, cluster=cluster)

    tally: Tally[Counts] | Tally[Rows]
    if wish.method in Ordered:
        tally = order_battles(battles, filter=filter, labels=labels, by=by)
    else:
        tally = count_battles(battles, filter=filter, labels=labels, by=by, cluster=cluster)
    groups = {}
    for name, part in tally.groups.items():
        known = {model: value for model, value in (anchor or {}).items() if model in part.models}
        found = board(part, known or None, None)
        if anchor and not known:
            note = f"the anchor {next(iter(anchor))} is in no battle here; the mean is 1000"
            found = replace(found, warnings=[*found.warnings, note])
        groups[name] = found
    failed = tally.n_failed if n_failed is None else n_failed
    return board(tally.battles, anchor, failed), groups


def _styled(
    battles: BattleInput,
    style: StyleKind | None,
    side: bool,
    cluster: str | None,
    wish: Wish,
    by: str | None,
    told: dict[str, Any],
    anchor: Mapping[str, float] | None,
    n_failed: int | None,
) -> tuple[Leaderboard, dict[str, Leaderboard]]:
    from palestra.interchange.styled import rank_styled

    if wish.method != "bradley-terry":
        raise UsageError(f"{wish.method} knows no style and no side", hint="use the method bradley-terry")

    def board(condition: str | None, anchor: Mapping[str, float] | None) -> Leaderboard:
        return rank_styled(
            battles,
            style=style or False,
            side=side,
            cluster=cluster,
            anchor=anchor,
            filter=condition,
            labels=told.get("labels"),
            n_failed=n_failed,
            ci=wish.ci,
            level=wish.level,
            seed=wish.seed,
            simultaneous=wish.simultaneous,
            details=wish.details,
        )

    whole = board(told.get("filter"), anchor)
    if by is None:
        return whole, {}
    tally = count_battles(battles, filter=told.get("filter"), labels=told.get("labels"), by=by)
    groups = {}
    for name, part in tally.groups.items():
        known = {model: value for model, value in (anchor or {}).items() if model in part.models}
        groups[name] = board(group_condition(by, name, told.get("filter")), known or None)
    return whole, groups


def _cluster(battles: BattleInput, cluster: str | None) -> str | None:
    if cluster != AUTO:
        return cluster
    paths = [battles] if isinstance(battles, str | os.PathLike) else battles
    if not isinstance(paths, list | tuple) or not paths:
        return None
    folders = [isinstance(path, str | os.PathLike) and os.path.isdir(path) for path in paths]
    return PROMPT if all(folders) else None
