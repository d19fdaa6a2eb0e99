"""How likely each outcome of a battle is, where a tie and "both bad" are outcomes of their own.

A battle of i and j has four local variables, the columns of `z`, (P, 4): the log-strengths θ_i and θ_j, the
log-strength k of "neither is good" and the tie parameter u. Outcomes are in the order i wins, j wins, tie,
both bad. Both log-likelihoods are concave in z, so a maximum is the only one.

**Davidson** (J. Amer. Stat. Assoc. 65 (1970) 317), with p = exp θ, ν = exp u, κ = exp k: the chances are

    p_i : p_j : ν·√(p_i p_j) : κ

where κ is one more alternative of constant strength in the same choice, as Luce (Individual Choice Behavior,
1959) has it.

**Rao-Kupper** (J. Amer. Stat. Assoc. 62 (1967) 194), with η = exp u ≥ 1:

    P(i wins) = p_i/(p_i + η·p_j),   P(tie) = (η² − 1)·P(i wins)·P(j wins)

if the battle is decided or tied at all. Whether it is comes first: P(both bad) = κ/(κ + √(p_i p_j)), a choice
between neither and the pair, whose strength is the geometric mean. That is the mean by which Davidson's both
bad stands to his tie, it falls as either model grows stronger, and of the means it alone keeps the likelihood
concave.

A part without ties has u = `no_ties` (−∞ and 0), one without both bad k = −∞; they are then not fitted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from palestra.ranking.arrays import Floats

WIN, LOSS, TIE, BAD = range(4)


class TieModel(Protocol):
    """One way to give a tie its chance."""

    name: str
    parameter: str
    """What exp u is called."""
    no_ties: float
    """u where nothing was tied."""

    def log_chances(self, z: Floats) -> Floats:
        """Of each outcome, (P, 4); −∞ where it cannot be."""
        ...

    def scores(self, z: Floats) -> Floats:
        """The derivative of each log-chance by each variable, (P, outcomes, variables)."""
        ...

    def curvature(self, z: Floats, n: Floats) -> Floats:
        """Minus the second derivatives of Σ n · log-chance by the variables, (P, 4, 4); `n` is (P, 4)."""
        ...

    def start(self, decided: float, ties: float) -> float:
        """Give u from the sums of weights, both above 0, if all were equally strong."""
        ...

    def prior(self, u: float) -> tuple[float, float, float]:
        """The log of the chance of a tie, plus log of that of a win of either, between two equals where
        nothing is both bad; its first derivative, and minus its second.
        """
        ...


class Davidson:
    """The chances above; p_i : p_j : ν·√(p_i p_j) : κ."""

    name = "davidson"
    parameter = "nu"
    no_ties = -np.inf
    _of = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0.5, 0.5, 0, 1], [0, 0, 1, 0]])
    """The log of each outcome's strength is linear in the variables, (outcomes, variables)."""
    _beyond = _of[:, None] - _of[None, :]
    """By differences nothing is lost where one chance is near 1."""

    def log_chances(self, z: Floats) -> Floats:
        """See `TieModel`."""
        tie = z[:, 3] + (z[:, 0] + z[:, 1]) / 2
        strength = np.stack([z[:, 0], z[:, 1], tie, z[:, 2]], axis=1)
        best = strength.argmax(axis=1)[:, None]
        strength -= np.take_along_axis(strength, best, axis=1)
        others = np.exp(strength)
        np.put_along_axis(others, best, 0.0, axis=1)
        return np.asarray(strength - np.log1p(others.sum(axis=1, keepdims=True)))

    def scores(self, z: Floats) -> Floats:
        """See `TieModel`."""
        return np.asarray(np.einsum("pq,oqa->poa", np.exp(self.log_chances(z)), self._beyond))

    def curvature(self, z: Floats, n: Floats) -> Floats:
        """See `TieModel`."""
        chance = np.exp(self.log_chances(z))
        both = n.sum(axis=1)[:, None, None] * chance[:, :, None] * chance[:, None, :] / 2
        return np.asarray(np.einsum("poq,oqa,oqb->pab", both, self._beyond, self._beyond, optimize=True))

    def start(self, decided: float, ties: float) -> float:
        """See `TieModel`."""
        return float(np.log(2 * ties / decided))

    def prior(self, u: float) -> tuple[float, float, float]:
        """See `TieModel`: ν/(2 + ν) and 2/(2 + ν)."""
        ratio = u - np.log(2.0)
        chance = float(chance_of(ratio))
        return float(_log_chance(ratio) + _log_chance(-ratio)), 1 - 2 * chance, 2 * chance * (1 - chance)


