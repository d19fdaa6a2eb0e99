"""The greatest likelihood of battles with features: jointly, and for models that hang on a fixed core."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from palestra.errors import PalestraError
from palestra.ranking.bradley_terry.laplacian import Laplacian

if TYPE_CHECKING:
    from palestra.ranking.arrays import Bools, Floats, Ints
    from palestra.ranking.contextual.moments import Moments, Sums
    from palestra.ranking.contextual.paired import PairedRows

_STEPS = 30
"""Newton's method from the fit without features needs three or four."""
_SURE = 1.6
"""A step that moves no row's log-odds by more than this cannot lose likelihood; see `newton`."""
_SMALL = 3e-5
"""Once no row's log-odds move by more than this, the error left is below its square, 1e-9."""
_STILL = 1e-6
"""The same for models that hang on a fixed core, where another step costs little."""
_MOVING = 0.1
"""A coefficient whose effect still grows by more than this, in log-odds, has no end."""
_OWN = 1e-8
"""A feature of which the models and the features before it leave less than this share unexplained has no
coefficient of its own."""
_DENSE = 160
"""Up to so many nodes a direct solution is the fastest."""


@dataclass(frozen=True, slots=True, eq=False)
class Joint:
    """Strengths and coefficients at the maximum; K nodes in groups, F features."""

    rows: PairedRows
    """What was fitted: features with a coefficient only, and a prior's battles where one was needed."""
    group: Ints
    """Each node's strongly connected group, (K,)."""
    theta: Floats
    """Each group's mean is 0, (K,)."""
    beta: Floats
    """(F,)"""
    kept: Ints
    """Which of the given features these are, (F,)."""
    separating: Ints
    """Which of the given features settle battles for certain, so that their coefficients rest on a prior."""
    bend: Moments
    """Minus the Hessian at the maximum."""
    scatter: Moments
    """How the battles' residuals scatter there."""
    log_likelihood: float
    """There, of `rows`."""


