"""What a pass over battles with features adds up. N nodes, P pairs, F features."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from palestra.ranking.arrays import Floats, Ints, total

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Σ v·z·zᵀ over rows with z = (e_i − e_j, x), in parts, for some v of each row."""

    mass: Floats
    """Σ v per pair, (P,)."""
    mass_x: Floats
    """Σ v·x per pair, x as seen from i, (F, P)."""
    mass_xx: Floats
    """Σ v·x·xᵀ over all rows, (F, F)."""

    @classmethod
    def empty(cls, pairs: int, wide: int) -> Moments:
        """To be added to."""
        return cls(np.zeros(pairs), np.zeros((wide, pairs)), np.zeros((wide, wide)))

    def add(self, pair: Ints, sign: Floats, v: Floats, x: Floats) -> None:
        """Add rows, (rows,) each; `x`, (F, rows), is as seen from A, who is i where `sign` is 1."""
        size = self.mass.size
        self.mass[:] += total(pair, v, size)
        if len(x):
            of_rows = x * v
            self.mass_xx[:] += of_rows @ x.T
            of_rows *= sign
            for line, values in zip(self.mass_x, of_rows, strict=True):
                line += total(pair, values, size)


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """What one pass over the rows finds."""

    pull: Floats
    """Σ (wins of i − expected wins of i) per pair, (P,): the gradient by θ_i − θ_j."""
    pull_x: Floats
    """Σ (wins of A − expected wins of A)·x over all rows, (F,): the gradient by β."""
    bend: Moments
    """With v = weight·p·(1 − p): minus the Hessian of the log-likelihood."""
    scatter: Moments | None
    """With v = the squared residuals of the row's battles; None if not asked for."""
    log_likelihood: float = 0.0
    """Σ weight·(share·log p + (1 − share)·log(1 − p)), at most 0; 0 if the scatter was not asked for."""

    @classmethod
    def empty(cls, pairs: int, wide: int, *, whole: bool) -> Sums:
        """To be added to; `whole` is with the scatter."""
        scatter = Moments.empty(pairs, wide) if whole else None
        return cls(np.zeros(pairs), np.zeros(wide), Moments.empty(pairs, wide), scatter)

    @property
    def arrays(self) -> tuple[Floats, ...]:
        """All of them, as a compiled kernel takes them; empty ones for a scatter that is not asked for."""
        bend, scatter = self.bend, self.scatter or Moments.empty(0, self.pull_x.size)
        moments = bend.mass, bend.mass_x, bend.mass_xx, scatter.mass, scatter.mass_x, scatter.mass_xx
        return self.pull, self.pull_x, *moments

    @classmethod
    def together(cls, parts: Sequence[Sums]) -> Sums:
        """Those of all rows of one part or more, added up in order."""
        first, *others = parts
        for other in others:
            for mine, its in zip(first.arrays, other.arrays, strict=True):
                mine += its
        return replace(first, log_likelihood=sum(part.log_likelihood for part in parts))
