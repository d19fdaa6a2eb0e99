"""Two models, one question: is one better, and if that is not known, how many more prompts would tell?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from palestra.errors import UsageError
from palestra.ranking.win_rate import student

_Z = 1.959964
"""Of a two-sided interval of 95 %."""
_POWER = 0.841621
"""The normal quantile of 80 %."""
_ADDED = np.array([0.0, 0.0, 1.0, 1.0])


@dataclass(frozen=True, slots=True)
class Duel:
    """What the prompts of a run of two models say."""

    n_prompts: int
    win_share: float
    """The mean share of the win over prompts, in [0, 1]."""
    ci_low: float
    """95 % bounds of the share that more such prompts would give."""
    ci_high: float
    told_apart: bool
    """Whether the interval leaves out ½."""
    more_prompts: int | None
    """About how many further prompts would tell the models apart with a chance of 80 %, should the
    observed share be the true one, to two significant digits; 0 if they are told apart, None if the
    share is ½."""


def duel(shares: npt.ArrayLike) -> Duel:
    """Judge a duel by each prompt's mean share of the win, (prompts,), each in [0, 1].

    Prompts are what is drawn at random, so several games of one prompt enter as their mean. The
    interval is Agresti and Coull's (Amer. Statistician 52 (1998) 119) carried over from wins to shares:
    two whole wins and two whole losses are added, and the interval is mean ± t · sd/√n of that, t being
    Student's quantile. So it covers well with few prompts, and five wins in a row are not yet certainty.

    Raises:
        UsageError: no prompts, or a share outside [0, 1].
    """
    values = np.asarray(shares, dtype=np.float64)
    if values.ndim != 1 or values.size == 0:
        raise UsageError("a duel needs the share of the win on at least one prompt")
    if not np.all((values >= 0) & (values <= 1)):
        raise UsageError("each share of the win must be between 0 and 1")
    padded = np.concatenate([values, _ADDED])
    middle, spread = float(padded.mean()), float(padded.std())
    half = student(0.95, padded.size - 1) * spread / math.sqrt(padded.size)
    low, high = max(middle - half, 0.0), min(middle + half, 1.0)
    apart = not low <= 0.5 <= high
    share = float(values.mean())
    return Duel(
        n_prompts=values.size,
        win_share=share,
        ci_low=low,
        ci_high=high,
        told_apart=apart,
        more_prompts=0 if apart else _more(values.size, share - 0.5, spread),
    )


def _more(n: int, effect: float, spread: float) -> int | None:
    """The usual size of a sample for a mean is ((z + power) · sd / effect)²."""
    if abs(effect) < 1e-12:
        return None
    needed = ((_Z + _POWER) * spread / effect) ** 2
    return _two_digits(max(needed - n, 1.0))


def _two_digits(value: float) -> int:
    unit: int = 10 ** max(math.floor(math.log10(value)) - 1, 0)
    return math.ceil(value / unit - 1e-9) * unit
