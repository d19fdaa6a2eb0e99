"""The lines of the tables: seconds, ratings beside ours, and ratios with what is wanted of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from benchmarks.ranking.measure import Measured
    from benchmarks.ranking.plan import Figure, Wanted, What

LABEL = 48
NOTHING = f"{'—':>10}"


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two sets of ratings, each centred on the mean of the models that both have."""

    apart: float
    """The largest difference, in rating points."""
    moved: int
    """How many models have another rank."""
    missing: int
    """How many models only one of them rates."""

    def told(self, other: str) -> str:
        """In words; `other` says whose ratings these are held against."""
        if not math.isfinite(self.apart):
            return "some ratings are no numbers"
        apart = f"{self.apart:.2g}" if self.apart >= 1e-9 else "under 1e-9"
        ranks = f"{self.moved} ranks differ" if self.moved else "same ranks"
        missing = f", {self.missing} models missing" if self.missing else ""
        return f"{apart} points from {other}, {ranks}{missing}"


def compare(ours: Mapping[str, float], theirs: Mapping[str, float]) -> Agreement | None:
    """How far they are apart; None if they have no model in common."""
    common = sorted(ours.keys() & theirs.keys())
    if not common:
        return None
    gaps = [ours[model] - theirs[model] for model in common]
    shift = sum(gaps) / len(gaps)
    apart = max(abs(gap - shift) for gap in gaps) if math.isfinite(shift) else math.nan
    places = [sorted(common, key=lambda model: (-found[model], model)) for found in (ours, theirs)]
    moved = sum(one != other for one, other in zip(*places, strict=True))
    return Agreement(apart, moved, len(ours.keys() ^ theirs.keys()))


def lines(figure: Figure, found: Mapping[str, Measured]) -> Iterator[str]:
    """One line for each entry that was measured; the ratings of the first that has some are the yardstick."""
    yardstick: tuple[str, Mapping[str, float]] | None = None
    for entry in figure.entries:
        measured = found.get(entry.label)
        if measured is None:
            continue
        seconds, peak = measured.median(figure.what), measured.median("peak_mb")
        if seconds is None or peak is None:
            yield f"  {entry.label:{LABEL}} {NOTHING}    {measured.reason}"
            continue
        line = f"  {entry.label:{LABEL}} {seconds:10.4f} s  ×{len(measured.samples)} {peak:6.0f} MB"
        ratings = measured.samples[0].ratings
        if yardstick is not None and (agreement := compare(yardstick[1], ratings)):
            line += f"  {agreement.told(yardstick[0])}"
        elif yardstick is None and ratings:
            yardstick = ("ours" if entry.compiled is not None else entry.label, ratings)
        yield line


def judged(wanted: Wanted, size: str, what: What, found: Mapping[str, Measured]) -> str:
    """The line of one ratio, or of one figure, and whether it is as wanted."""
    ours = found[wanted.ours].median(what) if wanted.ours in found else None
    others = {label: found[label].median(what) for label in wanted.against if label in found}
    times = {label: seconds for label, seconds in others.items() if seconds is not None}
    limit = f"at least {wanted.at_least:g}" if wanted.at_least is not None else f"at most {wanted.at_most:g}"
    asked = f"wanted: {limit}" if size in wanted.sizes else "no limit at this size"
    if ours is None or (wanted.against and not times):
        why = "no other finished" if ours is not None else "ours was not measured"
        return f"  {wanted.text:{LABEL}} {NOTHING}    ({asked}; {why})"
    fastest = min(times, key=times.__getitem__, default="")
    if wanted.at_least is not None:
        value = times[fastest] / ours
        met = value >= wanted.at_least
    else:
        value = ours / times[fastest] if times else ours
        met = value <= (wanted.at_most or 0.0)
    notes = [asked, *(["met" if met else "NOT met"] if size in wanted.sizes else [])]
    if wanted.at_least is not None:
        notes.append(f"fastest: {fastest}")
        unfinished = [label for label, seconds in others.items() if seconds is None]
        notes += [f"not finished: {', '.join(unfinished)}"] if unfinished else []
    return f"  {wanted.text:{LABEL}} {value:10.2f}    ({'; '.join(notes)})"
