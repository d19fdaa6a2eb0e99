"""From battles to numbers: the only place where an outcome becomes a number.

Every rating with a likelihood depends on the battles only through how often each outcome occurred
between each two models, so battles are counted once and all else works on the counts.

Shapes: M models, `names` sorted; a cell is one (model_a, model_b, outcome, share, weight) with the
number of rows that were so; a pair is two models without regard to who was A.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from palestra.errors import DataError, UsageError, nearest
from palestra.records.winner import Winner

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from palestra.ranking.arrays import Bools, Floats, Ints


class Outcome(IntEnum):
    """How a battle ended, as a number."""

    A = 0
    B = 1
    TIE = 2
    BOTH_BAD = 3
    SOFT = 4
    """Ratings read the row's share of the win, not its winner."""


_OF_WINNER = {
    Winner.A: Outcome.A,
    Winner.B: Outcome.B,
    Winner.TIE: Outcome.TIE,
    Winner.BOTH_BAD: Outcome.BOTH_BAD,
}
SHARES = np.array([*(winner.share for winner in _OF_WINNER), np.nan])
"""A's share of the win per outcome; a soft row brings its own."""
_TABLE = 1_000_000
"""Pairs of models up to which rows are counted in a table of all pairs."""
WEIGHTS = (1e-12, 1e12)
"""The least and the greatest weight of a row that has any: beyond them, sums and squares lose the rest."""


