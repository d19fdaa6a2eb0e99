"""Bradley-Terry with features: what a side, a length or a style is worth, and ratings without it.

    P(a beats b) = 1 / (1 + exp(θ_b − θ_a − x·β)),   log L = Σ w·(y·log P + (1 − y)·log(1 − P))

with x the features of the battle as seen from a (turning the battle round turns their signs), y the
share of the win (a tie ½) and w the weight. θ and β are fitted jointly, to convergence (Agresti,
Categorical Data Analysis, 3rd ed. (2013), section 11.6; style control as in arXiv 2403.04132's arena).

Where the battles do not determine everything the policy is that of `bradley_terry`, with one addition:

* β comes from the battles within groups of models that can be reached from each other by wins and ties.
  In the limit every other battle is won for certain and says nothing of β.
* With that β, models outside a part's core are fitted with the core held fixed and the weak prior.
* A feature that is 0 everywhere, or that the models and the features before it determine (a constant
  where the same models always come first, or one feature twice), has no coefficient of its own: it gets
  0, an error of NaN and a warning.
* Where features settle battles for certain the likelihood has no maximum. Each feature then has one
  drawn battle between equal models that differ by its typical size, and there is a warning.

Without a usable feature the strengths are exactly those of `bradley_terry.fit`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from palestra.errors import DataError
from palestra.ranking import bradley_terry, graph
from palestra.ranking.blas import few_threads
from palestra.ranking.bradley_terry import LEAST
from palestra.ranking.contextual.errors import Clusters, joint_covariance, settled
from palestra.ranking.contextual.newton import Joint, fit_joint
from palestra.ranking.contextual.outer import Whole, hang_outer
from palestra.ranking.contextual.paired import PairedRows
from palestra.ranking.contextual.rows import ContextualRows
from palestra.ranking.pairs import Pairs

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from palestra.ranking.arrays import Bools, Floats, Ints

_SIDES = {"ab": 1.0, None: 1.0, "": 1.0, "ba": -1.0, "both": 0.0}


@dataclass(frozen=True, slots=True, eq=False)
class ContextualFit:
    """A fitted set of battles; M models, F features."""

    theta: Floats
    """Log-strengths where all features are 0, (M,), the mean of each part 0."""
    covariance: Floats
    """Of the log-strengths, robust, (M, M): relative to the mean of the part's core or, where it has none,
    of the part. NaN for models of which the battles cannot tell."""
    beta: Floats
    """Coefficients: log-odds per unit of each feature, (F,); 0 if dropped."""
    beta_covariance: Floats
    """Robust, (F, F); NaN if dropped, or if nothing varies."""
    log_likelihood: float
    """Of all battles, in nats."""
    component: Ints
    """Which part each model is in, (M,), as in `bradley_terry.Fit`."""
    core: Bools
    """Whether the battles alone determine the model's strength, (M,)."""
    weak: Bools
    """Whether the strength rests on the prior, (M,): of a part of two or more, but not of its core."""
    dropped: tuple[str, ...]
    """Features without a coefficient."""
    warnings: tuple[str, ...]
    """What a reader of the coefficients should know."""
    plain: bradley_terry.Fit
    """The fit of the same battles without features."""
    clusters: Ints | None
    """How many battles each cluster has, (G,); None if battles are independent."""
    freedom: int | None = None
    """Degrees of freedom of the errors: one less than the clusters that they are learned from."""

    @property
    def theta_se(self) -> Floats:
        """Standard errors of the log-strengths, (M,); NaN if unknown."""
        return np.asarray(np.sqrt(self.covariance.diagonal()))

    @property
    def beta_se(self) -> Floats:
        """Standard errors of the coefficients, (F,); NaN if unknown."""
        return np.asarray(np.sqrt(self.beta_covariance.diagonal()))


def side_feature(order: Sequence[str | None]) -> Floats:
    """What a side term reads, (n,), from the field `order` of battles.

    1 where model A was first (`ab`, or not said), -1 where B was (`ba`), 0 where two orders were combined
    (`both`). The coefficient is what being first is worth, in log-odds.

    Raises:
        DataError: another word.
    """
    words = {word: _SIDES.get(word) for word in dict.fromkeys(order)}
    for word, side in words.items():
        if side is None:
            raise DataError(f"unknown order {word!r}", key="order", hint="known: ab, ba, both")
    return np.array([words[word] for word in order], dtype=np.float64)


