"""Models that the battles alone do not place, hung on the core of their part by the weak prior."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from palestra.ranking.bradley_terry import PRIOR, prior_games
from palestra.ranking.contextual.newton import hang_on

if TYPE_CHECKING:
    from palestra.ranking.arrays import Bools, Floats, Ints
    from palestra.ranking.bradley_terry import Fit, Part
    from palestra.ranking.contextual.newton import Joint
    from palestra.ranking.contextual.paired import PairedRows


@dataclass(frozen=True, slots=True, eq=False)
class Whole:
    """Strengths of all M models; coefficients of F features."""

    theta: Floats
    """(M,)"""
    covariance: Floats
    """(M, M)"""
    cross: Floats
    """Between strengths and coefficients, (M, F)."""
    beta: Floats
    beta_covariance: Floats
    """(F, F)"""

    @classmethod
    def of(cls, joint: Joint, covariance: Floats, member: Bools, theta: Floats) -> Whole:
        """What the joint fit says of its own members; the others keep `theta`, and nothing is known."""
        size, inside, count = member.size, np.flatnonzero(member), joint.theta.size
        found = np.full((size, size), np.nan)
        found[np.ix_(inside, inside)] = covariance[:count, :count]
        cross = np.full((size, joint.beta.size), np.nan)
        cross[inside] = covariance[:count, count:]
        strengths = theta.copy()
        strengths[inside] = joint.theta
        return cls(strengths, found, cross, joint.beta, covariance[count:, count:])


def hang_outer(rows: PairedRows, base: Fit, whole: Whole) -> Whole:
    """Place the models outside each part's core, and centre the part."""
    theta, covariance = whole.theta.copy(), whole.covariance.copy()
    for part in base.parts:
        nodes = part.nodes
        if part.core.all():
            theta[nodes] = whole.theta[nodes] - whole.theta[nodes].mean()
            continue
        found = _Hung.on(rows, part, whole)
        theta[nodes] = found.theta
        covariance[np.ix_(nodes, nodes)] = found.covariance
    covariance[base.component[:, np.newaxis] != base.component[np.newaxis, :]] = np.nan
    return Whole(theta, covariance, whole.cross, whole.beta, whole.beta_covariance)


@dataclass(frozen=True, slots=True, eq=False)
class _Hung:
    """A part of K models with some outside its core."""

    theta: Floats
    """The mean of the part is 0, (K,)."""
    covariance: Floats
    """(K, K)"""

    @classmethod
    def on(cls, rows: PairedRows, part: Part, whole: Whole) -> _Hung:
        size = part.nodes.size
        raw = part.raw.copy()
        core = part.nodes[part.core]
        raw[:-1][part.core] = whole.theta[core] - whole.theta[core].mean() if core.size else 0.0
        free = np.r_[~part.core, False]
        games = _with_prior(rows, part, raw)
        raw = hang_on(games, raw, whole.beta, free)
        bend = games.matrix(games.sums(raw, whole.beta).bend)
        outer, inner = np.flatnonzero(~part.core), np.flatnonzero(part.core)
        inverse = np.linalg.inv(bend[np.ix_(outer, outer)])
        carried = inverse @ -bend[np.ix_(outer, np.r_[inner, np.arange(size + 1, len(bend))])]
        known = _known(whole, core)
        ways = np.zeros((size, len(known)))
        ways[inner, np.arange(inner.size)] = 1.0
        ways[outer] = carried
        covariance = ways @ known @ ways.T
        covariance[np.ix_(outer, outer)] += part.unit * inverse
        if not inner.size:
            covariance = covariance - covariance.mean(axis=0)
            covariance = covariance - covariance.mean(axis=1)[:, np.newaxis]
        return cls(raw[:-1] - raw[:-1].mean(), covariance)


def _with_prior(rows: PairedRows, part: Part, raw: Floats) -> PairedRows:
    """The part's battles that involve a model outside the core, and the prior's; node K is the phantom."""
    size = part.nodes.size
    position = np.full(rows.size, -1, dtype=np.int64)
    position[part.nodes] = np.arange(size)
    core = np.zeros(rows.size, dtype=bool)
    core[part.nodes[part.core]] = True
    keep = (position[rows.i] >= 0) & ~(core[rows.i] & core[rows.j])
    prior = prior_games(raw, part.core, PRIOR * part.unit)
    return rows.select(keep, position, size + 1).join(
        prior.i, prior.j, prior.wins_i, prior.wins_j, np.zeros((len(rows.x), prior.i.size))
    )


def _known(whole: Whole, core: Ints) -> Floats:
    """The covariance of the core's strengths and the coefficients; a coefficient without error is exact."""
    strengths = whole.covariance[np.ix_(core, core)]
    cross = whole.cross[core]
    known = np.block([[strengths, cross], [cross.T, whole.beta_covariance]])
    return np.asarray(np.nan_to_num(known, nan=0.0))
