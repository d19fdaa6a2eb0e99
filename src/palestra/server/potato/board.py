"""What comes of the preferences: the leaderboard, the training pairs, and what to compare next."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from palestra.ranking.potato_score import moderate_margin, potato_scores, uncertainty
from palestra.store.arena_preferences import decided_pairs, newest_runs, preference_texts, texts_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from palestra.ranking.potato_score import PotatoScores
    from palestra.store.arena_preferences import Decided
    from palestra.store.database import Database

Strategy = Literal["uncertainty", "moderate_margin", "random"]


@dataclass(frozen=True, slots=True)
class PotatoBoard:
    """The preferences of one arena. Everything is read anew each time."""

    database: Database
    voter: str
    """Whose preferences they are."""
    labels: tuple[str, ...]
    """The models, in the order of the config."""

    def leaderboard(self) -> list[dict[str, Any]]:
        """A row a model, the best first; without any preference all numbers are None."""
        with self.database.reading() as connection:
            pairs = decided_pairs(connection, self.voter)
        labels, found = self._scores(pairs)
        rows = [_row(label, found, place, told=bool(pairs)) for place, label in enumerate(labels)]
        return sorted(rows, key=lambda row: row["bt_score"] or -1.0, reverse=True)

    def export_dpo(self) -> list[dict[str, Any]]:
        """Every decided pair with its texts."""
        with self.database.reading() as connection:
            return preference_texts(connection, self.voter)

    def suggestions(self, k: int, strategy: Strategy, rng: np.random.Generator) -> list[dict[str, Any]]:
        """Up to `k` pairs of answers that are worth comparing, by falling acquisition: pairs that were not
        compared yet, and if all were, those.
        """
        with self.database.reading() as connection:
            pairs = decided_pairs(connection, self.voter)
            candidates = [
                _Candidate(run.matchup_id, a, b, run.answered[a], run.answered[b], run.question_id)
                for run in newest_runs(connection, self.voter)
                for a, b in itertools.combinations(run.answered, 2)
            ]
            met = {(pair.question_id, frozenset((pair.winner, pair.loser))) for pair in pairs}
            fresh = [candidate for candidate in candidates if candidate.key not in met]
            labels, found = self._scores(pairs)
            strength = dict(zip(labels, found.strength.tolist(), strict=True))
            chosen = _best(fresh or candidates, k, strategy, strength, rng)
            texts = texts_of(connection, {candidate.run for candidate, _ in chosen})
        return [
            {
                "prompt": texts[one.run][0],
                "model_a": one.model_a,
                "model_b": one.model_b,
                "response_a": texts[one.run][1][one.slot_a],
                "response_b": texts[one.run][1][one.slot_b],
                "acquisition": acquisition,
                "strategy": strategy,
                "decided": one.key in met,
            }
            for one, acquisition in chosen
        ]

    def _scores(self, pairs: Sequence[Decided]) -> tuple[list[str], PotatoScores]:
        """The models, those of old preferences after those of the config, and their numbers."""
        told = (label for pair in pairs for label in (pair.winner, pair.loser))
        labels = list(dict.fromkeys([*self.labels, *told]))
        place = {label: number for number, label in enumerate(labels)}
        numbers: dict[str, int] = {}
        rows = [
            (place[pair.winner], place[pair.loser], numbers.setdefault(pair.preference, len(numbers)))
            for pair in pairs
        ]
        winner, loser, preference = np.array(rows, dtype=np.int64).reshape(-1, 3).T
        return labels, potato_scores(winner, loser, preference, len(labels))


class _Candidate(NamedTuple):
    """Two answers of a run."""

    run: str
    slot_a: int
    slot_b: int
    model_a: str
    model_b: str
    question_id: str

    @property
    def key(self) -> tuple[str, frozenset[str]]:
        return self.question_id, frozenset((self.model_a, self.model_b))


def _best(
    candidates: list[_Candidate],
    k: int,
    strategy: Strategy,
    strength: dict[str, float],
    rng: np.random.Generator,
) -> list[tuple[_Candidate, float]]:
    """The `k` with the highest acquisition, with it; equal ones in the order in which they were run."""
    a = np.array([strength.get(one.model_a, 0.0) for one in candidates])
    b = np.array([strength.get(one.model_b, 0.0) for one in candidates])
    if strategy == "random":
        acquisition = rng.random(len(candidates))
    else:
        acquisition = {"uncertainty": uncertainty, "moderate_margin": moderate_margin}[strategy](a, b)
    order = np.argsort(-acquisition, kind="stable")[:k]
    return [(candidates[place], float(acquisition[place])) for place in order.tolist()]


def _row(label: str, found: PotatoScores, place: int, *, told: bool) -> dict[str, Any]:
    columns = {
        "wins": found.wins,
        "comparisons": found.comparisons,
        "win_rate": found.win_rate,
        "win_rate_lo": found.low,
        "win_rate_hi": found.high,
        "elo": found.elo,
        "bt_score": found.score,
    }
    numbers = {name: column[place].item() for name, column in columns.items()}
    known = {name: n if told and not math.isnan(n) else None for name, n in numbers.items()}
    return {"label": label, **known}
