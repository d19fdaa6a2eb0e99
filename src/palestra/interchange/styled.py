"""Battles with what features need, and their leaderboard: style control, and what being first is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from palestra.errors import UsageError, nearest
from palestra.interchange.battle_columns import COLUMNS
from palestra.interchange.battle_reader import read_battles
from palestra.interchange.counts import failed_verdicts, parquet_paths
from palestra.interchange.parquet_styles import PlainStyles, joined, read_parquet_styles
from palestra.interchange.style_columns import TEXTS, read_cluster, read_side, read_style
from palestra.ranking.contextual import ContextualFit, fit
from palestra.ranking.contextual.board import SIDE, Controlled, rank_controlled
from palestra.ranking.counts import Rows
from palestra.ranking.leaderboard import wish_of
from palestra.ranking.style import FEATURES, StyleKind, differences, standardise

if TYPE_CHECKING:
    from collections.abc import Mapping

    from palestra.interchange.battle_input import BattleInput
    from palestra.interchange.battle_query import Labels, View
    from palestra.ranking.arrays import Floats, Ints
    from palestra.records.rating import Leaderboard


@dataclass(frozen=True, slots=True, eq=False)
class StyledRows:
    """Battles one by one, in the order of the files and of their rows, n of them."""

    rows: Rows
    style_a: Floats | None
    """Tokens, headers, lists and bold of A's answer, (n, 4); None if not asked for."""
    style_b: Floats | None
    side: Floats | None
    """1 where A was shown first, -1 where B was, 0 where two orders were combined, (n,); None if not asked
    for."""
    clusters: Ints | None
    """Which rows may depend on each other, (n,), below 0 for none; None if not asked for."""
    n_counted: int
    """Rows without a `style` of their own, whose answers were counted here."""
    n_failed: int | None
    """As in `Tally`."""


def styled_rows(
    battles: BattleInput,
    *,
    filter: str | None = None,
    labels: Labels | None = None,
    style: bool = True,
    side: bool = False,
    cluster: str | None = None,
) -> StyledRows:
    """Read battles with the style of their answers, the side, and a cluster such as `question_id`.

    `battles`, `filter` and `labels`: see `count_battles`. A row's style is its `style`, or else counted in
    `response_a` and `response_b`.

    Raises:
        DataError: a file that cannot be read, or a row with neither style nor answers, with its place.
        UsageError: a filter, `labels` or `cluster` that makes no sense.
    """
    also = [*(["style", *TEXTS] if style else []), *(["order"] if side else [])]

    def read(view: View) -> StyledRows:
        rows, _ = view.rows()
        counts = read_style(view, rows) if style else None
        return StyledRows(
            rows,
            None if counts is None else counts.a,
            None if counts is None else counts.b,
            read_side(view) if side else None,
            None if cluster is None else read_cluster(view, cluster),
            0 if counts is None else int(counts.counted.sum()),
            None,
        )

    if cluster is not None and cluster not in COLUMNS:
        raise UsageError(f"battles have no column {cluster!r}", key="cluster", hint=nearest(cluster, COLUMNS))
    wanted = also if cluster is None else [*also, cluster]
    parts, folders = read_battles(battles, read, filter=filter, labels=labels, also=wanted)
    failures = [failed_verdicts(folder) for folder in folders] if len(folders) == len(parts) else [None]
    known = filter is None and bool(folders) and None not in failures
    return StyledRows(
        parts[0].rows if len(parts) == 1 else Rows.concat([part.rows for part in parts]),
        _joined([part.style_a for part in parts], (0, len(FEATURES))) if style else None,
        _joined([part.style_b for part in parts], (0, len(FEATURES))) if style else None,
        _joined([part.side for part in parts], (0,)) if side else None,
        None if cluster is None else _joined([part.clusters for part in parts], (0,)).astype(np.int64),
        sum(part.n_counted for part in parts),
        sum(count or 0 for count in failures) if known else None,
    )


def _joined(parts: list[Any], empty: tuple[int, ...]) -> Any:
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.zeros(empty)


