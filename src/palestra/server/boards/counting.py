"""Battles counted for one selection, carried on from snapshot to snapshot."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from palestra.interchange.battle_columns import NO_GROUP
from palestra.ranking.clusters import ALONE
from palestra.ranking.counts import Rows
from palestra.server.boards.columns import Column, grown
from palestra.server.boards.prompts import prompt_number, shared
from palestra.store.arena_battle_filter import FACETS, SOURCES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from palestra.ranking.arrays import Bools, Floats, Ints
    from palestra.ranking.counts import Counts
    from palestra.records.battle import Battle
    from palestra.server.boards.ledger import Kind, Snapshot
    from palestra.store.arena_battle_filter import Selection

_FEW = 4096
"""Battles up to which they are added one by one; more are counted at once."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Battles that are of the selection and do not count."""

    named: int
    """The voter knew which models met."""
    identity_leak: int
    """An answer told which model wrote it."""


class Tally:
    """The battles of a selection that count on a board. Not safe to use from two threads at once."""

    def __init__(self, selection: Selection) -> None:
        self.selection = selection
        self._clear(-1)

    def _clear(self, generation: int) -> None:
        self.generation = generation
        self.seen = 0
        """Battles of the snapshot that were looked at."""
        self.size = 0
        """Those that count."""
        self.n_named = self.n_leaks = 0
        self.last_time = float("-inf")
        self._n = np.zeros(0, dtype=np.int64)
        self._voters = np.zeros(0, dtype=bool)
        self._which = Column(np.int32)
        self._shared = np.zeros(0, dtype=bool)

    @property
    def which(self) -> Ints:
        """Where in the snapshot the battles are that count, ascending, (size,)."""
        return self._which.view

    def prompts(self, snapshot: Snapshot) -> Ints:
        """The prompt of each battle that counts if another shares it, else `ALONE`, (size,)."""
        return np.where(self._shared, snapshot.prompt[self.which], ALONE)

    @property
    def left_out(self) -> LeftOut:
        """What does not count."""
        return LeftOut(self.n_named, self.n_leaks)

    @property
    def n_voters(self) -> int:
        """Who decided the battles that count, as far as known."""
        return int(np.count_nonzero(self._voters[1:]))

    @property
    def updated(self) -> float | None:
        """When the latest battle that counts was decided."""
        return self.last_time if np.isfinite(self.last_time) else None

    def advance(self, snapshot: Snapshot) -> Ints:
        """Count what is new in the snapshot, or all of it after a deletion; an older one changes nothing.
        Returns where in the snapshot those of the new battles are that count.
        """
        if snapshot.generation > self.generation:
            self._clear(snapshot.generation)
        if snapshot.generation < self.generation or snapshot.size <= self.seen:
            return np.zeros(0, dtype=np.int64)
        new = slice(self.seen, snapshot.size)
        self.seen = snapshot.size
        member, named, leak = self._members(snapshot, new)
        self.n_named += int(np.count_nonzero(member & named))
        self.n_leaks += int(np.count_nonzero(member & ~named & leak))
        which: Ints = new.start + np.flatnonzero(member & ~named & ~leak)
        self._add(snapshot, which)
        return which

    def _members(self, snapshot: Snapshot, new: slice) -> tuple[Bools, Bools, Bools]:
        """Of the new battles: which are of the selection; named; with a leak."""
        selection = self.selection
        kinds = snapshot.kinds[: snapshot.n_kinds]
        kind = snapshot.kind[new]
        chosen = np.array([of_kind(selection, each) for each in kinds], dtype=bool)[kind]
        time: Floats = snapshot.time[new]
        if selection.since is not None:
            chosen &= time >= selection.since
        if selection.until is not None:
            chosen &= time < selection.until
        named = np.array([each.named for each in kinds], dtype=bool)[kind]
        leak = np.array([each.leak for each in kinds], dtype=bool)[kind]
        return chosen, named, leak

    def _add(self, snapshot: Snapshot, which: Ints) -> None:
        if not which.size:
            return
        cell = snapshot.cell[which]
        self._n = grown(self._n, snapshot.a.size)
        if which.size > _FEW:
            self._n += np.bincount(cell, minlength=self._n.size)
        else:
            np.add.at(self._n, cell, 1)
        voter = snapshot.voter[which]
        self._voters = grown(self._voters, int(voter.max()) + 1)
        self._voters[voter] = True
        self._which.extend(which)
        self._shared = shared(snapshot.prompt[self.which], self._shared)
        self.size += which.size
        self.last_time = float(np.fmax.reduce(snapshot.time[which], initial=self.last_time))

    def counts(self, snapshot: Snapshot) -> Counts:
        """The battles that count, of the snapshot that was counted last."""
        nothing = np.zeros(0, dtype=np.int64)
        return replace(_rows(snapshot, grown(self._n, snapshot.a.size), nothing), cluster=None).counts()

    def by_prompt(self, snapshot: Snapshot, more: Sequence[Battle] = ()) -> Counts:
        """The same and `more` that are not in the snapshot, in clusters by prompt."""
        which, together = self.which, self._shared
        new = np.array([prompt_number(battle.question_id) for battle in more], dtype=np.int64)
        if more:
            prompt = np.concatenate([snapshot.prompt[which], new])
            together = shared(prompt, self._shared)
            new = np.where(together[self.size :], new, ALONE)
        which = which[together[: self.size]]
        size = snapshot.a.size
        n = grown(self._n, size)[:size] - np.bincount(snapshot.cell[which], minlength=size)
        rows = _rows(snapshot, n, which)
        return (Rows.concat([rows, _new_rows(more, new)]) if more else rows).counts()


def of_kind(selection: Selection, kind: Kind) -> bool:
    """Whether battles of this kind are of the selection, its times aside."""
    if selection.source != "all" and kind.source not in SOURCES[selection.source]:
        return False
    if selection.run is not None and kind.run != selection.run:
        return False
    asked = ((getattr(selection, name), getattr(kind, name)) for name in FACETS)
    return all(wanted is None or wanted == (NO_GROUP if is_ is None else is_) for wanted, is_ in asked)


def _rows(snapshot: Snapshot, n: Ints, which: Ints) -> Rows:
    """`n` battles of each cell that stand alone, (C,), and those at `which` by their prompts."""
    alone = np.flatnonzero(n[: snapshot.a.size])
    cells = np.concatenate([alone, snapshot.cell[which]])
    a, b = snapshot.a[cells], snapshot.b[cells]
    occurs = np.zeros(snapshot.n_models, dtype=bool)
    occurs[a] = occurs[b] = True
    position = np.cumsum(occurs) - 1
    return Rows.from_codes(
        [snapshot.models[model] for model in np.flatnonzero(occurs).tolist()],
        position[a],
        position[b],
        snapshot.outcome[cells],
        share=snapshot.share[cells],
        weight=snapshot.weight[cells],
        n=np.concatenate([n[alone], np.ones(which.size, dtype=np.int64)]),
        cluster=np.concatenate([np.full(alone.size, ALONE), snapshot.prompt[which]]),
    )


def _new_rows(battles: Sequence[Battle], prompt: Ints) -> Rows:
    return Rows.from_names(
        [battle.model_a for battle in battles],
        [battle.model_b for battle in battles],
        [battle.winner.value for battle in battles],
        pref=[battle.share() if battle.soft and battle.pref is not None else np.nan for battle in battles],
        weight=[battle.weight for battle in battles],
        cluster=prompt,
    )
