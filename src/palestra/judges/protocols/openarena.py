"""`openarena`: an explanation, then `Score-A: n` and `Score-B: n`, from 1 to 10.

OpenArena's reply contract and its share of the win, a/(a + b); two times 0 is a tie.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from palestra.judges.protocols.scores import Scores

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class OpenArena(Scores):
    """Scores whose sum the two answers share."""

    name: ClassVar[str] = "openarena"
    reply: ClassVar[str] = """\
Judge coherence, factual accuracy, attention to the context, and the answers as a whole. Reply in exactly \
this form, with a detailed explanation of what is strong and weak in each answer, then a score from 1 to 10 \
for each:

Explanation: <your explanation>
Score-A: <a number from 1 to 10>
Score-B: <a number from 1 to 10>
"""

    @property
    def settings(self) -> Mapping[str, Any]:
        """None: the share has no temperature."""
        return {}

    def _share(self, a: float, b: float) -> float:
        return a / (a + b) if a + b > 0 else 0.5
