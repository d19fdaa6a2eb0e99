"""How each judge of a panel decided, out of the verdicts of a run folder."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from pydantic import ValidationError

from palestra.errors import DataError
from palestra.interchange.rows import read_rows
from palestra.records.verdict import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from palestra.records.battle import Battle

PANEL = "panel:"
"""How the `judge_model` of a panel's battle begins."""
Votes = dict[str, float]
"""Judge → A's share of the win, in [0, 1]."""
Place = tuple[str, str, str, int]
"""question_id, the two models in the order of their names, repeat."""


class Juries:
    """The votes behind the panel battles of one run. Its verdicts are read when the first is asked for."""

    def __init__(self, path: Path) -> None:
        """`path`: the run's `verdicts.jsonl`; without it no votes are known."""
        self._path = path
        self._held: dict[Place, dict[str, tuple[float, int]]] | None = None

    def votes(self, battle: Battle) -> Votes:
        """Each judge's share for the battle's model_a, the mean over the orders in which it saw the two;
        empty for a battle of no panel.

        Raises:
            DataError: the verdicts cannot be read; with the line.
        """
        if not (battle.judge_model or "").startswith(PANEL):
            return {}
        if self._held is None:
            self._held = _read(self._path) if self._path.is_file() else {}
        one, other = sorted((battle.model_a, battle.model_b))
        place = (battle.question_id or "", one, other, battle.repeat or 0)
        shares = {judge: total / n for judge, (total, n) in self._held.get(place, {}).items()}
        return shares if battle.model_a == one else {judge: 1.0 - share for judge, share in shares.items()}


def _read(path: Path) -> dict[Place, dict[str, tuple[float, int]]]:
    found: defaultdict[Place, dict[str, tuple[float, int]]] = defaultdict(dict)
    for row in read_rows(path):
        try:
            verdict = Verdict.model_validate(row.data)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise DataError(first["msg"], path=path, line=row.line, key=str(first["loc"][0])) from None
        told = verdict if verdict.model_a <= verdict.model_b else verdict.swapped()
        if told.winner is None:
            continue
        place = (told.question_id, told.model_a, told.model_b, told.repeat)
        total, n = found[place].get(told.judge_model, (0.0, 0))
        found[place][told.judge_model] = (total + told.winner.share, n + 1)
    return dict(found)
