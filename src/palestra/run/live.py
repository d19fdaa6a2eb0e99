"""Intermediate ratings: where the models stand while a run is under way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from palestra.config.schema import Ranking
    from palestra.records.battle import Battle

Kind = tuple[str, str, str | None, float, float]
"""What ratings read of a battle: model A, model B, winner or None for a soft battle, A's share, weight."""
Standing = tuple[str, float]
"""A model and its rating."""
_ANY_ORDER = ("bradley-terry", "davidson", "rao-kupper", "win-rate", "gladiator")
"""Methods that can be shown on the way; in place of another one that knows no order, Bradley-Terry is."""


@dataclass(frozen=True, slots=True)
class Step:
    """Where the models stand after the first `prompts` of `of` prompts."""

    prompts: int
    of: int
    question_id: str
    """Of the last of them."""
    battles: int
    ratings: Sequence[Standing]
    """Best first; empty before the first battle."""


class Live:
    """Rankings after each prompt, in the order of the prompts, whichever is done first.

    So they are the same in every run, and the last one of Elo is the leaderboard's. `listeners` are told
    when a prompt and all before it are done; `step` then says where the models stand.
    """

    def __init__(self, ranking: Ranking, models: Sequence[str], question_ids: Sequence[str]) -> None:
        self.listeners: list[Callable[[], None]] = []
        self.method = ranking.method if ranking.method in (*_ANY_ORDER, "elo") else "bradley-terry"
        self._ranking = ranking
        self._question_ids = question_ids
        self._waiting: dict[int, list[Kind]] = {}
        self._done = 0
        self._battles = 0
        self._counts: dict[Kind, int] = {}
        self._position = {label: number for number, label in enumerate(models)}
        self._elo = [ranking.start] * len(models)
        self._fought: set[str] = set()

    @property
    def done(self) -> int:
        """Prompts that are done, as all before them."""
        return self._done

    @property
    def of(self) -> int:
        """All prompts."""
        return len(self._question_ids)

    def finish(self, index: int, battles: Iterable[Battle]) -> None:
        """Prompt `index` came to these battles."""
        self._waiting[index] = [kind_of(battle) for battle in battles]
        while self._done in self._waiting:
            self._take(self._waiting.pop(self._done))
            self._done += 1
            for listener in self.listeners:
                listener()

    def step(self) -> Step:
        """Where the models stand after the prompts that are done, as all before them."""
        ratings = self.elo() if self.method == "elo" else rated(self._counts, self.method)
        last = self._question_ids[self._done - 1] if self._done else ""
        return Step(self._done, self.of, last, self._battles, ratings)

    def elo(self) -> list[Standing]:
        """Elo of the models that have fought, best first."""
        anchor = self._ranking.anchor or {}
        shift = sum(
            rating - self._elo[self._position[name]]
            for name, rating in anchor.items()
            if name in self._fought
        )
        ratings = [(name, self._elo[self._position[name]] + shift) for name in self._fought]
        return sorted(ratings, key=lambda row: (-row[1], row[0]))

    def _take(self, battles: Sequence[Kind]) -> None:
        self._battles += len(battles)
        for kind in battles:
            self._fought.update(kind[:2])
            if self.method != "elo":
                self._counts[kind] = self._counts.get(kind, 0) + 1
        if self.method == "elo" and battles:
            self._play(battles)

    def _play(self, battles: Sequence[Kind]) -> None:
        import numpy as np

        from palestra.ranking.elo import play

        ratings = np.array(self._elo)
        a = np.array([self._position[kind[0]] for kind in battles])
        b = np.array([self._position[kind[1]] for kind in battles])
        share, weight = (np.array([kind[place] for kind in battles]) for place in (3, 4))
        play(a, b, share, weight, ratings, self._ranking.k)
        self._elo = ratings.tolist()


def kind_of(battle: Battle) -> Kind:
    """What ratings read of a battle."""
    winner = None if battle.soft else battle.winner.value
    return battle.model_a, battle.model_b, winner, battle.share(), battle.weight


def rated(battles: Mapping[Kind, int], method: str) -> list[Standing]:
    """Models and their ratings by a method that needs no order, best first."""
    if not battles:
        return []
    from palestra.ranking.counts import Outcome, Rows, outcome_of
    from palestra.ranking.leaderboard import rank_counts

    kinds = list(battles)
    models = sorted({model for a, b, *_ in kinds for model in (a, b)})
    number = {model: index for index, model in enumerate(models)}
    rows = Rows.from_codes(
        models,
        [number[a] for a, *_ in kinds],
        [number[b] for _, b, *_ in kinds],
        [Outcome.SOFT if winner is None else outcome_of(winner) for _, _, winner, *_ in kinds],
        share=[share for *_, share, _ in kinds],
        weight=[weight for *_, weight in kinds],
        n=list(battles.values()),
    )
    board = rank_counts(rows.counts(), method=method, ci="none")
    return [(row.model, row.rating) for row in board.ratings]
