"""Bradley-Terry strengths by converged maximum likelihood.

    P(i beats j) = 1 / (1 + exp(θ_j − θ_i)),   log L = Σ w·(y·log P + (1 − y)·log(1 − P))

with y the share of the win (a tie ½) and w the weight (Bradley & Terry, Biometrika 39 (1952) 324).

The maximum is finite only where every model can be reached from every other along wins and ties
(Ford, Amer. Math. Monthly 64 (1957) 28). So, for each part of models that met at all:

* The *core* is its largest strongly connected group of two or more models. It is fitted by itself,
  exactly; in the limit the other models' battles with it say nothing about it.
* Every model outside the core is then fitted with the core held fixed and a weak prior: half a battle
  lost to the strongest and half a battle won against the weakest model of the core. This is finite,
  and a better record gives a higher rating.
* Where two groups are equally large, or no two models are strongly connected, there is no core; every
  model then has one drawn battle against a phantom in their middle.

"Half a battle" is half the mean weight of the part's rows. As long as the same models are in the core,
another win never lowers a model. When a win joins models to the core the prior falls away, and on boards
of a few battles that can cost the winner some points.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from palestra.ranking import graph
from palestra.ranking.arrays import Bools, Floats, Ints, total
from palestra.ranking.bradley_terry.dense import Table
from palestra.ranking.bradley_terry.games import Games
from palestra.ranking.bradley_terry.newton import maximise

if TYPE_CHECKING:
    from palestra.ranking.pairs import Pairs

PRIOR = 0.5
"""Wins, and losses, that the prior adds to a model outside the core; in battles."""
LEAST = 1e-6
"""A smaller share of a battle is no win: a soft label of 1e-12 would put 4800 points between two models."""
_EQUAL = 1e-8
"""Log-strengths that are closer than this are the same but for rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One connected part of the battle graph, fitted."""

    nodes: Ints
    """Its models' numbers, (K,)."""
    core: Bools
    """Whether the data alone determine the model's strength relative to the core, (K,). All False if
    there is no core."""
    games: Games
    """Battles and prior edges between the K models and the phantom, which is node K."""
    theta: Floats
    """Log-strengths of the K models, mean 0."""
    pairs: Ints
    """Which pairs of the whole are this part's, in the order of the first edges of `games`."""
    raw: Floats
    """Log-strengths of the K models and the phantom as fitted: the core's mean, or the phantom, at 0."""
    unit: float
    """The mean weight of its rows."""


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A fitted set of battles; M models."""

    theta: Floats
    """Log-strengths, (M,), the mean of each part 0."""
    component: Ints
    """Which part each model is in, (M,); parts are numbered from the largest."""
    core: Bools
    """Whether the battles alone determine the model's strength, (M,)."""
    parts: tuple[Part, ...]
    """Parts of two or more models, in the order of their numbers."""


def fit(pairs: Pairs) -> Fit:
    """Fit every connected part of the battle graph by itself."""
    component = components(pairs)
    theta = np.zeros(pairs.n_models)
    core = np.zeros(pairs.n_models, dtype=bool)
    parts = []
    for number in range(int(component.max(initial=-1)) + 1):
        nodes = np.flatnonzero(component == number)
        if nodes.size < 2:
            break
        part = _fit_part(pairs, nodes, component == number)
        theta[nodes] = part.theta
        core[nodes] = part.core
        parts.append(part)
    return Fit(theta, component, core, tuple(parts))


def components(pairs: Pairs) -> Ints:
    """Which connected part each model is in, (M,): by number of models, then of first name."""
    part = graph.weak_components(pairs.n_models, pairs.i, pairs.j)
    names, sizes = np.unique(part, return_counts=True)
    rank = np.empty(names.size, dtype=np.int64)
    rank[np.lexsort((names, -sizes))] = np.arange(names.size)
    return rank[np.searchsorted(names, part)]


def _fit_part(pairs: Pairs, nodes: Ints, member: Bools) -> Part:
    inside = member[pairs.i]
    games = Games(pairs.i, pairs.j, pairs.wins_i, pairs.wins_j)
    if nodes.size < pairs.n_models:
        games = games.select(inside, np.cumsum(member) - 1)
    unit = _mean_weight(pairs, inside)
    raw = np.zeros(nodes.size + 1)
    core, table = _core(nodes.size, games, LEAST * unit)
    if core.any():
        raw[:-1][core] = _fit_core(games, core, table)
    if not core.all():
        games = games.join(prior_games(raw, core, PRIOR * unit))
        raw = maximise(games, raw, free=np.r_[~core, False])
    theta = raw[:-1] - raw[:-1].mean()
    return Part(nodes, core, games, theta, np.flatnonzero(inside), raw, unit)


def _mean_weight(pairs: Pairs, inside: Bools) -> float:
    weight, n = pairs.cell_weight, pairs.cell_n
    if not inside.all():
        cells = inside[pairs.cell_pair]
        weight, n = weight[cells], n[cells]
    return float((weight * n).sum() / n.sum())


def _core(size: int, games: Games, least: float) -> tuple[Bools, Table | None]:
    """The largest strongly connected group: most models, then most battles; none if that is not one. With
    the games as a table where that shows it to be all models.
    """
    table = Table.where_dense(games, size)
    if table is not None and table.strong_part(least, 0).all():
        return np.ones(size, dtype=bool), table
    label = graph.strong_components(size, *games.arcs(least))
    models = np.bincount(label)
    within = label[games.i] == label[games.j]
    weight = total(label[games.i[within]], (games.wins_i + games.wins_j)[within], models.size)
    order = np.lexsort((weight, models))
    best = order[-1]
    rival = order[-2] if models.size > 1 else None
    tied = rival is not None and models[rival] == models[best] and np.isclose(weight[rival], weight[best])
    if models[best] < 2 or tied:
        return np.zeros(size, dtype=bool), None
    return np.asarray(label == best), None


def _fit_core(games: Games, core: Bools, table: Table | None) -> Floats:
    if not core.all():
        games = games.select(core[games.i] & core[games.j], np.cumsum(core) - 1)
    size = int(core.sum())
    theta = maximise(games, np.zeros(size), table=table or Table.where_dense(games, size))
    return np.asarray(theta - theta.mean())


def prior_games(raw: Floats, core: Bools, mass: float) -> Games:
    """Half a battle against the strongest and the weakest of the core, or twice against the phantom."""
    outside = np.flatnonzero(~core)
    if not core.any():
        full = np.full(outside.size, mass)
        return Games(outside, np.full(outside.size, core.size), full, full)
    strong, weak = best_and_worst(raw, core)
    lost, won = (np.full(outside.size * ends.size, mass / ends.size) for ends in (strong, weak))
    against_strong = np.repeat(outside, strong.size), np.tile(strong, outside.size)
    against_weak = np.repeat(outside, weak.size), np.tile(weak, outside.size)
    return Games(*against_strong, np.zeros(lost.size), lost).join(
        Games(*against_weak, won, np.zeros(won.size))
    )


def best_and_worst(strength: Floats, core: Bools) -> tuple[Ints, Ints]:
    """The strongest and the weakest of the core: several where they are equal, so that names or rounding
    do not say whose error is carried over by the prior.
    """
    inside = np.flatnonzero(core)
    held = strength[inside]
    return inside[held > held.max() - _EQUAL], inside[held < held.min() + _EQUAL]
