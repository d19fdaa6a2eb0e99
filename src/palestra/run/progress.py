"""How far a run is: counters that the pipeline moves and a display reads."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from palestra.run.live import kind_of, rated

if TYPE_CHECKING:
    from palestra.records.battle import Battle
    from palestra.run.live import Kind, Live, Standing


@dataclass(slots=True)
class Tally:
    """One kind of work."""

    total: int = 0
    done: int = 0
    """Finished, failures included, whether asked now or found in the store."""
    reused: int = 0
    """Of those, found in the store."""
    failed: Counter[str] = field(default_factory=Counter)
    """Failures by kind."""

    @property
    def n_failed(self) -> int:
        """All failures."""
        return self.failed.total()


@dataclass(slots=True)
class Progress:
    """A run's state at this moment."""

    answers: Tally = field(default_factory=Tally)
    verdicts: Tally = field(default_factory=Tally)
    skipped: int = 0
    """Verdicts that will not be asked for, because an answer failed."""
    cost_usd: float = 0.0
    """Spent in this run."""
    asked: int = 0
    """Calls made in this run that came back."""
    started: float = field(default_factory=time.monotonic)
    battles: Counter[Kind] = field(default_factory=Counter)
    """How often each occurred."""
    live: Live | None = None
    """The rankings after each prompt."""
    stopping: str | None = None
    """Why the run is coming to an end before its time."""

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started

    @property
    def rate(self) -> float:
        """Calls per second in this run."""
        return self.asked / self.elapsed if self.elapsed > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Until the end at this run's rate; None while there is nothing to go by."""
        left = (
            self.answers.total - self.answers.done + self.verdicts.total - self.verdicts.done - self.skipped
        )
        return left / self.rate if self.asked and left >= 0 else None

    def add_battle(self, battle: Battle) -> None:
        """Count a battle towards the intermediate ratings."""
        self.battles[kind_of(battle)] += 1

    def standings(self) -> list[Standing]:
        """Models and their ratings so far, best first; empty before the first battle.

        Elo stands after the prompts that are done, as all before them; other ratings read all
        battles so far.
        """
        if self.live is not None and self.live.method == "elo":
            return self.live.elo()
        return rated(self.battles, "bradley-terry" if self.live is None else self.live.method)


def duration(seconds: float) -> str:
    """A time in words: `0.4 s`, `12 s`, `3 min 07 s`, `2 h 05 min`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
