"""Battles with the time of each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from palestra.errors import DataError
from palestra.interchange.battle_query import View
from palestra.interchange.battle_reader import read_battles
from palestra.ranking.counts import Rows

if TYPE_CHECKING:
    from palestra.interchange.battle_input import BattleInput
    from palestra.interchange.battle_query import Labels
    from palestra.ranking.arrays import Floats


@dataclass(frozen=True, slots=True, eq=False)
class TimedBattles:
    """Battles one by one, in the order of the files and of their rows."""

    rows: Rows
    """Those that have a time."""
    times: Floats
    """Epoch seconds, (rows,)."""
    n_untimed: int
    """Battles left out because they have no time."""

    def in_time_order(self) -> Rows:
        """The rows, the earliest first; those of the same moment as they came."""
        order = np.argsort(self.times, kind="stable")
        rows = self.rows
        return replace(
            rows,
            a=rows.a[order],
            b=rows.b[order],
            outcome=rows.outcome[order],
            share=rows.share[order],
            weight=rows.weight[order],
            n=rows.n[order],
        )


def time_battles(
    battles: BattleInput, *, filter: str | None = None, labels: Labels | None = None
) -> TimedBattles:
    """Battles and their `tstamp`; see `count_battles` for the arguments.

    Raises:
        DataError: a file that cannot be read, with its line, or no battle with a time.
        UsageError: a filter or `labels` that makes no sense.
    """
    parts, _ = read_battles(battles, _read, filter=filter, labels=labels, cluster="tstamp")
    rows = Rows.concat([rows for rows, _ in parts])
    times = np.concatenate([np.zeros(0), *(times for _, times in parts)])
    known = np.isfinite(times)
    if not known.any():
        raise DataError(
            "no battle has a time" if times.size else "there are no battles",
            key="tstamp",
            hint="what goes by time needs the column tstamp: seconds since 1970, UTC",
        )
    return TimedBattles(rows.take(known), times[known], int(np.count_nonzero(~known)))


def _read(view: View) -> tuple[Rows, Floats]:
    """The rows, and the column `tstamp` in the same order; the clusters only made it be read."""
    plain = View(view._connection, view._table, replace(view._query, cluster="NULL"))
    rows, _ = plain.rows()
    found = plain._fetch(plain._relation().project("tstamp"))["tstamp"]
    return rows, np.asarray(np.ma.filled(found, np.nan), dtype=np.float64)
