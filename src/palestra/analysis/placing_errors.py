"""Errors of a placement: of the battles, of what prompts share, and of a temperature that was itself fitted.

Everything is an M-estimate of stacked equations: the temperature's likelihood equation on the human battles
that the judge decided, and Bradley-Terry's on the arena's battles and on the judge's soft labels at that
temperature. A prompt's human battle, its verdict on the same pair and its verdicts on the new model enter as
one cluster. With H minus the Hessian of Bradley-Terry, s_k a cluster's score, t_k its influence on the
temperature and B = Σ ∂share/∂T·(e_i − e_j) over the judged battles, the covariance is H⁺ Σ (s_k + B·t_k)(s_k
+ B·t_k)ᵀ H⁺ (the sandwich of a two-step estimate: Murphy & Topel, J. Bus. Econ. Statist. 3 (1985) 370; Newey
& McFadden, Handbook of Econometrics 4 (1994) ch. 36, theorem 6.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from palestra.analysis.calibration import fit_temperature, influences
from palestra.ranking.arrays import total
from palestra.ranking.blas import few_threads
from palestra.ranking.bootstrap.draws import Draws
from palestra.ranking.bootstrap.refit import Core
from palestra.ranking.bradley_terry.laplacian import gauged, laplacian

if TYPE_CHECKING:
    from palestra.analysis.placing_evidence import Checked, Evidence, Labels
    from palestra.ranking.arrays import Bools, Floats, Ints
    from palestra.ranking.bradley_terry import Fit
    from palestra.ranking.pairs import Pairs


@dataclass(frozen=True, slots=True, eq=False)
class Influence:
    """What each row and each calibrating battle does to the strengths of the placed model's core, C
    models.
    """

    nodes: Ints
    """Its models, (C,)."""
    i: Ints
    """Row → core position of A, (rows inside the core,)."""
    j: Ints
    rows: Ints
    """Which rows of the evidence these are."""
    is_judged: Bools
    score: Floats
    """weight · (share − chance), per row."""
    bend: Floats
    """weight · chance · (1 − chance), per row."""
    cluster: Ints
    """Position of each row's cluster, from 0."""
    n_clusters: int
    pull: Floats
    """B: the derivative of all scores by the temperature, (C,); 0 if it was not fitted."""
    heat: Floats
    """t_k: each cluster's influence on the temperature, (clusters,); 0 if it was not fitted."""

    @classmethod
    def of(
        cls,
        evidence: Evidence,
        fitted: Fit,
        labels: Labels,
        temperature: float,
        checked: Checked | None,
    ) -> Influence | None:
        """Of a fit; None if the placed model's strength rests on a prior."""
        core = fitted.core & (fitted.component == fitted.component[evidence.placed])
        if not core[evidence.placed]:
            return None
        position = np.cumsum(core) - 1
        rows = np.flatnonzero(core[evidence.a] & core[evidence.b] & (evidence.a != evidence.b))
        i, j = position[evidence.a[rows]], position[evidence.b[rows]]
        theta = fitted.theta[core]
        chance = 0.5 * (1.0 + np.tanh(0.5 * (theta[i] - theta[j])))
        weight = evidence.weight[rows]
        score = weight * (evidence.shares(labels, temperature)[rows] - chance)
        calibrating = checked is not None and labels == "soft"
        every = evidence.cluster[rows]
        if checked is not None and calibrating:
            every = np.concatenate([every, checked.cluster])
        names, cluster = np.unique(every, return_inverse=True)
        heat, pull = np.zeros(names.size), np.zeros(theta.size)
        if checked is not None and calibrating:
            influence = influences(checked.gaps, checked.won, temperature)
            heat = total(cluster[rows.size :], np.nan_to_num(influence), names.size)
            slope = np.concatenate([np.zeros(evidence.n_human), evidence.judged.slopes(labels, temperature)])[
                rows
            ]
            pull = total(i, weight * slope, theta.size) - total(j, weight * slope, theta.size)
        return cls(
            nodes=np.flatnonzero(core),
            i=i,
            j=j,
            rows=rows,
            is_judged=rows >= evidence.n_human,
            score=score,
            bend=weight * chance * (1.0 - chance),
            cluster=cluster[: rows.size].astype(np.int64),
            n_clusters=names.size,
            pull=pull,
            heat=heat,
        )

    def curvature(self, rows: Bools | slice = slice(None)) -> Floats:
        """Minus the Hessian of these rows, (C, C)."""
        return laplacian(self.nodes.size, self.i[rows], self.j[rows], self.bend[rows])

    def heated(self, covariance: Floats) -> Floats:
        """A covariance at a given temperature, (M, M), with the error of having fitted it."""
        if not self.pull.any():
            return covariance
        with few_threads(self.nodes.size):
            inverse = np.linalg.inv(gauged(self.curvature()))
        inverse = inverse - inverse.mean(axis=0)
        heat = self.score * self.heat[self.cluster]
        beside = total(self.i, heat, self.nodes.size) - total(self.j, heat, self.nodes.size)
        pull, beside = inverse @ self.pull, inverse @ beside
        more = np.outer(beside, pull) + np.outer(pull, beside) + np.outer(pull, pull) * (self.heat**2).sum()
        found = covariance.copy()
        found[np.ix_(self.nodes, self.nodes)] += more
        return found


def prompts_of(evidence: Evidence) -> Ints:
    """How many clusters each model has battles in, (M,)."""
    cluster = np.unique(evidence.cluster, return_inverse=True)[1].astype(np.int64)
    width = int(cluster.max(initial=0)) + 1
    both = np.unique(np.concatenate([evidence.a * width + cluster, evidence.b * width + cluster]))
    return np.bincount(both // width, minlength=len(evidence.models)).astype(np.int64)


def bootstrap(
    evidence: Evidence,
    pairs: Pairs,
    fitted: Fit,
    labels: Labels,
    temperature: float,
    checked: Checked | None,
    *,
    rounds: int,
    seed: int,
) -> Draws:
    """Refit everything, the temperature too, on `rounds` resamples of the prompts (Efron, Ann. Statist. 7
    (1979) 1).
    """
    theta = np.full((rounds, len(evidence.models)), np.nan)
    cores = [Core.of(pairs, part) for part in fitted.parts if part.core.any()]
    every = evidence.cluster if checked is None else np.concatenate([evidence.cluster, checked.cluster])
    names, cluster = np.unique(every, return_inverse=True)
    size, n_rows = names.size, evidence.cluster.size
    low, high = np.minimum(evidence.a, evidence.b), np.maximum(evidence.a, evidence.b)
    pair = np.searchsorted(pairs.i * pairs.n_models + pairs.j, low * pairs.n_models + high)
    flipped = evidence.a > evidence.b
    weight = np.where(evidence.a == evidence.b, 0.0, evidence.weight)
    pair = np.where(evidence.a == evidence.b, 0, pair)
    share = evidence.shares(labels, temperature)
    for number in range(rounds):
        drawn = np.random.default_rng([seed, number]).integers(0, size, size)
        times = np.bincount(drawn, minlength=size).astype(np.float64)
        if checked is not None and labels == "soft":
            found = fit_temperature(checked.gaps, checked.won, start=temperature, n=times[cluster[n_rows:]])
            share = evidence.shares(labels, found)
        mass = weight * times[cluster[:n_rows]]
        of_i = np.where(flipped, 1.0 - share, share)
        wins_i = total(pair, mass * of_i, pairs.i.size)
        wins_j = total(pair, mass * (1.0 - of_i), pairs.i.size)
        for core in cores:
            theta[number, core.nodes] = core.refit(wins_i, wins_j)
    return Draws(theta)
