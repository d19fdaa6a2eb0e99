"""The leaderboard of length-controlled win rates against one baseline."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from palestra.errors import UsageError
from palestra.ranking.leaderboard import make_board, wish_of
from palestra.ranking.length.control import (
    GAMED_WEIGHT,
    Gamed,
    LengthControlled,
    alpaca_eval,
    length_controlled,
)
from palestra.ranking.rated import Rated
from palestra.ranking.table import few
from palestra.ranking.win_rate import student, z_exact
from palestra.records.rating import Interval

if TYPE_CHECKING:
    from collections.abc import Mapping

    from palestra.ranking.arrays import Bools, Floats, Ints
    from palestra.ranking.counts import Rows
    from palestra.ranking.rated import Wish
    from palestra.records.rating import Leaderboard

METHOD = "length-controlled"
EVEN = 50.0
"""The baseline against itself, in percent."""


@dataclass(frozen=True, slots=True, eq=False)
class Official:
    """What AlpacaEval's regression has besides lengths."""

    difficulty: Floats
    """Of each prompt, (q,)."""
    gamed: Gamed
    in_row_order: bool = False
    """Take a battle's difficulty by its position among its model's battles, not by its prompt."""


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Battles one by one, n of them, one a row, and what is known of each."""

    rows: Rows
    length_a: Floats
    """Of A's answer, in any one unit, (n,). Read only where a model meets the baseline."""
    length_b: Floats
    prompt: Ints
    """A position in the difficulties, (n,), below 0 where there is none."""
    cluster: Ints
    """Battles with the same number, of 0 or more, may depend on each other, (n,)."""
    position: Ints
    """From 0, among the battles of its model with the baseline, (n,); see `positions`."""

    def take(self, keep: Bools) -> Measured:
        """The battles where `keep`, (n,), is True."""
        return Measured(
            self.rows.take(keep),
            self.length_a[keep],
            self.length_b[keep],
            self.prompt[keep],
            self.cluster[keep],
            self.position[keep],
        )


def met(rows: Rows, baseline: str) -> Bools:
    """Whether a row is a battle of another model with the baseline, (n,)."""
    number = rows.models.index(baseline) if baseline in rows.models else -1
    return np.asarray((rows.a == number) != (rows.b == number))


def positions(rows: Rows, baseline: str) -> Ints:
    """How many battles of the same model with the baseline came before, (n,); -1 for other battles."""
    found = np.full(rows.a.size, -1)
    here = met(rows, baseline)
    a_is_baseline = np.array([name == baseline for name in rows.models], dtype=bool)[rows.a[here]]
    model = np.where(a_is_baseline, rows.b[here], rows.a[here])
    order = np.argsort(model, kind="stable")
    first = np.searchsorted(model[order], model[order])
    place = np.empty(order.size, dtype=np.int64)
    place[order] = np.arange(order.size) - first
    found[here] = place
    return found


def rank_measured(
    battles: Measured,
    baseline: str,
    official: Official | None = None,
    *,
    n_failed: int | None = None,
    parameters: Mapping[str, Any] | None = None,
    **wishes: Any,
) -> Leaderboard:
    """Length-controlled win rates, in percent, of all models that met the baseline, which has 50.

    With `official` AlpacaEval 2's regression, else the plain form; see `length_control`. Intervals are the
    rate ± z (or, with clusters, Student's quantile) standard errors, within 0 and 100; where lengths or a
    clean sweep settle every battle there is none, and a warning. `win_rate` in a row is as judged.

    `wishes` are those fields of `rated.Wish` that this has: `ci` (`sandwich` or `none`), `level` and
    `cluster`, the name of what the clusters are. `parameters` are passed on, together with a dict for each
    model in `parameters["models"]`: the fields of `LengthControlled`.

    Raises:
        UsageError: a wish that makes no sense.
        DataError: with `official`, a battle whose prompt or position has no difficulty.
    """
    wish = check_wishes(**wishes)
    rows = battles.rows
    versus = met(rows, baseline)
    here = battles.take(versus & (rows.weight > 0))
    counts = here.rows.counts(
        n_self=int((rows.a == rows.b).sum()), n_weightless=int((versus & (rows.weight == 0)).sum())
    )
    found = {
        name: _versus(here, number, official)
        for number, name in enumerate(here.rows.models)
        if name != baseline
    }
    board = make_board(counts, _rated(here, found, baseline, wish), wish, n_failed=n_failed)
    left_out = sorted(set(rows.models) - set(here.rows.models) - {baseline})
    others = int((~versus & (rows.a != rows.b) & (rows.weight > 0)).sum())
    return replace(
        board,
        method=METHOD,
        ratings=[
            replace(row, ci_low=None, ci_high=None) if row.model == baseline else row for row in board.ratings
        ],
        warnings=[*board.warnings, *_left_out(baseline, left_out, others), *_doubts(here, found, official)],
        parameters={
            "baseline": baseline,
            **({"gamed_weight": GAMED_WEIGHT} if official else {}),
            **(parameters or {}),
            "models": {name: _told(each) for name, each in found.items()},
        },
    )


