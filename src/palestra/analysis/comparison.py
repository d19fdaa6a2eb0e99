"""Two boards side by side: every measure of `quality` over the models that both can compare."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from palestra.analysis import quality
from palestra.errors import UsageError
from palestra.ranking.table import few

if TYPE_CHECKING:
    from collections.abc import Sequence

    from palestra.analysis.quality import Estimates
    from palestra.ranking.arrays import Floats, Ints

FEW_MODELS = 5
"""Below this a rank correlation says next to nothing."""
_UNLIKE = 5.0
"""Boards whose scores spread this many times more or less are not on one scale."""


@dataclass(frozen=True, slots=True, eq=False)
class Board:
    """A board as it enters a comparison: M models."""

    models: tuple[str, ...]
    estimates: Estimates
    component: Ints
    """Scores compare only within the same number, (M,)."""

    def __post_init__(self) -> None:
        if len(set(self.models)) != len(self.models):
            raise UsageError("a board names a model twice")
        if not len(self.models) == self.estimates.score.size == self.component.size:
            raise UsageError("a board's names, scores and parts must be of one length")


@dataclass(frozen=True, slots=True)
class Move:
    """A model's place on both boards among the models compared; equal scores share the mean rank."""

    model: str
    rank: float
    reference_rank: float

    @property
    def climb(self) -> float:
        """Places higher than on the reference; negative if lower."""
        return self.reference_rank - self.rank


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two boards have in common. Shares are in [0, 1]; NaN where there is nothing to tell."""

    n_compared: int
    """Models that both boards can compare with one another; all but the next two are about these."""
    separability_all: float
    """Of all models of the board, of pairs within a part."""
    reference_separability_all: float
    separability: float
    reference_separability: float
    agreement: float
    """Agreement with confidence, see `quality.Agreement`."""
    strict_agreement: float
    n_separated: int
    """Pairs that the reference separates."""
    spearman: float
    kendall: float
    brier: float
    mean_difference: float
    """NaN also where the boards are on different scales."""
    mean_rank_change: float
    moves: tuple[Move, ...]
    """All models compared, those that moved most first."""
    only_board: tuple[str, ...]
    only_reference: tuple[str, ...]
    not_compared: tuple[str, ...]
    """On both boards, but not comparable with the others on one of them."""
    warnings: tuple[str, ...]


def compare(board: Board, reference: Board) -> Comparison:
    """Compare a board with a reference that is taken as the truth.

    Models are the same if their names are. Where a board falls into parts whose scores do not compare, only
    the largest set of shared models within one part of each is compared.
    """
    shared, left_out = _shared(board, reference)
    here, there = (_positions(one, shared) for one in (board, reference))
    ours, truth = board.estimates.take(here), reference.estimates.take(there)
    agreed = quality.agreement(ours, truth)
    unlike = _unlike(ours.score, truth.score)
    moves = _moves(shared, quality.ranks(ours.score), quality.ranks(truth.score))
    only_board = tuple(sorted(set(board.models) - set(reference.models)))
    only_reference = tuple(sorted(set(reference.models) - set(board.models)))
    return Comparison(
        n_compared=len(shared),
        separability_all=_separability(board),
        reference_separability_all=_separability(reference),
        separability=quality.separability(ours),
        reference_separability=quality.separability(truth),
        agreement=agreed.confident,
        strict_agreement=agreed.strict,
        n_separated=agreed.n_separated,
        spearman=quality.spearman(ours.score, truth.score),
        kendall=quality.kendall(ours.score, truth.score),
        brier=quality.brier(ours, truth),
        mean_difference=math.nan if unlike else quality.mean_difference(ours.score, truth.score),
        mean_rank_change=quality.mean_rank_change(ours.score, truth.score),
        moves=moves,
        only_board=only_board,
        only_reference=only_reference,
        not_compared=left_out,
        warnings=(
            *_few(shared, left_out),
            *_unbounded(shared, ours, truth),
            *([_SCALES] if unlike else []),
            *_lookalikes(only_board, only_reference),
        ),
    )


_SCALES = "the boards are not on the same scale, so there is no mean difference of ratings"


def _shared(board: Board, reference: Board) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The models to compare, sorted, and the shared ones that cannot be compared with them."""
    names = sorted(set(board.models) & set(reference.models))
    here, there = (_positions(one, names) for one in (board, reference))
    group = list(zip(board.component[here].tolist(), reference.component[there].tolist(), strict=True))
    if not group:
        return (), ()
    sizes = Counter(group)
    best = min(sizes, key=lambda key: (-sizes[key], key))
    inside = tuple(name for name, key in zip(names, group, strict=True) if key == best)
    return inside, tuple(name for name, key in zip(names, group, strict=True) if key != best)


