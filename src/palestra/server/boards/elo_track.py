"""Elo in the order of time, carried on battle by battle.

Battles arrive nearly in the order of their times, but not quite: several servers write, and a judge's runs
end late. So the ratings are kept as they were before the latest battles, which are played anew each time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from palestra.ranking.elo import play
from palestra.ranking.size_elo import MOST_K, PER_BILLION, START, K

if TYPE_CHECKING:
    from palestra.ranking.arrays import Floats, Ints
    from palestra.server.boards.ledger import Snapshot

_TAIL = 128
"""Battles that stay open to earlier ones; those of the same moment stay together."""


@dataclass(frozen=True, slots=True, eq=False)
class Sizes:
    """How large models are, for size Elo."""

    billions: Floats
    """Of parameters, of all models of the snapshot, (M,); NaN where unknown."""
    largest: float
    """That of the largest model that takes part."""


class EloTrack:
    """Ratings of all models of a ledger, (M,). Not safe to use from two threads at once.

    With `sizes` it is the size Elo of `ranking/size_elo.py`, among models of known size.
    """

    def __init__(self, *, k: float = K, start: float = START) -> None:
        self._k, self._start = k, start
        self._sizes: Sizes | None = None
        self._forget()

    def _forget(self) -> None:
        self._settled = np.zeros(0)
        self._until = float("-inf")
        """No settled battle is later."""
        self._open = np.zeros(0, dtype=np.int64)

    def advance(self, snapshot: Snapshot, new: Ints, whole: Ints, sizes: Sizes | None = None) -> Floats:
        """Ratings after the battles `whole`, positions in the snapshot; `new` are those since the last call.

        Battles without a time come before all others, as they came in.
        """
        which = np.concatenate([self._open, new])
        time = _times(snapshot, which)
        other_scale = sizes is not None and self._sizes is not None and sizes.largest != self._sizes.largest
        self._sizes = sizes
        if other_scale or (time.size and time.min() < self._until):
            self._forget()
            which = np.asarray(whole, dtype=np.int64)
            time = _times(snapshot, which)
        order = np.lexsort((which, time))
        self._settle(snapshot, which[order], time[order])
        ratings = self._begun(snapshot.n_models)
        self._play(snapshot, self._open, ratings)
        return ratings

    def _settle(self, snapshot: Snapshot, which: Ints, time: Floats) -> None:
        """Play all but the last battles for good, once there are many; `which` is in order of time."""
        self._settled = self._begun(snapshot.n_models)
        if which.size > 2 * _TAIL:
            keep = which.size - _TAIL
            self._play(snapshot, which[:keep], self._settled)
            self._until = float(time[keep - 1])
            which = which[keep:]
        self._open = which

    def _begun(self, n_models: int) -> Floats:
        """The settled ratings, and where new models start, (M,)."""
        have = self._settled.size
        if self._sizes is None:
            new = np.full(n_models - have, self._start)
        else:
            new = START + PER_BILLION * self._sizes.billions[have:n_models]
        return np.concatenate([self._settled, new])

    def _play(self, snapshot: Snapshot, which: Ints, ratings: Floats) -> None:
        cell = snapshot.cell[which]
        a, b = snapshot.a[cell], snapshot.b[cell]
        share, weight = snapshot.share[cell], snapshot.weight[cell]
        if self._sizes is None:
            play(a, b, share, weight, ratings, self._k)
            return
        larger = (self._sizes.billions[b] - self._sizes.billions[a]) / self._sizes.largest
        step = weight * np.minimum(MOST_K, K * (1.0 + (2.0 * share - 1.0) * larger))
        known = np.isfinite(larger)
        play(a[known], b[known], share[known], step[known], ratings, 1.0)


def _times(snapshot: Snapshot, which: Ints) -> Floats:
    time = snapshot.time[which]
    return np.where(np.isnan(time), -np.inf, time)