def check_wishes(**wishes: Any) -> Wish:
    """The wishes of `rank_measured`, checked.

    Raises:
        UsageError: an unknown one, or one that makes no sense here.
    """
    wish = wish_of(**wishes)
    asked = {
        "bootstrap intervals": wish.ci == "bootstrap",
        "simultaneous intervals": wish.simultaneous,
        "details": wish.details,
    }
    for what in (what for what, wanted in asked.items() if wanted):
        raise UsageError(f"{METHOD} has no {what}", hint="leave that out, or use the method bradley-terry")
    return wish


def _versus(battles: Measured, model: int, official: Official | None) -> LengthControlled:
    rows = battles.rows
    is_a, is_b = rows.a == model, rows.b == model
    own, turned = is_a | is_b, is_b[is_a | is_b]
    share = np.where(turned, 1.0 - rows.share[own], rows.share[own])
    length_a, length_b = battles.length_a[own], battles.length_b[own]
    mine, baseline = np.where(turned, length_b, length_a), np.where(turned, length_a, length_b)
    weight, clusters = rows.weight[own], battles.cluster[own]
    if official is None:
        return length_controlled(share, mine, baseline, weight=weight, clusters=clusters)
    return alpaca_eval(
        share,
        mine,
        baseline,
        battles.prompt[own],
        official.difficulty,
        official.gamed,
        row=battles.position[own] if official.in_row_order else None,
        weight=weight,
        clusters=clusters,
    )


def _rated(battles: Measured, found: Mapping[str, LengthControlled], baseline: str, wish: Wish) -> Rated:
    """The baseline's bounds are its rate: it is known, and others rank above or below it."""
    models = battles.rows.models
    rating = np.array([found[name].win_rate if name in found else EVEN for name in models])
    reach = np.zeros(len(models))
    for number, name in enumerate(models):
        if name != baseline:
            error = np.nan if found[name].separated else found[name].standard_error
            reach[number] = _quantile(battles, number, wish) * error
    bounded = wish.ci != "none"
    unknown = np.full(rating.size, np.nan)
    return Rated(
        interval=Interval(
            "sandwich" if bounded else "none", wish.level, cluster=wish.cluster if bounded else None
        ),
        rating=rating,
        component=np.zeros(rating.size, dtype=np.int64),
        low=np.maximum(rating - reach, 0.0) if bounded else unknown,
        high=np.minimum(rating + reach, 100.0) if bounded else unknown,
        weak=np.zeros(rating.size, dtype=bool),
        scale=100.0,
        base=1.0,
        has_anchor=False,
    )


def _quantile(battles: Measured, model: int, wish: Wish) -> float:
    """Student's where the errors are those of G clusters, with G − 1 degrees of freedom."""
    cluster = battles.cluster[(battles.rows.a == model) | (battles.rows.b == model)]
    if wish.cluster is None:
        return z_exact(wish.level)
    groups = int((cluster < 0).sum()) + np.unique(cluster[cluster >= 0]).size
    return student(wish.level, max(groups - 1, 1))


def _told(found: LengthControlled) -> dict[str, Any]:
    return {
        name: None if isinstance(value, float) and np.isnan(value) else value
        for name, value in asdict(found).items()
    }


def _left_out(baseline: str, models: list[str], battles: int) -> list[str]:
    told = []
    if models:
        told.append(f"left out, as they never met the baseline {baseline}: {', '.join(models)}")
    if battles:
        told.append(f"{battles} battles without the baseline were left out")
    return told


def _doubts(battles: Measured, found: Mapping[str, LengthControlled], official: Official | None) -> list[str]:
    told = []
    settled = [name for name, each in found.items() if each.separated]
    if settled:
        told.append(
            f"the lengths of the answers, or a clean sweep, settle every battle of {few(settled)}; the rate "
            "rests on a weak prior and has no interval"
        )
    if official is not None and official.in_row_order:
        moved = int(((battles.prompt >= 0) & (battles.prompt != battles.position)).sum())
        if moved:
            told.append(
                f"{moved} battles have the difficulty of another prompt, as in the official row order"
            )
    return told
