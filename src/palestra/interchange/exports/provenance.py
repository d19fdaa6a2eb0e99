"""Who made the data: sources, judges, models, languages, collected while battles stream by."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from palestra.records.battle import Source

if TYPE_CHECKING:
    from palestra.records.battle import Battle

_MOST = 1000
"""Labels of a kind that a card lists; whatever is beyond is counted together."""


@dataclass(slots=True)
class Provenance:
    """Counted over the battles that an export kept."""

    sources: Counter[str] = field(default_factory=Counter)
    judges: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(source, label) → battles."""
    voters: set[str] = field(default_factory=set)
    models: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    datasets: Counter[str] = field(default_factory=Counter)

    def add(self, source: str, battle: Battle) -> None:
        """Count one battle."""
        self.sources[source] += 1
        who = battle.source.value if battle.source else "not known"
        self.judges[who, battle.judge_model or ""] += 1
        if battle.voter:
            self.voters.add(battle.voter)
        self.models.update({battle.model_a, battle.model_b})
        for counter, value in ((self.languages, battle.language), (self.datasets, battle.dataset)):
            if value is not None:
                counter[value] += 1

    def source_lines(self) -> list[str]:
        """Where the battles came from."""
        lines = [f"{name}: {n:,} battles" for name, n in sorted(self.sources.items())]
        return lines + [f"prompts of {name}: {n:,} battles" for name, n in _first(self.datasets)]

    def judge_lines(self) -> list[str]:
        """Who decided."""
        lines = []
        for (who, label), n in sorted(self.judges.items())[:_MOST]:
            told = {Source.HUMAN.value: "people", Source.JUDGE.value: "judge", Source.METRIC.value: "metric"}
            lines.append(f"{told.get(who, 'not known')}{f' {label}' if label else ''}: {n:,} battles")
        if self.voters:
            lines.append(f"different voters known by a salted hash: {len(self.voters):,}")
        return lines


def _first(counter: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counter.items())[:_MOST]
