"""Battles of any form in, leaderboard out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, overload

from palestra.interchange.counts import Tally, count_battles, order_battles
from palestra.ranking.counts import Counts, Rows
from palestra.ranking.leaderboard import check, rank_counts, rank_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from palestra.interchange.battle_query import Labels
    from palestra.interchange.counts import BattleInput
    from palestra.ranking.leaderboard import Ci, Method
    from palestra.records.rating import Leaderboard


@overload
def rank(
    battles: BattleInput,
    *,
    method: Method = ...,
    ci: Ci = ...,
    rounds: int = ...,
    level: float = ...,
    seed: int = ...,
    anchor: Mapping[str, float] | None = ...,
    k: float = ...,
    start: float = ...,
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
    anchor: Mapping[str, float] | None = ...,
    k: float = ...,
    start: float = ...,
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
    anchor: Mapping[str, float] | None = None,
    k: float = 4.0,
    start: float = 1000.0,
    filter: str | None = None,
    labels: Labels | None = None,
    by: str | None = None,
    n_failed: int | None = None,
) -> Leaderboard | dict[str, Leaderboard]:
    """Rate models from battles.

    `battles`: a path or several (JSONL, CSV, Parquet, also gzipped; a run folder; `-` for standard
    input), Battle records or rows as dicts, a pandas DataFrame, or an Arrow table. Only `model_a`,
    `model_b` and `winner` are needed.

    `method`: `bradley-terry`, `elo` (in the order of the rows, with `k` and `start`, no intervals) or
    `win-rate`. `ci`: `sandwich`, `bootstrap` (with `rounds` and `seed`) or `none`; `level` is their
    coverage. `anchor`: one model's rating, as in `{"Llama": 1000}`; by default the mean is 1000.
    `filter` and `labels`: see `count_battles`. With `by` (`category`, `dataset`, `subset`, `language`,
    `source` or `judge_model`), one leaderboard for each value. `n_failed` is passed on; by default a run
    folder's failed verdicts are counted.

    Raises:
        DataError: battles that cannot be read; files are named with the line.
        UsageError: an argument that makes no sense.
    """
    whole, groups = rank_with_groups(
        battles,
        by=by,
        filter=filter,
        labels=labels,
        method=method,
        ci=ci,
        rounds=rounds,
        level=level,
        seed=seed,
        anchor=anchor,
        k=k,
        start=start,
        n_failed=n_failed,
    )
    return whole if by is None else groups


def rank_with_groups(
    battles: BattleInput,
    *,
    method: Method,
    by: str | None = None,
    filter: str | None = None,
    labels: Labels | None = None,
    ci: Ci = "sandwich",
    rounds: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    anchor: Mapping[str, float] | None = None,
    k: float = 4.0,
    start: float = 1000.0,
    n_failed: int | None = None,
) -> tuple[Leaderboard, dict[str, Leaderboard]]:
    """The leaderboard of all battles, and one for each value of `by`, from one reading; see `rank`.

    A group in which the anchor did not fight has no anchor, and says so in its warnings.
    """
    check(method, ci, level)
    told = {name: value for name, value in (("filter", filter), ("labels", labels)) if value is not None}

    def board(
        battles: Counts | Rows, anchor: Mapping[str, float] | None, n_failed: int | None
    ) -> Leaderboard:
        common: dict[str, Any] = {"anchor": anchor, "n_failed": n_failed, "parameters": told}
        if isinstance(battles, Rows):
            return rank_rows(battles, k=k, start=start, **common)
        return rank_counts(battles, method=method, ci=ci, rounds=rounds, level=level, seed=seed, **common)

    tally: Tally[Counts] | Tally[Rows]
    if method == "elo":
        tally = order_battles(battles, filter=filter, labels=labels, by=by)
    else:
        tally = count_battles(battles, filter=filter, labels=labels, by=by)
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