def rank_styled(
    battles: BattleInput,
    *,
    style: StyleKind | bool = "lmarena",
    side: bool = False,
    centred: bool = False,
    cluster: str | None = None,
    anchor: Mapping[str, float] | None = None,
    filter: str | None = None,
    labels: Labels | None = None,
    n_failed: int | None = None,
    **wishes: Any,
) -> Leaderboard:
    """Rate models as if all answers were of one style, and nobody were first.

    `style`: `lmarena` (or True) or `arena-hard`, see `palestra.ranking.style`, or False for none; `centred`
    takes the features' means off as they do. `side` adds what being shown first is worth. `cluster`: a
    column, such as `question_id`, whose equal values may depend on each other. `wishes`: `ci` (`sandwich` or
    `none`), `level`, `simultaneous`, `details`, `seed`. Else as `palestra.rank`.

    `parameters["coefficients"]` of the leaderboard has a dict per feature: `feature`, `coefficient` and
    `standard_error` (log-odds per standard deviation; for `side`, of being first), the same in rating
    points as `points` and `points_se`, and the transform: (raw − `centre`) / `spread`.

    Raises:
        DataError: battles that cannot be read, or a row with neither style nor answers, with its place.
        UsageError: an argument that makes no sense.
    """
    kind = _kind(style)
    wish_of(**wishes)
    found = _read(battles, kind, side=side, filter=filter, labels=labels, cluster=cluster)
    fitted, features = _fitted(found, centred=centred)
    told: dict[str, Any] = {"style": kind, "centred": centred, "side": side}
    told |= {name: value for name, value in (("filter", filter), ("labels", labels)) if value is not None}
    return rank_controlled(
        found.rows.counts(),
        Controlled(fitted, features.names, features.centre, features.spread),
        anchor=anchor,
        n_failed=found.n_failed if n_failed is None else n_failed,
        parameters=told | ({"n_counted_here": found.n_counted} if kind else {}),
        cluster=cluster,
        **wishes,
    )


def _kind(style: StyleKind | bool) -> StyleKind | None:
    if isinstance(style, bool):
        return "lmarena" if style else None
    if style not in get_args(StyleKind):
        raise UsageError(
            f"unknown style {style!r}", key="style", hint=nearest(str(style), get_args(StyleKind))
        )
    return style


@dataclass(frozen=True, slots=True, eq=False)
class _Battles:
    """n battles, and what is to be adjusted for."""

    rows: Rows
    differences: Floats | None
    """Of style, (n, F)."""
    side: Floats | None
    clusters: Ints | None
    n_counted: int = 0
    n_failed: int | None = None


def _read(
    battles: BattleInput,
    kind: StyleKind | None,
    *,
    side: bool,
    filter: str | None,
    labels: Labels | None,
    cluster: str | None,
) -> _Battles:
    """Plain Parquet by its codes and numbers, everything else by `styled_rows`."""
    if kind is not None and not side and filter is None and cluster is None and labels in (None, "hard"):
        plain = _plain(battles, kind)
        if plain is not None:
            return _Battles(plain.rows, plain.differences, None, None)
    found = styled_rows(
        battles, filter=filter, labels=labels, style=kind is not None, side=side, cluster=cluster
    )
    style = None
    if kind is not None and found.style_a is not None and found.style_b is not None:
        style = differences(found.style_a, found.style_b, kind)
    return _Battles(found.rows, style, found.side, found.clusters, found.n_counted, found.n_failed)


def _plain(battles: BattleInput, kind: StyleKind) -> PlainStyles | None:
    parts = []
    for path in parquet_paths(battles) or []:
        part = read_parquet_styles(path, kind)
        if part is None:
            return None
        parts.append(part)
    return joined(parts) if parts else None


@dataclass(frozen=True, slots=True, eq=False)
class _Features:
    names: tuple[str, ...]
    x: Floats
    """(n, F)"""
    centre: Floats
    spread: Floats


def _fitted(found: _Battles, *, centred: bool) -> tuple[ContextualFit, _Features]:
    features = _features(found, centred=centred)
    rows = found.rows
    fitted = fit(
        len(rows.models),
        rows.a,
        rows.b,
        rows.share,
        features.x,
        weight=rows.weight,
        clusters=found.clusters,
        names=features.names,
    )
    return fitted, features


def _features(found: _Battles, *, centred: bool) -> _Features:
    """The style's features, standardised over the rows that count, then the side as it is."""
    rows, raw = found.rows, found.differences
    features = _Features((), np.zeros((rows.a.size, 0)), np.zeros(0), np.ones(0))
    if raw is not None:
        fought = (rows.a != rows.b) & (rows.weight > 0)
        scale = standardise(raw if fought.all() else raw[fought], centred=centred)
        x = scale.x if fought.all() else (raw - scale.centre) / scale.spread
        features = _Features(FEATURES, x, scale.centre, scale.spread)
    if found.side is None:
        return features
    return _Features(
        (*features.names, SIDE),
        np.concatenate([features.x, found.side[:, np.newaxis]], axis=1),
        np.r_[features.centre, 0.0],
        np.r_[features.spread, 1.0],
    )
