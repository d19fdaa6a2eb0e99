"""Battles with features as they are given, looked through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from palestra.errors import DataError

if TYPE_CHECKING:
    import numpy.typing as npt

    from palestra.ranking.arrays import Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class ContextualRows:
    """n rows, F features; none of a model against itself, or of weight 0."""

    a: Ints
    """(n,)"""
    b: Ints
    share: Floats
    weight: Floats
    features: Floats
    """(F, n)"""
    times: Ints | None
    clusters: Ints | None

    @classmethod
    def of(
        cls,
        n_models: int,
        a: npt.ArrayLike,
        b: npt.ArrayLike,
        share: npt.ArrayLike,
        features: npt.ArrayLike,
        weight: npt.ArrayLike | None,
        times: npt.ArrayLike | None,
        clusters: npt.ArrayLike | None,
    ) -> ContextualRows:
        """As `contextual.fit` says of its arguments; features, (n, F), that lie in memory column by column
        are not copied.

        Raises:
            DataError: as there.
        """
        x = np.asarray(features, dtype=np.float64)
        y = np.asarray(share, dtype=np.float64)
        x = x.reshape(y.size, 0) if x.ndim == 1 and x.size == 0 else x
        if x.ndim != 2:
            raise DataError("the columns of the battles differ in length")
        found = cls(
            np.asarray(a, dtype=np.int64),
            np.asarray(b, dtype=np.int64),
            y,
            np.ones(y.shape) if weight is None else np.asarray(weight, dtype=np.float64),
            np.ascontiguousarray(x.T),
            None if times is None else np.asarray(times, dtype=np.int64),
            None if clusters is None else np.asarray(clusters, dtype=np.int64),
        )
        found._check(n_models)
        return found._fought()

    def _check(self, n_models: int) -> None:
        """A minimum or maximum that is NaN fails every comparison."""
        columns = [self.a, self.b, self.weight, self.times, self.clusters]
        rows = self.share.shape
        if any(column is not None and column.shape != rows for column in columns) or (
            self.features.shape[1:] != rows
        ):
            raise DataError("the columns of the battles differ in length")
        if not self.share.size:
            return
        for models in (self.a, self.b):
            if not 0 <= models.min() <= models.max() < n_models:
                raise DataError(f"a model's number is not between 0 and {n_models - 1}")
        if self.features.size and not -np.inf < self.features.min() <= self.features.max() < np.inf:
            raise DataError("a feature is not a finite number", key="features")
        if not 0 <= self.share.min() <= self.share.max() <= 1:
            raise DataError("a share of the win is not between 0 and 1", key="pref")
        if not 0 <= self.weight.min() <= self.weight.max() < np.inf:
            raise DataError("a weight is not 0 or more", key="weight")
        if self.times is not None and self.times.min() < 0:
            raise DataError("a row cannot stand for fewer than 0 battles")

    def _fought(self) -> ContextualRows:
        keep = (self.a != self.b) & (self.weight > 0)
        if self.times is not None:
            keep &= self.times > 0
        if keep.all():
            return self
        return ContextualRows(
            self.a[keep],
            self.b[keep],
            self.share[keep],
            self.weight[keep],
            self.features[:, keep],
            None if self.times is None else self.times[keep],
            None if self.clusters is None else self.clusters[keep],
        )
