"""Names, numbers and parameters as people read them. What is missing or not finite has its own sign."""

from __future__ import annotations

import math
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from palestra.records.rating import Leaderboard, Rating

NONE = "–"
"""Stands where there is no number."""

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_JOINERS = "\u200c\u200d"
_HIDDEN = {"Cc", "Cs", "Zl", "Zp", "Cf"}


def visible(text: str) -> str:
    """`text` on one line, with control characters, terminal escapes and text-direction marks spelt out.

    Joiners stay: emoji and several scripts need them.
    """
    return "".join(_spelt(char) if _is_hidden(char) else char for char in text)


def _is_hidden(char: str) -> bool:
    return char not in _JOINERS and unicodedata.category(char) in _HIDDEN


def _spelt(char: str) -> str:
    code = ord(char)
    return _SHORT.get(char) or (f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}")


def number(value: float | None, decimals: int = 1, thousands: bool = False) -> str:
    """`value` with so many decimals and a true minus sign; a dash for None and NaN; ∞ for infinity."""
    if value is None or math.isnan(value):
        return NONE
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:,.{decimals}f}" if thousands else f"{value:.{decimals}f}"
    if not float(text.replace(",", "")):
        text = text.lstrip("-")
    return text.replace("-", "−")


def count(value: float | None) -> str:
    """A sum of weights: whole where it is whole, else one decimal."""
    if value is None or math.isnan(value):
        return NONE
    whole = math.isfinite(value) and abs(value - round(value)) < 5e-7
    return number(value, 0 if whole else 1)


def percent(share: float | None, decimals: int = 1) -> str:
    """A share in [0, 1] as `58.3 %`."""
    return NONE if share is None or math.isnan(share) else f"{number(100 * share, decimals)} %"


def span(low: float | None, high: float | None, decimals: int = 1) -> str:
    """An interval as `low to high`, or a dash if either end is missing."""
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return NONE
    return f"{number(low, decimals)} to {number(high, decimals)}"


def ranks(rating: Rating) -> str:
    """`3`, or `3 (2–4)` where the intervals allow other ranks."""
    if rating.rank_low == rating.rank_high:
        return str(rating.rank)
    return f"{rating.rank} ({rating.rank_low}–{rating.rank_high})"


def decimals_of(ratings: Iterable[Rating]) -> int:
    """Four decimals for ratings that are shares, else one."""
    finite = [abs(r.rating) for r in ratings if math.isfinite(r.rating)]
    return 4 if finite and max(finite) <= 2 else 1


def method_line(board: Leaderboard) -> str:
    """The method with its parameters, as in `bradley-terry, scale 400, base 10, mean 1000`."""
    if board.method == "win-rate":
        parts = ["win rate in per cent"]
    elif board.method == "length-controlled":
        parts = ["win rate in per cent against the baseline at equal length"]
    elif board.method == "gladiator":
        parts = ["gladiator score, wins/n · (1 − 1/(n + 1))"]
    else:
        parts = [board.method, f"scale {board.scale:g}", f"base {board.base:g}"]
    anchor = board.anchor or {}
    parts += [f"{visible(model)} anchored at {value:g}" for model, value in anchor.items()]
    given = {name: value for name, value in board.parameters.items() if not (anchor and name == "mean")}
    told = {name: value for name, value in given.items() if not isinstance(value, dict | list)}
    parts += [f"{name.replace('_', ' ')} {_plain(value)}" for name, value in told.items()]
    return ", ".join(parts)


def interval_line(board: Leaderboard) -> str:
    """How the intervals were made, as in `95 % intervals by bootstrap, 1000 rounds, seed 0`."""
    made = board.interval
    if made.kind == "none":
        return "no intervals"
    at_once = "simultaneous " if made.simultaneous else ""
    parts = [f"{100 * made.level:g} % {at_once}intervals by {made.kind}"]
    if made.cluster is not None:
        parts.append(f"clustered by {visible(made.cluster)}")
    if made.rounds is not None:
        parts.append(f"{made.rounds} rounds")
    if made.seed is not None:
        parts.append(f"seed {made.seed}")
    return ", ".join(parts)


def counts_line(board: Leaderboard) -> str:
    """Battles and failed verdicts, as in `1,240 battles, 3 failed verdicts left out`."""
    battles = f"{board.n_battles:,} battle{'' if board.n_battles == 1 else 's'}"
    if board.n_failed is None:
        return f"{battles}, failed verdicts not known"
    if board.n_failed == 0:
        return f"{battles}, no failed verdict"
    return f"{battles}, {board.n_failed:,} failed verdict{'' if board.n_failed == 1 else 's'} left out"


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else visible(str(value))
