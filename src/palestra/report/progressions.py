"""How each model's rating moved from prompt to prompt: `progressions.json` of a result folder."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from palestra.config.schema import Ranking
    from palestra.ranking.rated import Method
    from palestra.records.battle import Battle

MOST_PLAYED = 1000
"""Points of Elo, which is carried on from battle to battle."""
MOST_FITTED = 50
"""Points of a rating that is fitted anew for each."""
_UNTIMED = ("elo-average", "size-elo")
"""Methods that have no history."""


class Progressions:
    """Collects battles in the order of the prompts; 33 bytes a battle."""

    def __init__(self) -> None:
        self._models: dict[str, int] = {}
        self._question_ids: list[str] = []
        self._sides = array("l"), array("l")
        self._outcome = array("b")
        self._share = array("d")
        self._weight = array("d")
        self._prompt = array("l")

    def add(self, question_id: str, battles: Sequence[Battle]) -> None:
        """The battles of the next prompt."""
        from palestra.ranking.counts import Outcome, outcome_of

        for battle in battles:
            for side, model in zip(self._sides, (battle.model_a, battle.model_b), strict=True):
                side.append(self._models.setdefault(model, len(self._models)))
            self._outcome.append(Outcome.SOFT if battle.soft else outcome_of(battle.winner.value))
            self._share.append(battle.share())
            self._weight.append(battle.weight)
            self._prompt.append(len(self._question_ids))
        self._question_ids.append(question_id)

    def data(self, ranking: Ranking) -> dict[str, Any]:
        """`{method, k?, start?, notes, after: [{prompts, question_id, battles}], models: {label: [rating]}}`.

        A model has a rating for each entry of `after`, null while its battles do not determine one; the
        last ones are the leaderboard's. Elo has a point for each prompt with a battle, up to 1000 points;
        other methods up to 50. Models come best first.
        """
        untimed = ranking.method in _UNTIMED
        method: Method = "bradley-terry" if untimed else ranking.method
        told: dict[str, Any] = {"method": method}
        if method == "elo":
            told |= {"k": ranking.k, "start": ranking.start}
        told["notes"] = (
            [f"{ranking.method} has no history, so these are Bradley-Terry ratings"] if untimed else []
        )
        return told | (self._moved(method, ranking) if self._prompt else {"after": [], "models": {}})

    def _moved(self, method: Method, ranking: Ranking) -> dict[str, Any]:
        import numpy as np

        from palestra.analysis.history import history
        from palestra.ranking.counts import Rows

        prompt = np.array(self._prompt, dtype=np.float64)
        rows = Rows.from_codes(
            list(self._models),
            np.array(self._sides[0]),
            np.array(self._sides[1]),
            np.array(self._outcome, dtype=np.int64),
            share=np.array(self._share),
            weight=np.array(self._weight),
        )
        most = MOST_PLAYED if method == "elo" else MOST_FITTED
        each = len(set(self._prompt)) <= most
        anchor = {name: value for name, value in (ranking.anchor or {}).items() if name in self._models}
        found = history(
            rows,
            prompt,  # a prompt's number takes the place of a time
            slices=prompt.size if each else most,
            method=method,
            anchor=anchor or None,
            k=ranking.k,
            start=ranking.start,
            ci="none",
        )
        order = sorted(range(len(found.models)), key=lambda i: _place(found.rating[-1, i], found.models[i]))
        return {
            "after": [
                {
                    "prompts": int(end) + 1,
                    "question_id": self._question_ids[int(end)],
                    "battles": int(np.searchsorted(prompt, end, side="right")),
                }
                for end in found.ends
            ],
            "models": {
                found.models[i]: [
                    None if np.isnan(rating) else float(rating) for rating in found.rating[:, i]
                ]
                for i in order
            },
        }


def _place(rating: float, name: str) -> tuple[bool, float, str]:
    return rating != rating, -rating, name
