"""What a run against a baseline tells beyond its ratings, collected while its rows are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from palestra.report.baseline import BaselineTally, Intervals
from palestra.report.baseline_coverage import CoverageTally
from palestra.report.baseline_metrics import battle_metrics
from palestra.report.baseline_text import BaselineReport
from palestra.report.page import duel_sentence
from palestra.report.tally import PromptShares
from palestra.run.pairing import baseline_of
from palestra.run.reference import ReferenceScores

if TYPE_CHECKING:
    from collections.abc import Iterator

    from palestra.records.prompt import Prompt
    from palestra.run.plan import Plan
    from palestra.run.play import Played


class BaselineResults:
    """Win rates, reference metrics, coverage, and a sentence for each candidate."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._battles = BaselineTally(self._baseline_of)
        self._coverage = CoverageTally()
        self._references = ReferenceScores()
        self._duels: dict[tuple[str, str], PromptShares] = {}

    def add(self, prompt: Prompt, played: Played) -> None:
        """Count all of one prompt."""
        self._references.add(prompt, played.responses)
        for response in played.responses:
            self._coverage.add_response(response)
        for verdict in played.verdicts:
            self._coverage.add_verdict(verdict)
        for battle in played.battles:
            self._battles.add(battle)
            pair = (battle.model_b, battle.model_a)  # the baseline is always model A
            self._duels.setdefault(pair, PromptShares()).add(battle)

    def report(self) -> BaselineReport:
        """All that was collected, with the intervals that the config asks for."""
        config, labels = self._plan.config, [model.label for model in self._plan.models]
        ranking = config.ranking
        made = Intervals(ranking.level, max(ranking.rounds, 2), config.seed)
        metrics = (*self._references.rows(labels), *battle_metrics(self._battles.by_baseline(made)))
        coverage = self._coverage.rows(self._plan.prompts, labels, self._baseline_of)
        return BaselineReport(tuple(self._battles.boards(made)), metrics, tuple(coverage), made)

    def sentences(self) -> Iterator[str]:
        """How each candidate did against its baseline, in config order."""
        labels = [model.label for model in self._plan.models]
        pairs = {pair for pairs in self._plan.pairs for pair in pairs}
        for baseline, candidate in sorted(pairs, key=lambda pair: (pair[1], pair[0])):
            names = (labels[candidate], labels[baseline])
            yield duel_sentence(self._duels.get(names, PromptShares()), *names)

    def _baseline_of(self, category: str | None) -> str | None:
        return baseline_of(self._plan.config.schedule, category)
