"""`rubric`: named criteria, each graded for both answers and weighted into one score.

The reply ends with a line per criterion, `accuracy: A=7 B=5`, which is JudgeArena's form for criteria.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from palestra.config.judge import Criterion
from palestra.judges.fence import RULE
from palestra.judges.protocols.base import MATERIAL, ROLE, Reading, Unreadable, prose, without_thinking
from palestra.judges.protocols.scores import share
from palestra.judges.protocols.template import Template, Templated
from palestra.records.winner import Winner

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MARKS = r"[\s*_`]*"
_GRADE = r"([+-]?[0-9]{1,9}(?:[.,][0-9]{1,9})?)(?:\s*/\s*([0-9]{1,9}))?"


@dataclass(frozen=True)
class Rubric(Templated):
    """A grade for each answer and criterion; the higher weighted mean wins, equal ones tie."""

    criteria: tuple[Criterion, ...] = (Criterion(name="quality"),)
    lowest: float = 1.0
    highest: float = 10.0
    temperature: float = 0.3
    """T in pref = e^(T·a) / (e^(T·a) + e^(T·b)) of the weighted means a and b."""

    name: ClassVar[str] = "rubric"
    telltale: ClassVar[str] = "a="
    reply: ClassVar[str] = ""

    @property
    def settings(self) -> Mapping[str, Any]:
        """Names, weights, scale and temperature; the descriptions are in the template."""
        return {
            "criteria": [[one.name, one.weight] for one in self.criteria],
            "scale": [self.lowest, self.highest],
            "score_temperature": self.temperature,
        }

    def parse(self, raw: str) -> Reading | Unreadable:
        """Read a reply: the last line of each criterion outside thinking blocks counts. Never raises.

        The explanation is the judge's words, then the grades, told of the answers as shown.
        """
        text = without_thinking(raw)
        grades: list[tuple[float, float]] = []
        starts: list[tuple[int, int]] = []
        for criterion in self.criteria:
            found = list(_line_of(criterion.name).finditer(text))
            if not found:
                return Unreadable(f"the reply holds no line {criterion.name}: A=n B=n")
            pair = [self._value(found[-1].group(at), found[-1].group(at + 1)) for at in (1, 3)]
            wrong = next((value for value in pair if isinstance(value, str)), None)
            if wrong is not None:
                return Unreadable(f"{criterion.name}: {wrong}")
            a, b = (value for value in pair if isinstance(value, float))
            grades.append((a, b))
            starts.append(found[-1].span())
        return self._reading(grades, _without(text, starts))

    def _reading(self, grades: Sequence[tuple[float, float]], words: str | None) -> Reading:
        total = math.fsum(one.weight for one in self.criteria)
        a, b = (
            math.fsum(one.weight * pair[side] for one, pair in zip(self.criteria, grades, strict=True))
            / total
            for side in (0, 1)
        )
        winner = Winner.TIE if abs(a - b) < 1e-9 else Winner.A if a > b else Winner.B
        lines = [
            f"{one.name}: A={first:g} B={second:g}"
            for one, (first, second) in zip(self.criteria, grades, strict=True)
        ]
        return Reading(
            winner=winner,
            score_first=a,
            score_second=b,
            pref=0.5 if winner is Winner.TIE else share(a, b, self.temperature),
            explanation="\n".join([*([words, ""] if words else []), *lines]),
        )

    def _value(self, written: str, out_of: str | None) -> float | str:
        """The grade, or what is wrong with it."""
        if out_of is not None and float(out_of) != self.highest:
            return f"graded out of {out_of}, not of {self.highest:g}"
        value = float(written.replace(",", "."))
        if not self.lowest <= value <= self.highest:
            return f"{value:g} is not between {self.lowest:g} and {self.highest:g}"
        return value

    @cached_property
    def _used(self) -> Template:
        return self.own or Template(f"{ROLE}\n\n{RULE}", f"{MATERIAL}{self.ending}")

    @property
    def ending(self) -> str:
        """The criteria, and how to grade them."""
        listed = "\n".join(
            f"- {_safe(one.name)}: {_safe(one.description)}" if one.description else f"- {_safe(one.name)}"
            for one in self.criteria
        )
        lines = "\n".join(f"{_safe(one.name)}: A=<number> B=<number>" for one in self.criteria)
        return (
            f"Grade both answers on each of these criteria, from {self.lowest:g} (worst) to "
            f"{self.highest:g} (best), each on its own:\n\n{listed}\n\nFirst explain your grades in a few "
            f"sentences. Then end with these lines, one per criterion, in exactly this form:\n\n{lines}\n"
        )


def _safe(text: str) -> str:
    """Words of a config, so that none is taken for a part of the template."""
    return re.sub(r"\{(?=[{%#])", "{ ", text)


def _line_of(name: str) -> re.Pattern[str]:
    return re.compile(
        rf"^[\s*_`>-]*{re.escape(name)}{_MARKS}[:：]{_MARKS}A{_MARKS}[=:]{_MARKS}{_GRADE}"
        rf"[\s*_`,;]+B{_MARKS}[=:]{_MARKS}{_GRADE}[\s*_`.]*$",
        re.IGNORECASE | re.MULTILINE,
    )


def _without(text: str, spans: Sequence[tuple[int, int]]) -> str | None:
    kept, at = [], 0
    for start, end in sorted(spans):
        kept.append(text[at:start])
        at = max(at, end)
    return prose("\n".join([*kept, text[at:]]))
