"""`judgearena`: scores from 0 to 10, `score_A: n` and `score_B: n`, softened into a share of the win.

JudgeArena's reply contract; pref = e^(T·a) / (e^(T·a) + e^(T·b)) with T = 0.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from palestra.judges.fence import RULE
from palestra.judges.protocols.base import MATERIAL, ROLE
from palestra.judges.protocols.scores import Scores
from palestra.judges.protocols.template import Template


@dataclass(frozen=True)
class JudgeArena(Scores):
    """Scores from 0 to 10."""

    name: ClassVar[str] = "judgearena"
    reply: ClassVar[str] = """\
Score each answer from 0 (of no use at all) to 10 (could not be better), decimals allowed; two answers that \
serve equally well get equal scores. First explain your scores in a few sentences, then end with these two \
lines:

score_A: <a number from 0 to 10>
score_B: <a number from 0 to 10>
"""

    @cached_property
    def _used(self) -> Template:
        return self.own or Template(f"{ROLE}\n\n{RULE}", MATERIAL + self.reply)
