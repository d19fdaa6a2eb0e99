from __future__ import annotations

from palestra.records.base import Record, Words
from palestra.records.failure import Failure


class AnswerGrade(Record):
    """What a judge that looks at one answer at a time gave it: a score or a failure, never both."""

    question_id: str
    model: str
    """The label of the model that answered."""
    judge_model: str
    """The judge's label."""
    protocol: str
    repeat: int = 0
    score: float | None = None
    explanation: Words | None = None
    raw: Words | None = None
    """The judge's whole reply."""
    failure: Failure | None = None
    tstamp: float | None = None