def _positions(board: Board, names: Sequence[str]) -> Ints:
    place = {name: index for index, name in enumerate(board.models)}
    return np.array([place[name] for name in names], dtype=np.int64)


def _separability(board: Board) -> float:
    """Over the pairs within each part."""
    found, pairs = 0.0, 0
    for part in np.unique(board.component):
        nodes = np.flatnonzero(board.component == part)
        count = nodes.size * (nodes.size - 1) // 2
        if count:
            found += count * quality.separability(board.estimates.take(nodes))
            pairs += count
    return found / pairs if pairs else math.nan


def _unlike(a: Floats, b: Floats) -> bool:
    """Whether the scores cannot be on one scale."""
    one, other = (float(score.std()) if score.size else 0.0 for score in (a, b))
    return max(one, other) > _UNLIKE * min(one, other)


def _moves(names: Sequence[str], ranks: Floats, reference_ranks: Floats) -> tuple[Move, ...]:
    moves = [Move(*row) for row in zip(names, ranks.tolist(), reference_ranks.tolist(), strict=True)]
    return tuple(sorted(moves, key=lambda move: (-abs(move.climb), move.reference_rank, move.model)))


def _few(shared: Sequence[str], left_out: Sequence[str]) -> list[str]:
    found = []
    if len(shared) < FEW_MODELS:
        told = f"only {len(shared)} model{'' if len(shared) == 1 else 's'}" if shared else "no model"
        found.append(f"{told} can be compared; rank correlations of so few say next to nothing")
    if left_out:
        found.append(
            f"{few(left_out)} fell into other parts of a board, whose ratings cannot be compared with the "
            "rest, and are left out"
        )
    return found


def _unbounded(shared: Sequence[str], board: Estimates, reference: Estimates) -> list[str]:
    found = []
    for what, one in (("board", board), ("reference", reference)):
        bare = np.isnan(one.low) | np.isnan(one.high)
        if len(shared) and bare.all():
            found.append(f"the {what} has no intervals, so it separates no models")
        elif bare.any():
            names = [name for name, is_bare in zip(shared, bare, strict=True) if is_bare]
            found.append(f"{few(names)} without an interval on the {what} count as separated from none")
        points = [name for name, flat in zip(shared, quality.pointlike(one), strict=True) if flat]
        if points:
            found.append(
                f"{few(points)} with an interval of no width on the {what}: an anchor's error is not nil, so "
                "its pairs look more certain than they are"
            )
    return found


def _lookalikes(only_board: Sequence[str], only_reference: Sequence[str]) -> list[str]:
    """Names that differ in case, spaces and punctuation alone."""
    plain = {_plain(name): name for name in only_reference}
    pairs = [
        f"{name!r} and {plain[_plain(name)]!r}"
        for name in only_board
        if _plain(name) and _plain(name) in plain
    ]
    if not pairs:
        return []
    return [f"names that may mean the same model are taken as two: {few(pairs)}"]


def _plain(name: str) -> str:
    return "".join(char for char in name.casefold() if char.isalnum())
