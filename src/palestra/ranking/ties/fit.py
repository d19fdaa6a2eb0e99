"""Strengths where a tie is an outcome of its own, and so is "both bad": Davidson and Rao-Kupper.

The formulas and their sources are in `tie_models`. The fit is maximum likelihood, run to convergence, of all
log-strengths, the tie parameter (ν or η) and κ together. Without a tie ν is 0 and η is 1, without "both bad"
κ is 0; without either both models are Bradley-Terry.

* **Soft rows** enter as `share` of a win of A and 1 − `share` of a win of B: the share says how likely each
  is to be preferred, not how likely they are to be called equal. So a soft board is fitted as by
  Bradley-Terry, and a soft ½ is half a win for each and no tie.
* **Parts that never met** are fitted apart, each with parameters of its own, so that no part changes
  another's numbers. κ is relative to the mean strength of the part.
* **Models that only won or only lost** against the rest are treated as in `bradley_terry`. The core, the
  largest group that is strongly connected by wins and ties, is fitted by itself, exactly. The others are
  then fitted with the core and its parameters held fixed and the same weak prior, half a (Bradley-Terry)
  battle lost to the strongest and half a one won against the weakest of the core; without a core every model
  has a drawn one against a phantom in the middle.
* **Ties without a limit**: where all were ties, or where models can be so placed that all wins are over wide
  gaps and all ties over narrow ones, ν and η have no finite maximum. Such a group is no core.
* **Parameters that the core does not determine** are fitted together with the others: κ, if nothing was
  both bad within the core, with the same prior as a model, for it is a strength; ν or η with half a tie and
  half a win between two equals.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from palestra.ranking.arrays import Bools, Floats, Ints, total
from palestra.ranking.bradley_terry import components
from palestra.ranking.counts import Counts, Outcome
from palestra.ranking.pairs import Pairs
from palestra.ranking.ties.models import BAD, LOSS, TIE, WIN, Davidson, RaoKupper
from palestra.ranking.ties.newton import Results
from palestra.ranking.ties.parts import fit_part

if TYPE_CHECKING:
    import numpy.typing as npt

    from palestra.ranking.ties.models import TieModel


@dataclass(frozen=True, slots=True, eq=False)
class Parameter:
    """ν, η or κ in each part of the battle graph, in the order of the parts; NaN in a part of one model."""

    value: Floats
    """(parts,)"""
    error: Floats
    """Standard error, (parts,), sandwich; by the curvature where `core` is False; NaN where no such outcome
    occurred."""
    core: Bools
    """Whether the battles alone determine it, (parts,)."""

    @classmethod
    def empty(cls, parts: int) -> Parameter:
        """Nothing known of it."""
        return cls(np.full(parts, np.nan), np.full(parts, np.nan), np.zeros(parts, dtype=bool))


@dataclass(frozen=True, slots=True, eq=False)
class TieFit:
    """A fitted set of battles; M models."""

    model: TieModel
    theta: Floats
    """Log-strengths, (M,), the mean of each part 0."""
    covariance: Floats
    """Of the log-strengths, relative to the mean of their part, (M, M): 0 between parts, NaN for models
    without battles and for parts that show no variation (all ties). A sandwich (Huber, Proc. 5th Berkeley
    Symp. 1 (1967) 221) over rows with their weights; models outside the core have the width of their
    posterior, with the core's own error carried over."""
    parameters: dict[str, Parameter]
    """`nu` (Davidson) or `eta` (Rao-Kupper), and `kappa`."""
    log_likelihood: float
    """Σ weight · log P of all rows, without the prior."""
    component: Ints
    """Which part each model is in, (M,); parts are numbered from the largest."""
    core: Bools
    """Whether the battles alone determine the model's strength, (M,)."""

    def predict(self, i: npt.ArrayLike, j: npt.ArrayLike) -> Floats:
        """The chances that i wins, that j wins, of a tie and of both bad, (…, 4), for models given by
        number, of any shapes that go together; NaN for models of different parts or without battles.
        """
        i, j = np.broadcast_arrays(np.asarray(i, dtype=np.int64), np.asarray(j, dtype=np.int64))
        part = self.component[i]
        with np.errstate(divide="ignore"):
            k = np.log(self.parameters["kappa"].value[part])
            u = np.log(self.parameters[self.model.parameter].value[part])
        z = np.stack([self.theta[i], self.theta[j], k, u], axis=-1)
        chances = np.full(z.shape, np.nan)
        known = (part == self.component[j]) & ~np.isnan(u)
        chances[known] = np.exp(self.model.log_chances(z[known]))
        return chances


def davidson(counts: Counts) -> TieFit:
    """Strengths by Davidson's model; no battles give strengths of 0."""
    return _fit(counts, Davidson())


def rao_kupper(counts: Counts) -> TieFit:
    """Strengths by Rao and Kupper's model; no battles give strengths of 0."""
    return _fit(counts, RaoKupper())


def _fit(counts: Counts, model: TieModel) -> TieFit:
    size = len(counts.models)
    component = components(Pairs.of(counts))
    groups = [np.flatnonzero(component == number) for number in range(int(component.max(initial=-1)) + 1)]
    theta, core = np.zeros(size), np.zeros(size, dtype=bool)
    covariance = np.where(component[:, None] == component[None, :], np.nan, 0.0)
    kappa, tie = Parameter.empty(len(groups)), Parameter.empty(len(groups))
    log_likelihood = 0.0
    for number, nodes in enumerate(groups):
        if nodes.size < 2:
            break
        inside = component[counts.a] == number
        unit = float(np.average(counts.weight[inside], weights=counts.n[inside]))
        part = fit_part(model, _results(counts, nodes, inside), unit)
        theta[nodes], core[nodes] = part.x[: nodes.size], part.core
        covariance[np.ix_(nodes, nodes)] = part.covariance
        log_likelihood += part.log_likelihood
        for which, parameter in enumerate((kappa, tie)):
            value = np.exp(part.x[nodes.size + which])
            parameter.value[number] = value
            parameter.error[number] = value * part.errors[which]
            parameter.core[number] = part.settled[which]
    parameters = {model.parameter: tie, "kappa": kappa}
    return TieFit(model, theta, covariance, parameters, log_likelihood, component, core)


def _results(counts: Counts, nodes: Ints, inside: Bools) -> Results:
    """What happened between the models of one part, renumbered."""
    a, b = np.searchsorted(nodes, counts.a[inside]), np.searchsorted(nodes, counts.b[inside])
    outcome, share = counts.outcome[inside], counts.share[inside]
    flipped = a > b
    low, high = np.where(flipped, b, a), np.where(flipped, a, b)
    share = np.where(flipped, 1.0 - share, share)
    tied, bad = outcome == Outcome.TIE, outcome == Outcome.BOTH_BAD
    split = np.zeros((share.size, 4))
    split[:, WIN] = np.where(tied | bad, 0.0, share)
    split[:, LOSS] = np.where(tied | bad, 0.0, 1.0 - share)
    split[:, TIE], split[:, BAD] = tied, bad
    keys, pair = np.unique(low * nodes.size + high, return_inverse=True)
    mass = counts.n[inside] * counts.weight[inside]
    squared = mass * counts.weight[inside]
    n = np.stack([total(pair, mass * part, keys.size) for part in split.T], axis=1)
    moment = [[total(pair, squared * one * other, keys.size) for one in split.T] for other in split.T]
    return Results(nodes.size, keys // nodes.size, keys % nodes.size, n, np.moveaxis(np.array(moment), 2, 0))
