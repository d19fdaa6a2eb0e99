"""What a run against a baseline comes to: win rates overall, by dataset, and by dataset and subset."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from palestra.report.baseline_boards import Standing, Standings, subset_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from palestra.records.battle import Battle

_Place = tuple[str, str, str]
"""Dataset, subset and baseline."""


@dataclass(frozen=True, slots=True)
class Intervals:
    """How the intervals are made: by drawing prompts again, all battles of a prompt together."""

    level: float = 0.95
    rounds: int = 1000
    seed: int = 0


@dataclass(slots=True)
class _Sample:
    """One candidate on one prompt."""

    won: float = 0.0
    """Weight; a tie is half."""
    lost: float = 0.0
    score: float = 0.0
    """Sum over the games."""
    games: int = 0


class BaselineTally:
    """Collects the battles of a run, and makes its boards."""

    def __init__(self, baseline_of: Callable[[str | None], str | None]) -> None:
        """`baseline_of`: the baseline's label by the prompt's category."""
        self._baseline_of = baseline_of
        self._samples: defaultdict[_Place, defaultdict[str, defaultdict[str, _Sample]]] = defaultdict(
            lambda: defaultdict(lambda: defaultdict(_Sample))
        )

    def add(self, battle: Battle) -> None:
        """Count one battle; one without its baseline is left out."""
        baseline = self._baseline_of(battle.category)
        if baseline not in (battle.model_a, battle.model_b) or battle.model_a == battle.model_b:
            return
        first = battle.model_b == baseline
        share, told = battle.share(), battle.share() if battle.pref is None else battle.pref
        place = (battle.dataset or "", subset_name(battle.subset), baseline or "")
        candidate = battle.model_a if first else battle.model_b
        sample = self._samples[place][candidate][battle.question_id or ""]
        sample.won += battle.weight * (share if first else 1.0 - share)
        sample.lost += battle.weight * (1.0 - share if first else share)
        sample.score += told if first else 1.0 - told
        sample.games += 1

    def boards(self, made: Intervals) -> list[Standings]:
        """Of everything, then of each dataset, then of each dataset and subset."""
        datasets = list(dict.fromkeys(dataset for dataset, _, _ in self._samples))
        subsets = list(dict.fromkeys((dataset, subset) for dataset, subset, _ in self._samples))
        groups: list[tuple[str | None, str | None]] = [(None, None), *((name, None) for name in datasets)]
        return [self._board(*group, made) for group in [*groups, *sorted(subsets)]]

    def by_baseline(self, made: Intervals) -> list[Standings]:
        """One for each dataset, subset and baseline, without rows for the baselines."""
        found = []
        for place in sorted(self._samples):
            dataset, subset, baseline = place
            rows = self._candidates([place], made)
            found.append(Standings(dataset, subset, baseline, tuple(rows)))
        return found

    def _board(self, dataset: str | None, subset: str | None, made: Intervals) -> Standings:
        places = [p for p in self._samples if dataset in (None, p[0]) and subset in (None, p[1])]
        rows = list(self._candidates(places, made))
        baselines = sorted({baseline for _, _, baseline in places})
        met = {row.model for row in rows}
        rows += [
            self._own(name, [place for place in places if place[2] == name])
            for name in baselines
            if name not in met
        ]
        rows.sort(key=lambda row: (-row.rate, row.model))
        return Standings(dataset, subset, ", ".join(baselines), tuple(rows))

    def _candidates(self, places: Iterable[_Place], made: Intervals) -> Iterator[Standing]:
        import numpy as np

        from palestra.analysis.baseline import elo, win_rates

        of = _joined(self._samples[place] for place in places)
        if not of:
            return
        names = sorted(of)
        prompts = sorted({prompt for samples in of.values() for prompt in samples})
        table = [[of[name].get(prompt, _NOTHING) for name in names] for prompt in prompts]
        won, lost = (
            np.array([[getattr(sample, part) for sample in row] for row in table]) for part in ("won", "lost")
        )
        found = win_rates(won, lost, rounds=made.rounds, seed=made.seed, level=made.level)
        ratings = [elo(values).tolist() for values in (found.rate, found.low, found.high)]
        for place, name in enumerate(names):
            samples = [sample for sample in of[name].values() if sample.games]
            if math.isnan(found.rate[place]):
                continue
            yield Standing(
                model=name,
                rate=float(found.rate[place]),
                low=float(found.low[place]),
                high=float(found.high[place]),
                elo=ratings[0][place],
                elo_low=ratings[1][place],
                elo_high=ratings[2][place],
                n_prompts=len(samples),
                n_battles=sum(sample.games for sample in samples),
                score=sum(sample.score / sample.games for sample in samples) / len(samples),
                swept=bool(found.swept[place]),
            )

    def _own(self, baseline: str, places: Sequence[_Place]) -> Standing:
        """The baseline's row."""
        of = _joined(self._samples[place] for place in places)
        prompts = {prompt for samples in of.values() for prompt in samples}
        games = sum(sample.games for samples in of.values() for sample in samples.values())
        even = (0.5, 0.5, 0.5, 1000.0, 1000.0, 1000.0)
        return Standing(baseline, *even, len(prompts), games, 0.5, swept=False)


_NOTHING = _Sample()


def _joined(parts: Iterable[Mapping[str, Mapping[str, _Sample]]]) -> dict[str, dict[str, _Sample]]:
    """Samples by candidate and prompt. A prompt is in one place only."""
    joined: dict[str, dict[str, _Sample]] = {}
    for part in parts:
        for candidate, samples in part.items():
            joined.setdefault(candidate, {}).update(samples)
    return joined