def fit_joint(rows: PairedRows, group: Ints, theta: Floats) -> Joint:
    """Fit nodes, each strongly connected with its group, and coefficients, starting at `theta`, (K,).

    Raises:
        PalestraError: no end was reached, as extreme weights or features may cause.
    """
    start = _Step.at(rows, group, theta, np.zeros(len(rows.x)))
    kept = start.with_own_share()
    if kept.size < len(rows.x):
        rows = rows.only(kept)
        start = _Step.at(rows, group, theta, np.zeros(kept.size))
    place = _climb(rows, group, theta, start)
    separating = np.zeros(0, dtype=np.int64)
    if not place.settled:
        separating = kept[place.moving]
        rows = _with_prior(rows)
        place = _climb(rows, group, theta, _Step.at(rows, group, theta, np.zeros(kept.size)))
    if not place.settled:
        raise PalestraError(
            f"the fit with features did not settle in {_STEPS} steps",
            hint="are some weights or features more than a billion times others?",
        )
    sums = rows.sums(place.theta, place.beta, whole=True)
    assert sums.scatter is not None
    return Joint(
        rows,
        group,
        place.theta,
        place.beta,
        kept,
        separating,
        sums.bend,
        sums.scatter,
        sums.log_likelihood,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """Where the climb ended."""

    theta: Floats
    beta: Floats
    settled: bool
    moving: Bools
    """Which coefficients still moved by much, (F,); all if none did and yet there is no end."""


def _climb(rows: PairedRows, group: Ints, theta: Floats, step: _Step) -> _Place:
    """Newton's method from `theta` and β = 0, where the first step is `step`."""
    reach = np.maximum(rows.x.max(axis=1, initial=0.0), -rows.x.min(axis=1, initial=0.0))
    beta = by_beta = np.zeros(len(rows.x))
    for number in range(_STEPS):
        if number:
            step = _Step.at(rows, group, theta, beta)
        by_theta, by_beta = step.whole()
        move = float(np.ptp(by_theta)) + float(np.abs(by_beta) @ reach) if theta.size else 0.0
        if move > _SURE:
            scale = _shorter(rows, (theta, beta), (by_theta, by_beta))
            by_theta, by_beta = scale * by_theta, scale * by_beta
        theta, beta = theta + by_theta, beta + by_beta
        if move < _SMALL:
            return _Place(_level(theta, group), beta, True, np.zeros(beta.size, dtype=bool))
    moving = np.abs(by_beta) * reach > _MOVING
    return _Place(theta, beta, False, moving if moving.any() else np.ones(beta.size, dtype=bool))


def _shorter(rows: PairedRows, place: tuple[Floats, Floats], step: tuple[Floats, Floats]) -> float:
    """The largest of 1, 1/2, 1/4, … by which the step does not lose likelihood."""
    before = rows.log_likelihood(*place)
    slack = 1e-12 * (1.0 + abs(before))
    scale = 1.0
    for _ in range(60):
        after = rows.log_likelihood(place[0] + scale * step[0], place[1] + scale * step[1])
        if after >= before - slack:
            return scale
        scale /= 2
    return 0.0


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """Newton's step with the strengths eliminated from its equations."""

    sums: Sums
    cross: Floats
    """Minus the second derivatives by coefficients and strengths, (F, K)."""
    along: Floats
    """The strengths' step if no coefficient moved, (K,)."""
    across: Floats
    """By how much less they move for each unit that a coefficient moves, (K, F)."""

    @classmethod
    def at(cls, rows: PairedRows, group: Ints, theta: Floats, beta: Floats) -> _Step:
        """From this place."""
        sums = rows.sums(theta, beta)
        cross = rows.by_node(sums.bend.mass_x)
        push = rows.by_node(sums.pull[np.newaxis])
        solved = _solve(rows, sums, group, np.concatenate([push, cross]).T)
        return cls(sums, cross, solved[:, 0], solved[:, 1:])

    def _rest(self) -> Floats:
        """Minus the second derivatives by coefficients that the strengths leave, (F, F)."""
        return np.asarray(self.sums.bend.mass_xx - self.cross @ self.across)

    def whole(self) -> tuple[Floats, Floats]:
        """The step by strengths, (K,), and by coefficients, (F,)."""
        if not len(self.cross):
            return self.along, np.zeros(0)
        by_beta = _solve_scaled(self._rest(), self.sums.pull_x - self.cross @ self.along)
        return self.along - self.across @ by_beta, by_beta

    def with_own_share(self) -> Ints:
        """The features that neither the models nor the features before them determine."""
        rest, whole = self._rest(), self.sums.bend.mass_xx.diagonal()
        kept: list[int] = []
        for feature in range(len(rest)):
            left = rest[feature, feature]
            if whole[feature] > 0 and left > _OWN * whole[feature]:
                kept.append(feature)
                column = rest[:, feature].copy()
                rest = rest - np.outer(column, column) / left
        return np.array(kept, dtype=np.int64)


def _solve(rows: PairedRows, sums: Sums, group: Ints, right: Floats) -> Floats:
    """X with L·X = `right`, (K, k), L the Laplacian of the strengths; each group's mean is 0."""
    if rows.size == 0:
        return right
    if rows.size > _DENSE and not group.any():
        bend = Laplacian.of(rows.size, rows.i, rows.j, rows.between(sums.bend))
        return np.stack([bend.solve(column) for column in right.T], axis=1)
    return np.asarray(np.linalg.solve(gauged_by_group(rows.laplacian(sums.bend), group), right))


def gauged_by_group(matrix: Floats, group: Ints) -> Floats:
    """A Laplacian made regular: its inverse equals the pseudo-inverse where each group sums to 0."""
    if not matrix.size:
        return matrix
    together = group[:, np.newaxis] == group[np.newaxis, :]
    return np.asarray(matrix + together * (float(np.trace(matrix)) / len(matrix) ** 2))


def _solve_scaled(matrix: Floats, right: Floats) -> Floats:
    """The solution, whatever the units of the features are."""
    scale = 1.0 / np.sqrt(matrix.diagonal())
    scaled = matrix * scale * scale[:, np.newaxis]
    return np.asarray(scale * np.linalg.solve(scaled, scale * right))


def _with_prior(rows: PairedRows) -> PairedRows:
    """With one drawn battle per feature, of the rows' mean weight, between equal models that differ by the
    feature's root mean square.
    """
    typical = np.sqrt(np.square(rows.x).mean(axis=1))
    nodes = np.zeros(typical.size, dtype=np.int64)
    half = np.full(typical.size, (rows.won.sum() + rows.lost.sum()) / rows.won.size / 2)
    return rows.join(nodes, nodes, half, half, np.diag(typical))


def _level(theta: Floats, group: Ints) -> Floats:
    """With each group's mean at 0."""
    sizes = np.bincount(group)
    means = np.bincount(group, theta) / np.maximum(sizes, 1)
    return np.asarray(theta - means[group])


def hang_on(rows: PairedRows, theta: Floats, beta: Floats, free: Bools) -> Floats:
    """The strengths, (N,), of greatest likelihood where only `free` nodes move; β is given.

    The maximum must be finite: every free node tied to a fixed one by wins and losses, a prior's too.

    Raises:
        PalestraError: no end was reached.
    """
    theta = theta.copy()
    nodes = np.flatnonzero(free)
    last = np.inf
    for _ in range(8 * _STEPS):
        sums = rows.sums(theta, beta)
        push = rows.by_node(sums.pull[np.newaxis])[0, nodes]
        step = np.zeros(theta.size)
        step[nodes] = Laplacian.of(rows.size, rows.i, rows.j, sums.bend.mass, free).solve(push)
        size = float(np.abs(step).max(initial=0.0))
        if 2 * size > _SURE:
            step *= _shorter(rows, (theta, beta), (step, np.zeros(beta.size)))
        theta += step
        if size < _STILL or (size < 1e-4 and size > last / 2):
            return theta
        last = size
    raise PalestraError("the ratings of models that only won or only lost did not settle")
