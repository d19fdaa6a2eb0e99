"""What an export read, left out and kept, counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Split:
    """The rows of one split."""

    rows: int = 0
    prompts: int = 0
    longer: int = 0
    """Rows whose better answer is longer than the worse one, in characters."""
    shorter: int = 0


@dataclass(slots=True)
class ExportReport:
    """The counts of one export. `dropped_…` are by reason, in words that follow the number."""

    battles: int = 0
    """Read."""
    dropped_battles: Counter[str] = field(default_factory=Counter)
    prompts: int = 0
    """Of the battles that were kept."""
    pairs: int = 0
    """Different pairs of answers that battles were fought over."""
    dropped_pairs: Counter[str] = field(default_factory=Counter)
    resolved: int = 0
    """Pairs that were judged both ways, and decided by the majority."""
    made: int = 0
    """Rows."""
    dropped_rows: Counter[str] = field(default_factory=Counter)
    splits: dict[str, Split] = field(default_factory=dict)
    """`train`, and `test` if it was asked for."""

    @property
    def rows(self) -> int:
        """All that are left."""
        return sum(split.rows for split in self.splits.values())

    def counts(self) -> list[tuple[str, int]]:
        """(what, how many), in order."""
        found = [("battles read", self.battles)]
        found += [(f"battles left out: {why}", n) for why, n in ordered(self.dropped_battles)]
        found += [("prompts", self.prompts), ("pairs of answers", self.pairs)]
        found += [(f"pairs left out: {why}", n) for why, n in ordered(self.dropped_pairs)]
        if self.resolved:
            found.append(("pairs judged both ways, decided by the majority", self.resolved))
        found.append(("rows made", self.made))
        found += [(f"rows left out: {why}", n) for why, n in ordered(self.dropped_rows)]
        for name, split in self.splits.items():
            found += [(f"{name}: rows", split.rows), (f"{name}: prompts", split.prompts)]
            if split.longer or split.shorter:
                found.append((f"{name}: the better answer is longer", split.longer))
                found.append((f"{name}: the better answer is shorter", split.shorter))
        return found

    def text(self) -> str:
        """The same in a few lines."""
        kept = self.battles - self.dropped_battles.total()
        lines = [f"read {self.battles:,} battles, of which {kept:,} of {self.prompts:,} prompts count"]
        lines += _dropped(self.dropped_battles)
        good = self.pairs - self.dropped_pairs.total()
        lines.append(f"{self.pairs:,} pairs of answers, of which {good:,} count")
        lines += _dropped(self.dropped_pairs)
        if self.resolved:
            lines.append(f"  decided by the majority: {self.resolved:,} judged both ways")
        lines.append(f"{self.made:,} rows, of which {self.rows:,} are kept")
        lines += _dropped(self.dropped_rows)
        lines += [f"{name}: {_split(split)}" for name, split in self.splits.items()]
        return "\n".join(lines) + "\n"


def ordered(dropped: Counter[str]) -> list[tuple[str, int]]:
    """Reasons, the most frequent first, then by name."""
    return sorted(((why, n) for why, n in dropped.items() if n), key=lambda item: (-item[1], item[0]))


def _dropped(dropped: Counter[str]) -> list[str]:
    told = ", ".join(f"{n:,} {why}" for why, n in ordered(dropped))
    return [f"  dropped: {told}"] if told else []


def _split(split: Split) -> str:
    text = f"{split.rows:,} rows of {split.prompts:,} prompts"
    if split.longer or split.shorter:
        text += f"; the better answer is longer in {split.longer:,}, shorter in {split.shorter:,}"
    return text
