"""Maximises the Bradley-Terry likelihood of weighted wins between pairs, by Newton's method."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from palestra.errors import PalestraError
from palestra.ranking.bradley_terry.games import WIDE, Games
from palestra.ranking.bradley_terry.laplacian import Laplacian, solve_dense

if TYPE_CHECKING:
    from palestra.ranking.arrays import Bools, Floats, Ints
    from palestra.ranking.bradley_terry.dense import Table

_STEPS = 200
_SURE = 0.8
"""Where no two log-strengths move by more than twice this against each other, Newton's step cannot lose
likelihood: the curvature along it grows by less than e^d, and (e^d - 1 - d)/d² < 1 up to d = 1.79
(Bach, Electron. J. Statist. 4 (2010) 384)."""
FAR = 8.0
"""No step in log-strength is longer: so far away the curvature says nothing, and where it is nearly nil the
next step would be too long to be halved back."""
_SMALL = 1e-10
"""A step in log-strength (1.7e-8 rating points); Newton squares the error, so the next would be nil."""


def maximise(games: Games, theta: Floats, free: Bools | None = None, *, table: Table | None = None) -> Floats:
    """The log-strengths, (N,), of greatest likelihood, starting at `theta`.

    With `free`, only those nodes move and the others say where zero is; without it, all move and the
    mean stays. The maximum must be finite: every node strongly connected, or tied to a fixed one. `table`
    is another form of the same games, for where all nodes move.

    Raises:
        PalestraError: the steps do not end, which such data cannot cause but extreme weights could.
    """
    theta = theta.copy()
    nodes = np.arange(theta.size) if free is None else np.flatnonzero(free)
    if nodes.size == 0 or games.i.size == 0:
        return theta
    last = np.inf
    for _ in range(_STEPS):
        step = _newton_step(games, table, theta, free)
        size = float(np.abs(step).max())
        if size < _SURE:
            theta[nodes] += step
        else:
            theta = _climb(games, theta, nodes, step * min(1.0, FAR / size))
        if size < _SMALL or (size < 1e-6 and size > last / 2):
            return theta
        last = size
    raise PalestraError(
        f"the Bradley-Terry fit did not settle in {_STEPS} steps (last step {last:g})",
        hint="are some weights more than a billion times others?",
    )


def _newton_step(games: Games, table: Table | None, theta: Floats, free: Bools | None) -> Floats:
    if table is not None and np.ptp(theta) < WIDE:
        return solve_dense(*table.slopes(theta), whole=True)
    p, q = games.chances(theta)
    push = games.pull(p, q, theta.size)
    weight = (games.wins_i + games.wins_j) * p * q
    bend = Laplacian.of(theta.size, games.i, games.j, weight, free)
    return bend.solve(push if free is None else push[free])


def _climb(games: Games, theta: Floats, nodes: Ints, step: Floats) -> Floats:
    """The largest of step, step/2, step/4, … that does not lose likelihood."""
    before = games.log_likelihood(theta)
    slack = 1e-12 * (1.0 + abs(before))
    for _ in range(60):
        trial = theta.copy()
        trial[nodes] += step
        if games.log_likelihood(trial) >= before - slack:
            return trial
        step = step / 2
    return theta