def fit(
    n_models: int,
    a: npt.ArrayLike,
    b: npt.ArrayLike,
    share: npt.ArrayLike,
    features: npt.ArrayLike,
    *,
    weight: npt.ArrayLike | None = None,
    times: npt.ArrayLike | None = None,
    clusters: npt.ArrayLike | None = None,
    names: Sequence[str] = (),
) -> ContextualFit:
    """Fit strengths and coefficients.

    `a`, `b`: models as numbers below `n_models`, (n,). `share`: A's share of the win, in [0, 1], (n,).
    `features`: as seen from A, (n, F); F may be 0. `weight`: 0 or more, (n,); 1 if not given. `times`: how
    many equal battles the row stands for, (n,). `clusters`: battles with the same number, of 0 or more,
    may depend on each other, such as those of one prompt; with a number below 0 a battle stands alone,
    (n,). `names`: of the features, for warnings, (F,). A model against itself and rows of weight 0 are left
    out. Without rows every strength and coefficient is 0 and every error NaN.

    Raises:
        DataError: shapes that do not fit, a model's number out of range, a feature that is not finite, a
            share outside [0, 1], a weight or a number of times below 0.
    """
    rows = ContextualRows.of(n_models, a, b, share, features, weight, times, clusters)
    names = tuple(names) or tuple(f"feature {number}" for number in range(len(rows.features)))
    with few_threads(0):
        return _fit(n_models, rows, names)


def _fit(n_models: int, rows: ContextualRows, names: Sequence[str]) -> ContextualFit:
    paired = PairedRows.of(n_models, rows.a, rows.b, rows.share, rows.weight, rows.features, rows.times)
    clusters = None if rows.clusters is None else Clusters.of(rows.clusters)
    base = bradley_terry.fit(_pairs(paired))
    groups = _groups(paired, base)
    member = groups >= 0
    inside = member[paired.i] & (groups[paired.i] == groups[paired.j])
    among, theirs = paired, clusters
    if not inside.all() or not member.all():
        among = paired.select(inside, np.cumsum(member) - 1, int(member.sum()))
        theirs = None if clusters is None else clusters.take(inside[paired.pair])
    joint = fit_joint(among, groups[member], base.theta[member])
    theirs = settled(joint, theirs)
    whole = hang_outer(
        paired.only(joint.kept), base, Whole.of(joint, joint_covariance(joint, theirs), member, base.theta)
    )
    fitted = replace(
        _told(base, joint, whole, names, clusters),
        freedom=None if theirs is None else max(theirs.sizes.size - 1, 1),
    )
    if among is paired and not joint.separating.size:
        return replace(fitted, log_likelihood=joint.log_likelihood)
    return replace(fitted, log_likelihood=paired.log_likelihood(fitted.theta, fitted.beta))


def _told(
    base: bradley_terry.Fit, joint: Joint, whole: Whole, names: Sequence[str], clusters: Clusters | None
) -> ContextualFit:
    beta = np.zeros(len(names))
    beta[joint.kept] = joint.beta
    covariance = np.full((beta.size, beta.size), np.nan)
    covariance[np.ix_(joint.kept, joint.kept)] = whole.beta_covariance
    dropped = tuple(name for number, name in enumerate(names) if number not in joint.kept)
    separating = tuple(names[number] for number in joint.separating.tolist())
    weak = np.zeros(base.core.size, dtype=bool)
    for part in base.parts:
        weak[part.nodes] = ~part.core
    return ContextualFit(
        whole.theta,
        whole.covariance,
        beta,
        covariance,
        np.nan,
        base.component,
        base.core,
        weak,
        dropped,
        _warnings(dropped, separating),
        base,
        None if clusters is None else clusters.sizes,
    )


def _warnings(dropped: Sequence[str], separating: Sequence[str]) -> tuple[str, ...]:
    found = [
        f"the battles say nothing of {name!r} that the models and the features before it do not: its "
        "coefficient is 0"
        for name in dropped
    ]
    if separating:
        found.append(
            f"no finite coefficient fits {', '.join(map(repr, separating))}: where it differs it settles the "
            "battle; the coefficients rest on a weak prior"
        )
    return tuple(found)


def _pairs(paired: PairedRows) -> Pairs:
    """The same battles without their features."""
    won, lost = paired.wins
    battles, mass = paired.battles, won + lost
    return Pairs(
        n_models=paired.size,
        i=paired.i,
        j=paired.j,
        wins_i=won,
        wins_j=lost,
        cell_pair=np.arange(paired.i.size),
        cell_share=won / mass,
        cell_weight=mass / battles,
        cell_n=battles.astype(np.int64),
    )


def _groups(paired: PairedRows, base: bradley_terry.Fit) -> Ints:
    """Each model's strongly connected group of two or more models, or -1, (M,)."""
    group = np.full(paired.size, -1, dtype=np.int64)
    if all(part.core.all() for part in base.parts):
        for part in base.parts:
            group[part.nodes] = base.component[part.nodes]
        return group
    least = np.zeros(paired.size)
    for part in base.parts:
        least[part.nodes] = LEAST * part.unit
    won, lost = paired.wins
    forth, back = won > least[paired.i], lost > least[paired.i]
    i, j = paired.i, paired.j
    label = graph.strong_components(paired.size, np.r_[i[forth], j[back]], np.r_[j[forth], i[back]])
    models = np.bincount(label, minlength=paired.size)
    large = models[label] > 1
    _, number = np.unique(label[large], return_inverse=True)
    group[large] = number
    return group
