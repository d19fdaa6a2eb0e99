"""Battles of any form in, leaderboard out."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack, get_args, overload

from palestra.errors import UsageError, nearest
from palestra.interchange.counts import Tally, count_battles, order_battles
from palestra.ranking.categories import Whole, check_shrinkable
from palestra.ranking.counts import Counts, Rows
from palestra.ranking.leaderboard import rank_counts, rank_rows, wish_of
from palestra.ranking.rated import Method, Ordered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from palestra.interchange.battle_input import BattleInput
    from palestra.interchange.battle_query import Labels
    from palestra.interchange.regression_rows import RowsInput
    from palestra.ranking.rated import Ci, Wish
    from palestra.ranking.style import StyleKind
    from palestra.records.rating import Leaderboard

AUTO = "auto"
"""Cluster a run folder's battles by prompt, and nothing else."""
PROMPT = "question_id"
LENGTH_CONTROLLED = "length-controlled"
RankMethod = Literal[Method, "length-controlled"]


class _Options(TypedDict, total=False):
    """What both forms of `rank` take."""

    method: RankMethod
    ci: Ci
    rounds: int
    level: float
    seed: int
    cluster: str | None
    simultaneous: bool
    details: bool
    style: StyleKind | None
    side: bool
    anchor: Mapping[str, float] | None
    k: float
    start: float
    orders: int
    by_time: bool
    sizes: Mapping[str, float] | None
    baseline: str | None
    difficulty: RowsInput | None
    gamed: RowsInput | None
    official_order: bool
    filter: str | None
    labels: Labels | None
    n_failed: int | None


@overload
def rank(battles: BattleInput, *, by: None = ..., **options: Unpack[_Options]) -> Leaderboard: ...


@overload
def rank(
    battles: BattleInput, *, by: str, shrink: bool = ..., **options: Unpack[_Options]
) -> dict[str, Leaderboard]: ...