class RaoKupper:
    """The chances above: a threshold log η that a difference has to pass."""

    name = "rao-kupper"
    parameter = "eta"
    no_ties = 0.0
    _won = np.array([1.0, -1.0, 0.0, -1.0])
    _lost = np.array([-1.0, 1.0, 0.0, -1.0])
    _gap = np.array([1.0, -1.0, 0.0, 0.0])
    _good = np.array([0.5, 0.5, -1.0, 0.0])

    def log_chances(self, z: Floats) -> Floats:
        """See `TieModel`."""
        gap, good = z[:, 0] - z[:, 1], (z[:, 0] + z[:, 1]) / 2 - z[:, 2]
        won, lost = _log_chance(gap - z[:, 3]), _log_chance(-gap - z[:, 3])
        rare = np.exp(won) + np.exp(lost)
        tie = np.full(gap.shape, -np.inf)
        often, some = rare < 0.5, (rare >= 0.5) & (z[:, 3] > 0)
        tie[often] = np.log1p(-rare[often])
        u = z[some, 3]
        tie[some] = won[some] + lost[some] + 2 * u + np.log(-np.expm1(-2 * u))
        decided = np.stack([won, lost, tie], axis=1) + _log_chance(good)[:, None]
        return np.concatenate([decided, _log_chance(-good)[:, None]], axis=1)

    def scores(self, z: Floats) -> Floats:
        """See `TieModel`."""
        (not_won, won), (not_lost, lost), (bad, fine) = self._misses(z)
        tie = (lost - won) * self._gap
        some = z[:, 3] > 0
        tie[some, 3] = (won + lost)[some, 0] + 2 / np.expm1(2 * np.minimum(z[some, 3], 300.0))
        good = bad * self._good
        return np.stack(
            [not_won * self._won + good, not_lost * self._lost + good, tie + good, -fine * self._good], axis=1
        )

    def curvature(self, z: Floats, n: Floats) -> Floats:
        """See `TieModel`."""
        misses = self._misses(z)
        times = (n[:, WIN] + n[:, TIE], n[:, LOSS] + n[:, TIE], n.sum(axis=1))
        total = np.zeros((len(z), 4, 4))
        for (miss, hit), often, along in zip(misses, times, (self._won, self._lost, self._good), strict=True):
            total += (often[:, None] * miss * hit)[:, :, None] * np.outer(along, along)
        some = z[:, 3] > 0
        total[some, 3, 3] += n[some, TIE] / np.sinh(np.minimum(z[some, 3], 300.0)) ** 2
        return total

    def _misses(self, z: Floats) -> list[tuple[Floats, Floats]]:
        """The chances that i does not win and that j does not, if it is not both bad; and that it is.
        Each with that of the opposite, (P, 1).
        """
        gap, good = z[:, :1] - z[:, 1:2], (z[:, :1] + z[:, 1:2]) / 2 - z[:, 2:3]
        return [(chance_of(-x), chance_of(x)) for x in (gap - z[:, 3:], -gap - z[:, 3:], good)]

    def start(self, decided: float, ties: float) -> float:
        """See `TieModel`."""
        return float(np.log1p(2 * ties / decided))

    def prior(self, u: float) -> tuple[float, float, float]:
        """See `TieModel`: (η − 1)/(η + 1) and 2/(η + 1)."""
        if u <= 0:
            return -np.inf, 0.0, 0.0
        tie, chance = float(np.log(np.tanh(u / 2))), float(chance_of(u))
        u = min(u, 300.0)
        slope = float(1 / np.sinh(u)) - chance
        return (
            tie + float(_log_chance(-u)),
            slope,
            float(np.cosh(u) / np.sinh(u) ** 2) + chance * (1 - chance),
        )


def chance_of(x: Floats | float) -> Floats:
    """1/(1 + exp(−x))."""
    small = np.exp(-np.abs(x))
    return np.asarray(np.where(np.asarray(x) >= 0, 1.0, small) / (1.0 + small))


def _log_chance(x: Floats | float) -> Floats:
    return np.asarray(-np.logaddexp(0.0, -np.asarray(x, dtype=np.float64)))
