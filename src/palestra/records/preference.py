from __future__ import annotations

from palestra.records.base import Record
from palestra.records.battle import Text


class Preference(Record):
    """One training row: a prompt, the better answer and the worse one (TRL's names)."""

    prompt: Text
    chosen: str
    rejected: str
    winner: str
    """The label of the model that wrote `chosen`."""
    loser: str
    question_id: str | None = None
    pref: float | None = None
    """The winner's share of the win, above ½."""


class RankedModel(Record):
    """One model's place in a ranked list."""

    model_name: str
    avg_score: float
    response: str
    explanations: tuple[str, ...] = ()
    """What the judges wrote of it, in schedule order."""


class RankedPrompt(Record):
    """One prompt with its models, best first."""

    prompt: str
    ranked_models: tuple[RankedModel, ...]
