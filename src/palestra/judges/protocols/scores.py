"""`scores`: an explanation, then `Score-A: n` and `Score-B: n`."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from palestra.judges.protocols.base import Reading, Unreadable, prose, without_thinking
from palestra.judges.protocols.template import Templated
from palestra.records.winner import Winner

if TYPE_CHECKING:
    from collections.abc import Mapping

_MARKS = r"[\s*_`\"'\[\]()<>\\]*"
_NAMED = re.compile(rf"(?<![a-z])score[\s_‐-–-]*\(?([ab])\b{_MARKS}[:：=]{_MARKS}", re.IGNORECASE)
_NUMBER = re.compile(r"([+-]?[0-9]{1,9}(?:[.,][0-9]{1,9})?)(?![^\W_]|[.,][0-9]|%)")
_OUT_OF = re.compile(r"[\s*_`\]\)]*(?:/|out\s+of)[\s*_`\[\(]*([0-9]+(?:[.,]0+)?)", re.IGNORECASE)
_SPAN = re.compile(r"(?:[-‐-–~]|\s+to\s+)[0-9]", re.IGNORECASE)


@dataclass(frozen=True)
class Scores(Templated):
    """A grade for each answer; the higher one wins, equal ones tie.

    The template asks for 1 to 10. 0 is read too, as some judges count from 0.
    """

    temperature: float = 0.3
    """T in pref = e^(T·a) / (e^(T·a) + e^(T·b)); above 0."""

    lowest: ClassVar[float] = 0.0
    highest: ClassVar[float] = 10.0
    name: ClassVar[str] = "scores"
    telltale: ClassVar[str] = "score"
    reply: ClassVar[str] = """\
First explain in a few sentences how answer A and answer B compare. Then end with two lines that grade \
each answer from 1 (useless) to 10 (could not be better), in this form:

Score-A: <a number from 1 to 10>
Score-B: <a number from 1 to 10>
"""

    @property
    def settings(self) -> Mapping[str, Any]:
        """The temperature, which the stored share of the win depends on."""
        return {"score_temperature": self.temperature}

    def parse(self, raw: str) -> Reading | Unreadable:
        """Read a reply: the last grade named for each answer outside thinking blocks counts. Never raises."""
        text = without_thinking(raw)
        last = {found.group(1).upper(): found for found in _NAMED.finditer(text)}
        grades: dict[str, float] = {}
        for name in ("A", "B"):
            if name not in last:
                return Unreadable(f"the reply holds no Score-{name}")
            grade = self._grade(text, last[name].end())
            if isinstance(grade, str):
                return Unreadable(f"Score-{name}: {grade}")
            grades[name] = grade
        a, b = grades["A"], grades["B"]
        winner = Winner.TIE if a == b else Winner.A if a > b else Winner.B
        return Reading(
            winner=winner,
            score_first=a,
            score_second=b,
            pref=self._share(a, b),
            explanation=_words(text, [found.start() for found in last.values()]),
        )

    def _share(self, a: float, b: float) -> float:
        return share(a, b, self.temperature)

    def _grade(self, text: str, start: int) -> float | str:
        """The grade that stands at `start`, or what is wrong with it."""
        number = _NUMBER.match(text, start)
        if number is None:
            return "no number follows"
        out_of = _OUT_OF.match(text, number.end())
        if out_of is not None and float(out_of.group(1).replace(",", ".")) != self.highest:
            return f"graded out of {out_of.group(1)}, not of {self.highest:g}"
        if out_of is None and _SPAN.match(text, number.end()):
            return "a span, not a number"
        grade = float(number.group(1).replace(",", "."))
        if not self.lowest <= grade <= self.highest:
            return f"{grade:g} is not between {self.lowest:g} and {self.highest:g}"
        return grade


def share(a: float, b: float, temperature: float) -> float:
    """A's share of the win from two scores: e^(T·a) / (e^(T·a) + e^(T·b)), in [0, 1].

    8 against 6 at T = 0.3 is 0.645656. The softmax of JudgeArena; equal to Bradley-Terry with the
    scores as strengths.
    """
    gap = temperature * (a - b)
    small = math.exp(-abs(gap))
    return 1.0 / (1.0 + small) if gap >= 0 else small / (1.0 + small)


def _words(text: str, starts: list[int]) -> str | None:
    """The reply without the lines that hold the two grades."""
    kept: list[str] = []
    at = 0
    for line in text.splitlines(keepends=True):
        if not any(at <= start < at + len(line) for start in starts):
            kept.append(line)
        elif (
            before := prose(line[: min(one for one in starts if at <= one < at + len(line)) - at])
        ) is not None:
            kept.append(before + "\n")
        at += len(line)
    return prose("".join(kept))