def outcome_of(winner: str) -> Outcome:
    """The number of a winner as battle files spell it.

    Raises:
        DataError: the word is not a winner.
    """
    try:
        return _OF_WINNER[Winner.parse(winner)]
    except ValueError as error:
        raise DataError(str(error), key="winner") from None


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """Battles, counted. Built by `from_rows`, `from_codes` or `Rows.counts`.

    The cells are unique and sorted, so equal battles give equal counts whatever their order was.
    """

    models: tuple[str, ...]
    """Sorted names, (M,)."""
    a: Ints
    """Index of model A, (cells,)."""
    b: Ints
    outcome: Ints
    share: Floats
    """A's share of the win, in [0, 1], (cells,)."""
    weight: Floats
    """Of each row of the cell, > 0, (cells,)."""
    n: Ints
    """Rows in the cell, > 0, (cells,)."""
    n_self: int = 0
    """Rows left out because a model met itself: they say nothing of its strength."""
    n_weightless: int = 0
    """Rows left out because their weight is 0."""
    cluster: Ints | None = None
    """Which cluster (prompt) the cell's rows belong to, (cells,), any number, or `clusters.ALONE`; None: not
    asked."""
    table: Ints | None = None
    """The same as a table by outcome, A and B, (4, M, M), where plain rows were counted in one."""

    @property
    def is_plain(self) -> bool:
        """Whether every row has weight 1 and is told whole by its outcome, and clusters are not asked."""
        return self.cluster is None and bool(
            np.all(self.weight == 1.0) and np.all(self.outcome != Outcome.SOFT)
        )

    @property
    def n_battles(self) -> int:
        """Rows counted."""
        return int(self.n.sum())

    @classmethod
    def from_codes(
        cls,
        models: Sequence[str],
        a: npt.ArrayLike,
        b: npt.ArrayLike,
        outcome: npt.ArrayLike,
        *,
        share: npt.ArrayLike | None = None,
        weight: npt.ArrayLike | None = None,
        n: npt.ArrayLike | None = None,
        cluster: npt.ArrayLike | None = None,
    ) -> Counts:
        """Count rows of positions in `models`; see `Rows.from_codes`."""
        rows = Rows.from_codes(models, a, b, outcome, share=share, weight=weight, n=n, cluster=cluster)
        return rows.counts()

    @classmethod
    def from_rows(
        cls,
        model_a: Sequence[str],
        model_b: Sequence[str],
        winner: Sequence[str],
        *,
        pref: npt.ArrayLike | None = None,
        weight: npt.ArrayLike | None = None,
        n: npt.ArrayLike | None = None,
        cluster: npt.ArrayLike | None = None,
    ) -> Counts:
        """Count rows of names and winners; see `Rows.from_names`."""
        rows = Rows.from_names(model_a, model_b, winner, pref=pref, weight=weight, n=n, cluster=cluster)
        return rows.counts()

    @classmethod
    def from_table(cls, models: Sequence[str], table: Ints) -> Counts:
        """Battles of weight 1 by outcome and by names of A and B, in any order, (4, M, M).

        Raises:
            DataError: an empty name.
        """
        names = tuple(sorted(models))
        if "" in names:
            raise DataError("a model has an empty name", key="model_a or model_b")
        if names != tuple(models):
            order = np.array(sorted(range(len(names)), key=models.__getitem__), dtype=np.int64)
            table = table[:, order][:, :, order]
        held = np.array(table, order="C")
        own = held.diagonal(axis1=1, axis2=2).copy()
        np.einsum("kii->ki", held)[:] = 0
        a, b, outcome = np.nonzero(np.moveaxis(held, 0, 2))
        return cls(
            models=names,
            a=a,
            b=b,
            outcome=outcome,
            share=SHARES[outcome],
            weight=np.ones(a.size),
            n=held[outcome, a, b],
            n_self=int(own.sum()),
            table=held,
        )

    @classmethod
    def empty(cls, models: Iterable[str] = ()) -> Counts:
        """No battles."""
        return cls.from_codes(sorted(set(models)), [], [], [])

    @classmethod
    def merge(cls, parts: Iterable[Counts]) -> Counts:
        """The counts of all battles of all parts."""
        parts = list(parts)
        if len(parts) == 1:
            return parts[0]
        rows = Rows.concat([part._rows() for part in parts])
        return rows.counts(
            n_self=sum(part.n_self for part in parts),
            n_weightless=sum(part.n_weightless for part in parts),
        )

    def drop(self, models: Iterable[str]) -> Counts:
        """Without these models and all their battles.

        Raises:
            UsageError: a model that is not there.
        """
        gone = set(models)
        self._require(gone)
        keep = np.array([name not in gone for name in self.models], dtype=bool)
        cells = keep[self.a] & keep[self.b] if len(self.models) else np.zeros(0, dtype=bool)
        position = np.cumsum(keep) - 1
        return replace(
            self,
            models=tuple(name for name in self.models if name not in gone),
            a=position[self.a[cells]],
            b=position[self.b[cells]],
            outcome=self.outcome[cells],
            share=self.share[cells],
            weight=self.weight[cells],
            n=self.n[cells],
            cluster=None if self.cluster is None else self.cluster[cells],
            table=None,
        )

    def rename(self, names: Mapping[str, str]) -> Counts:
        """With other names. Models given the same name become one; what they fought among each other
        is left out.

        Raises:
            UsageError: a model that is not there.
        """
        self._require(set(names))
        renamed = [names.get(name, name) for name in self.models]
        rows = Rows.from_codes(
            renamed,
            self.a,
            self.b,
            self.outcome,
            share=self.share,
            weight=self.weight,
            n=self.n,
            cluster=self.cluster,
        )
        return rows.counts(n_self=self.n_self, n_weightless=self.n_weightless)

    def _rows(self) -> Rows:
        return Rows(self.models, self.a, self.b, self.outcome, self.share, self.weight, self.n, self.cluster)

    def _require(self, names: set[str]) -> None:
        for name in sorted(names - set(self.models)):
            raise UsageError(f"no battle names a model {name!r}", hint=nearest(name, self.models))


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Battles one by one, in order, with models as positions in `models`: for ratings that need the
    order (Elo), and on the way to `Counts`. Nothing is left out yet.
    """

    models: tuple[str, ...]
    """Sorted, unique."""
    a: Ints
    b: Ints
    outcome: Ints
    share: Floats
    weight: Floats
    n: Ints
    """How often the row occurred."""
    cluster: Ints | None = None
    """A number for each cluster (prompt) of rows, (rows,): rows of one are not independent; `clusters.ALONE`:
    of no other."""

    @classmethod
    def from_codes(
        cls,
        models: Sequence[str],
        a: npt.ArrayLike,
        b: npt.ArrayLike,
        outcome: npt.ArrayLike,
        *,
        share: npt.ArrayLike | None = None,
        weight: npt.ArrayLike | None = None,
        n: npt.ArrayLike | None = None,
        cluster: npt.ArrayLike | None = None,
    ) -> Rows:
        """Rows whose models are given as positions in `models`; two of the same name become one.

        `share` is read where the outcome is `SOFT`; `weight` and `n` are 1 unless given; `cluster` says
        which rows are not independent. All have the shape (rows,).

        Raises:
            DataError: an empty name, an unknown outcome, a share outside [0, 1], a weight that is
                neither 0 nor in `WEIGHTS`.
        """
        names = tuple(sorted(set(models)))
        if "" in names:
            raise DataError("a model has an empty name", key="model_a or model_b")
        position = {name: index for index, name in enumerate(names)}
        code = np.array([position[name] for name in models], dtype=np.int64)
        kind = np.asarray(outcome, dtype=np.int64)
        if np.any((kind < 0) | (kind > max(Outcome))):
            raise DataError(f"unknown outcome; expected 0 to {int(max(Outcome))}", key="winner")
        rows = kind.shape
        given = np.full(rows, np.nan) if share is None else np.asarray(share, dtype=np.float64)
        result = cls(
            models=names,
            a=code[np.asarray(a, dtype=np.int64)],
            b=code[np.asarray(b, dtype=np.int64)],
            outcome=kind,
            share=np.where(kind == Outcome.SOFT, given, SHARES[kind]),
            weight=np.ones(rows) if weight is None else np.asarray(weight, dtype=np.float64),
            n=np.ones(rows, dtype=np.int64) if n is None else np.asarray(n, dtype=np.int64),
            cluster=None if cluster is None else np.asarray(cluster, dtype=np.int64),
        )
        result._check()
        return result

    @classmethod
    def from_names(
        cls,
        model_a: Sequence[str],
        model_b: Sequence[str],
        winner: Sequence[str],
        *,
        pref: npt.ArrayLike | None = None,
        weight: npt.ArrayLike | None = None,
        n: npt.ArrayLike | None = None,
        cluster: npt.ArrayLike | None = None,
    ) -> Rows:
        """Rows of names and winners; where `pref` is not NaN it is read in place of the winner.

        Raises:
            DataError: as `from_codes`, and for an unknown winner.
        """
        position = {name: index for index, name in enumerate(dict.fromkeys([*model_a, *model_b]))}
        words = {word: outcome_of(word) for word in dict.fromkeys(winner)}
        outcome = np.array([words[word] for word in winner], dtype=np.int64)
        share = np.full(outcome.shape, np.nan) if pref is None else np.asarray(pref, dtype=np.float64)
        return cls.from_codes(
            list(position),
            np.array([position[name] for name in model_a], dtype=np.int64),
            np.array([position[name] for name in model_b], dtype=np.int64),
            np.where(np.isnan(share), outcome, Outcome.SOFT),
            share=share,
            weight=weight,
            n=n,
            cluster=cluster,
        )

    @classmethod
    def concat(cls, parts: Sequence[Rows]) -> Rows:
        """The rows of all parts, one part after the other."""
        starts = np.cumsum([0, *(len(part.models) for part in parts)])[:-1]
        return cls.from_codes(
            [name for part in parts for name in part.models],
            _chain([part.a + start for part, start in zip(parts, starts, strict=True)]),
            _chain([part.b + start for part, start in zip(parts, starts, strict=True)]),
            _chain([part.outcome for part in parts]),
            share=_chain([part.share for part in parts]),
            weight=_chain([part.weight for part in parts]),
            n=_chain([part.n for part in parts]),
            cluster=_chained_clusters(parts),
        )

    def take(self, keep: Bools) -> Rows:
        """The rows where `keep`, (rows,), is True, with the models that occur in them."""
        used = np.unique(np.concatenate([self.a[keep], self.b[keep]]))
        return replace(
            self,
            models=tuple(self.models[index] for index in used.tolist()),
            a=np.searchsorted(used, self.a[keep]),
            b=np.searchsorted(used, self.b[keep]),
            outcome=self.outcome[keep],
            share=self.share[keep],
            weight=self.weight[keep],
            n=self.n[keep],
            cluster=None if self.cluster is None else self.cluster[keep],
        )

    def _check(self) -> None:
        if not np.all((self.share >= 0) & (self.share <= 1)):
            raise DataError("a share of the win is not between 0 and 1", key="pref")
        low, high = WEIGHTS
        if not np.all((self.weight == 0) | ((self.weight >= low) & (self.weight <= high))):
            raise DataError(f"a weight is neither 0 nor between {low:g} and {high:g}", key="weight")

    def _is_plain(self) -> bool:
        return self.cluster is None and bool(
            np.all(self.weight == 1.0) and np.all(self.outcome != Outcome.SOFT)
        )

    def counts(self, *, n_self: int = 0, n_weightless: int = 0) -> Counts:
        """Equal rows counted together; a model against itself and rows of weight 0 left out."""
        size = len(self.models)
        if size * size <= _TABLE and self._is_plain():
            key = (self.outcome * size + self.a) * size + self.b
            table = np.bincount(key, self.n, size * size * int(Outcome.SOFT)).astype(np.int64)
            plain = Counts.from_table(self.models, table.reshape(int(Outcome.SOFT), size, size))
            return replace(plain, n_self=plain.n_self + n_self, n_weightless=n_weightless)
        own = self.a == self.b
        weightless = ~own & (self.weight == 0)
        n_self += int(self.n[own].sum())
        n_weightless += int(self.n[weightless].sum())
        keep = np.flatnonzero(~own & ~weightless & (self.n > 0))
        key = (self.a * len(self.models) + self.b) * len(Outcome) + self.outcome
        columns = [self.weight[keep], self.share[keep], key[keep]]
        if self.cluster is not None:
            columns.append(self.cluster[keep])
        order, start = groups(columns)
        counted = self.n[keep][order]
        first = keep[order[start]]
        return Counts(
            self.models,
            self.a[first],
            self.b[first],
            self.outcome[first],
            self.share[first],
            self.weight[first],
            np.add.reduceat(counted, start) if start.size else counted,
            n_self,
            n_weightless,
            None if self.cluster is None else self.cluster[first],
        )


def _chain(arrays: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    return np.concatenate([np.zeros(0, dtype=np.int64), *arrays])


def _chained_clusters(parts: Sequence[Rows]) -> Ints | None:
    known = [part.cluster for part in parts if part.cluster is not None]
    return _chain(known) if parts and len(known) == len(parts) else None


def groups(columns: Sequence[npt.NDArray[Any]]) -> tuple[Ints, Ints]:
    """The order that sorts rows by the last of these columns, (rows,) each, then by the one before it,
    and so on; and where in it each group of equal rows starts.
    """
    order = np.lexsort(columns)
    change = np.zeros(order.size, dtype=bool)
    change[:1] = True
    for column in columns:
        ordered = column[order]
        change[1:] |= ordered[1:] != ordered[:-1]
    return order, np.flatnonzero(change)
