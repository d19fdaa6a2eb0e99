"""What an export shall hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from palestra.errors import UsageError, nearest
from palestra.records.battle import Source

Kind = Literal["dpo", "kto", "sft", "reward", "ranked"]
Style = Literal["conversational", "plain"]
Prompted = Literal["explicit", "implicit"]
Contradictions = Literal["majority", "drop"]
PAIRED: tuple[Kind, ...] = ("dpo", "reward")
"""The kinds whose rows are pairs of answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """Which rows, in which shape. None and empty: whatever there is."""

    kind: Kind
    style: Style = "conversational"
    """Messages, or plain texts; what has several turns or a system prompt is no plain text."""
    prompted: Prompted = "explicit"
    """`implicit`: the prompt is the beginning of the answers, without a column of its own."""
    details: bool = False
    """Whether rows also say who wrote and who judged them."""

    sources: tuple[str, ...] = ()
    judges: tuple[str, ...] = ()
    """Labels of judges (`judge_model`)."""
    datasets: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    """Both models must be among these."""
    without_models: tuple[str, ...] = ()
    """Neither may be among these."""
    without_flags: tuple[str, ...] = ()
    leaks: bool = False
    """Whether also battles in which an answer tells who wrote it."""
    named: bool = False
    """Whether also battles whose voter knew which models met."""
    ties: bool = True
    """Whether battles without a winner count."""

    min_battles: int = 1
    """How many battles there must be over the same two answers."""
    min_agreement: float = 0.0
    """The share of those who decided, in [0, 1], that must be for what came out."""
    min_judges: int = 1
    """How many of them must be."""
    min_pref: float = 0.0
    """The least share of the win, in [0, 1], that the better answer must have."""
    min_margin: float = 0.0
    """How much higher its score must be, in the judge's points; those without scores fall out if above 0."""
    contradictions: Contradictions = "majority"
    """What becomes of two answers of which some battles say one and some the other."""

    near: float | None = None
    """From which similarity on, in (0, 1], two texts count as equal: see `near.py`. None: only what
    `normal.normal` makes equal."""
    balance: bool = False
    """Whether as many better answers shall be longer than the worse one as shorter."""
    per_prompt: int | None = None
    limit: int | None = None
    test_share: float = 0.0
    seed: int = 0

    def check(self) -> None:
        """See whether this makes sense.

        Raises:
            UsageError: it does not; the key is the option's name.
        """
        if self.kind not in get_args(Kind):
            raise UsageError(f"unknown kind {self.kind!r}", hint=nearest(self.kind, get_args(Kind)))
        for source in self.sources:
            known = [each.value for each in Source]
            if source not in known:
                raise UsageError(f"unknown source {source!r}", key="--source", hint=nearest(source, known))
        for name in ("min_agreement", "min_pref", "test_share"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise UsageError(f"expected a share from 0 to 1, not {value:g}", key=_option(name))
        if self.min_margin < 0:
            raise UsageError(f"expected points from 0 on, not {self.min_margin:g}", key="--min-margin")
        if self.test_share == 1:
            raise UsageError("then nothing is left to train on", key="--test-share")
        if self.near is not None and not 0 < self.near <= 1:
            raise UsageError(
                f"expected a similarity above 0 and up to 1, not {self.near:g}",
                key="--near",
                hint="as in --near 0.9",
            )
        if self.prompted == "implicit" and self.kind in ("kto", "ranked"):
            raise UsageError(f"the prompt of {self.kind} has a column of its own", key="--prompt")
        if self.balance and self.kind not in PAIRED:
            raise UsageError(
                f"{self.kind} has no pairs whose lengths could be balanced",
                key="--balance-length",
                hint=f"it is for {' and '.join(PAIRED)}",
            )

    def rules(self) -> list[str]:
        """The filters in words, a line each."""
        return [*self._battle_rules(), *self._pair_rules(), *self._row_rules()]

    def _battle_rules(self) -> list[str]:
        named = {
            "source": self.sources,
            "judge": self.judges,
            "dataset": self.datasets,
            "category": self.categories,
            "language": self.languages,
        }
        lines = [f"{name}: only {', '.join(values)}" for name, values in named.items() if values]
        if self.models:
            lines.append(f"both models among {', '.join(self.models)}")
        if self.without_models:
            lines.append(f"without the models {', '.join(self.without_models)}")
        if self.without_flags:
            lines.append(f"without battles flagged {', '.join(self.without_flags)}")
        if not self.leaks:
            lines.append("without battles in which an answer tells who wrote it")
        if not self.named:
            lines.append("without battles whose voter knew which models met")
        if not self.ties:
            lines.append("without battles that nobody won")
        return lines

    def _pair_rules(self) -> list[str]:
        lines = []
        if self.min_battles > 1:
            lines.append(f"at least {self.min_battles} battles over the same two answers")
        if self.min_agreement:
            lines.append(f"at least {self.min_agreement:.0%} of those who decided agree")
        if self.min_judges > 1:
            lines.append(f"at least {self.min_judges} of those who decided agree")
        if self.min_pref:
            lines.append(f"the better answer has at least {self.min_pref:g} of the win")
        if self.min_margin:
            lines.append(f"the better answer's score is higher by at least {self.min_margin:g}")
        lines.append(
            "two answers that were judged both ways: "
            + ("the majority counts" if self.contradictions == "majority" else "left out")
        )
        return lines

    def _row_rules(self) -> list[str]:
        same = "texts that differ in nothing but case, spaces and compatible characters are the same"
        lines = [
            same if self.near is None else f"{same}, and so are those with a similarity of {self.near:g}"
        ]
        if self.per_prompt is not None:
            lines.append(f"at most {self.per_prompt} rows of a prompt, the clearest ones")
        if self.balance:
            lines.append("the better answer is longer as often as it is shorter")
        if self.limit is not None:
            lines.append(f"at most {self.limit} rows, drawn at random")
        if self.test_share:
            lines.append(f"{self.test_share:g} of the prompts are for testing, drawn by their text")
        return lines


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")
