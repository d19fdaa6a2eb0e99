from __future__ import annotations

from enum import StrEnum

from palestra.records.base import Record
from palestra.records.prompt import Prompt
from palestra.records.response import Response


class Order(StrEnum):
    """How a matchup was shown to whoever decided it."""

    AB = "ab"
    """Model A first."""
    BA = "ba"
    """Model B first; winner and scores are already mapped back."""
    BOTH = "both"
    """Both orders, combined; carries no side."""


class Matchup(Record):
    """A prompt and two answers that wait for a decision."""

    prompt: Prompt
    response_a: Response
    response_b: Response