def rank(
    battles: BattleInput,
    *,
    method: RankMethod = "bradley-terry",
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
    by_time: bool = False,
    sizes: Mapping[str, float] | None = None,
    baseline: str | None = None,
    difficulty: RowsInput | None = None,
    gamed: RowsInput | None = None,
    official_order: bool = False,
    filter: str | None = None,
    labels: Labels | None = None,
    by: str | None = None,
    shrink: bool = False,
    n_failed: int | None = None,
) -> Leaderboard | dict[str, Leaderboard]:
    """Rate models from battles.

    `battles`: a path or several (JSONL, CSV, Parquet, also gzipped; a run folder; `-` for standard
    input), Battle records or rows as dicts, a pandas DataFrame, or an Arrow table. Only `model_a`,
    `model_b` and `winner` are needed.

    `method`: `bradley-terry`; `davidson` or `rao-kupper`, which model ties, with `both bad` as an outcome
    of its own; `win-rate`; `gladiator`, wins/n · (1 − 1/(n + 1)); in the order of the rows and without
    intervals, `elo` (with `k` and `start`), `elo-average` over `orders` random orders, or `size-elo` (with
    `sizes` in billions of parameters, read from the names where missing), both also `by_time` instead, in
    the order of their `tstamp`; `length-controlled`, the win rate
    in percent against `baseline` at equal length of the answers, of all models that met it.

    With `length-controlled`, `difficulty` (a file, or rows, of `question_id` and `difficulty`) and `gamed`
    (`length_feature`, `difficulty`, `share`) make it AlpacaEval 2's regression. `official_order` takes
    difficulties by the position of a row among its model's, another prompt's wherever a row is missing: the
    published figures have this fault.

    `ci`: `sandwich`, `bootstrap` (with `rounds` and `seed`) or `none`; `level` is their coverage.
    `cluster`: the column whose equal values make rows depend on each other; by default `question_id` for
    run folders, None elsewhere. With `simultaneous` the level is that of all intervals at once. With
    `details` the board says who is better than whom, and how likely each rank is.

    `style`: `lmarena` or `arena-hard` adjusts for the length and the markdown of the answers, `side` for
    which was shown first; the coefficients are among the board's parameters. `anchor`: one model's
    rating, as in `{"Llama": 1000}`; by default the mean is 1000. `filter` and `labels`: see
    `count_battles`. With `by` (`category`, `dataset`, `subset`, `language`, `source` or `judge_model`), one
    leaderboard for each value; with `shrink` its Bradley-Terry ratings are pulled towards those of all
    battles as far as the group is unsure of them, and are on their scale. `n_failed` is passed on; by default
    a run folder's failed verdicts are counted.

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
        baseline=baseline,
        difficulty=difficulty,
        gamed=gamed,
        official_order=official_order,
        shrink=shrink,
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
        by_time=by_time,
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
    baseline: str | None = None,
    difficulty: RowsInput | None = None,
    gamed: RowsInput | None = None,
    official_order: bool = False,
    shrink: bool = False,
    by_time: bool = False,
    n_failed: int | None = None,
    method: RankMethod = "bradley-terry",
    **wishes: Any,
) -> tuple[Leaderboard, dict[str, Leaderboard]]:
    """The leaderboard of all battles, and one for each value of `by`, from one reading; see `rank`.

    `wishes` are further fields of `ranking.rated.Wish`. A group in which the anchor did not fight has no
    anchor, and says so in its warnings, unless it is shrunk and so on the scale of the whole.
    """
    _check_method(method, shrink=shrink, by=by, features=style is not None or side)
    unasked = cluster == AUTO
    cluster = _cluster(battles, cluster)
    rows: dict[str, Any] = {"filter": filter, "labels": labels}
    told = {name: value for name, value in rows.items() if value is not None}
    versus = (baseline, difficulty, gamed, official_order or None)
    if method == LENGTH_CONTROLLED or any(given is not None for given in versus):
        from palestra.interchange.length_controlled import Against, rank_length_controlled

        against = Against(baseline, difficulty, gamed, official_order)
        others = {"style": style, "side": side, "anchor": anchor}
        against.check(method, [name for name, given in others.items() if given])
        return rank_length_controlled(
            battles, against, by=by, cluster=cluster, n_failed=n_failed, **rows, **wishes
        )
    wishes["method"] = method
    wish = wish_of(**wishes, cluster=cluster)
    if wish.method != "bradley-terry":
        _check_unclustered(wish, None if unasked else cluster)
        cluster = None
    elif wish.ci == "none" and not shrink:
        cluster = None
    if style is not None or side:
        from palestra.interchange.styled_groups import Features, rank_styled_groups

        features = Features(style, side=side)
        return rank_styled_groups(
            battles, features, wish, by=by, cluster=cluster, anchor=anchor, n_failed=n_failed, **rows
        )
    if shrink:
        check_shrinkable(wish)
    tally: Tally[Counts] | Tally[Rows]
    if by_time:
        from palestra.interchange.timed import time_battles

        _check_by_time(wish, by)
        timed = time_battles(battles, **rows)
        tally = Tally(timed.in_time_order(), {}, None)
        told |= {"by_time": True, "n_untimed": timed.n_untimed}
    elif wish.method in Ordered:
        tally = order_battles(battles, by=by, **rows)
    else:
        look = unasked and cluster is None and wish.method == "bradley-terry" and wish.ci != "none"
        tally = count_battles(battles, by=by, cluster=cluster, look=look, **rows)
    wishes["cluster"] = cluster
    whole = _board(tally.battles, anchor, tally.n_failed if n_failed is None else n_failed, told, wishes)
    if tally.shares_prompts:
        whole = replace(whole, warnings=[*whole.warnings, _SHARED])
    if shrink and isinstance(tally.battles, Counts):
        all_battles = Whole.of(tally.battles, whole, wish_of(**wishes))
        return whole, {name: all_battles.board(part, told) for name, part in tally.groups.items()}
    return whole, {name: _group(part, anchor, told, wishes) for name, part in tally.groups.items()}


_SHARED = (
    "some battles are of the same prompt (question_id), and the intervals take them as independent: "
    "--cluster question_id allows for what they share"
)


def _check_method(method: str, *, shrink: bool, by: str | None, features: bool) -> None:
    known = (*get_args(Method), LENGTH_CONTROLLED)
    if method not in known:
        raise UsageError(f"unknown method {method!r}", hint=nearest(str(method), known))
    if shrink and (by is None or features or method != "bradley-terry"):
        raise UsageError(
            "only boards of groups, by bradley-terry without style and side, can be shrunk",
            key="shrink",
            hint="say which groups, as in --by category --shrink",
        )


def _check_by_time(wish: Wish, by: str | None) -> None:
    if wish.method not in ("elo", "size-elo") or by is not None:
        raise UsageError(
            "only the whole board of elo or size-elo goes by time", key="by_time", hint="as in --method elo"
        )


def _check_unclustered(wish: Wish, cluster: str | None) -> None:
    if cluster is not None and wish.ci != "none" and wish.method in ("davidson", "rao-kupper", "win-rate"):
        raise UsageError(
            f"the intervals of {wish.method} take battles as independent",
            key="cluster",
            hint="leave --cluster out, or use the method bradley-terry",
        )


def _board(
    battles: Counts | Rows,
    anchor: Mapping[str, float] | None,
    n_failed: int | None,
    told: dict[str, Any],
    wishes: dict[str, Any],
) -> Leaderboard:
    common: dict[str, Any] = {"anchor": anchor, "n_failed": n_failed, "parameters": told, **wishes}
    return rank_rows(battles, **common) if isinstance(battles, Rows) else rank_counts(battles, **common)


def _group(
    battles: Counts | Rows,
    anchor: Mapping[str, float] | None,
    told: dict[str, Any],
    wishes: dict[str, Any],
) -> Leaderboard:
    known = {model: value for model, value in (anchor or {}).items() if model in battles.models}
    found = _board(battles, known or None, None, told, wishes)
    if not anchor or known:
        return found
    note = f"the anchor {next(iter(anchor))} is in no battle here; the mean is 1000"
    return replace(found, warnings=[*found.warnings, note])


def _cluster(battles: BattleInput, cluster: str | None) -> str | None:
    if cluster != AUTO:
        return cluster
    paths = [battles] if isinstance(battles, str | os.PathLike) else battles
    if not isinstance(paths, list | tuple) or not paths:
        return None
    folders = [isinstance(path, str | os.PathLike) and os.path.isdir(path) for path in paths]
    return PROMPT if all(folders) else None
