"""What a run of two models comes to, in one plain sentence."""

from __future__ import annotations

import math
from typing import Protocol

from palestra.report.words import number, visible


class Duel(Protocol):
    """Two models over the prompts that both were judged on (`palestra.analysis.duel`)."""

    @property
    def n_prompts(self) -> int:
        """Prompts with at least one decided battle of the two; at least one."""

    @property
    def win_share(self) -> float:
        """A's share of the win, the mean over prompts, in [0, 1]."""

    @property
    def ci_low(self) -> float:
        """The lower end of the 95 % interval of `win_share`."""

    @property
    def ci_high(self) -> float:
        """The upper end."""

    @property
    def told_apart(self) -> bool:
        """Whether the interval leaves ½ out."""

    @property
    def more_prompts(self) -> int | None:
        """About how many more prompts would tell the two apart; None if no number can be given."""


def sentence(duel: Duel | None, name_a: str, name_b: str) -> str:
    """The duel in words, told from the side of the model that is ahead. No full stop at the end.

    None stands for a duel without a single decided prompt.
    """
    a, b = visible(name_a), visible(name_b)
    if duel is None:
        return f"{a} and {b} have no decided prompt in common, so nothing can be said"
    ahead = duel.win_share >= 0.5
    leader, other = (a, b) if ahead else (b, a)
    share = duel.win_share if ahead else 1.0 - duel.win_share
    low, high = (duel.ci_low, duel.ci_high) if ahead else (1.0 - duel.ci_high, 1.0 - duel.ci_low)
    decimals = _decimals(share, low, duel.told_apart)
    interval = f"{number(100 * low, decimals)}–{number(100 * high, decimals)}"
    known = not (math.isnan(low) or math.isnan(high))
    prompts = f"{duel.n_prompts:,} prompt{'' if duel.n_prompts == 1 else 's'}"
    won = f"{number(100 * share, decimals)} %"
    if duel.told_apart:
        of = f" ({interval})" if known else ""
        return f"{leader} beats {other} on {won}{of} of {prompts}; likely better"
    inside = f"{leader} {won}" if share != 0.5 else f"{won} each"
    inside += f", {interval}" if known else ""
    return f"{a} and {b} are not told apart on {prompts} ({inside}){_outlook(duel, share)}"


def _outlook(duel: Duel, share: float) -> str:
    if share == 0.5:
        return "; they look equal, and more prompts may never tell"
    if duel.more_prompts is None or duel.more_prompts <= 0:
        return "; how many more prompts would tell is not known"
    plural = "" if duel.more_prompts == 1 else "s"
    return f"; about {duel.more_prompts:,} more prompt{plural} would tell"


def _decimals(share: float, low: float, told_apart: bool) -> int:
    """Whole per cents, or one decimal where rounding would put a difference at even."""
    for decimals in range(3):
        share_hides = share != 0.5 and round(100 * share, decimals) == 50
        low_hides = told_apart and low > 0.5 and round(100 * low, decimals) == 50
        if not (share_hides or low_hides):
            return decimals
    return 3
