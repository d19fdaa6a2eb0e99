"""Adding up what each model and judge did."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from palestra.records.manifest import Spend

if TYPE_CHECKING:
    from collections.abc import Iterator

    from palestra.records.response import Response
    from palestra.records.verdict import Verdict
    from palestra.run.plan import Plan
    from palestra.run.play import Played


@dataclass(slots=True)
class _Sum:
    calls: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float | None = None
    example: str | None = None

    def add(self, row: Response | Verdict, *, counts: bool = True) -> None:
        """Count a row; of one that does not count, only what it took."""
        self.calls += counts
        if counts and row.failure is not None:
            self.failed[row.failure.kind.value] += 1
            self.example = self.example or row.failure.message
        self.tokens_in += row.tokens_in or 0
        self.tokens_out += row.tokens_out or 0
        if row.cost_usd is not None:
            self.cost_usd = (self.cost_usd or 0.0) + row.cost_usd


@dataclass(slots=True)
class Spending:
    """Rows, failures, tokens and money by model and by judge."""

    models: dict[str, _Sum] = field(default_factory=dict)
    judges: dict[str, _Sum] = field(default_factory=dict)

    def add(self, played: Played) -> None:
        """Count the rows of one prompt."""
        for response in played.responses:
            self.models.setdefault(response.model, _Sum()).add(response)
        grading = {graded.judge for graded in played.grades}
        for verdict in played.verdicts:
            if verdict.judge_model not in grading:
                self.judges.setdefault(verdict.judge_model, _Sum()).add(verdict)
        for graded in played.grades:
            total = self.judges.setdefault(graded.judge, _Sum())
            total.add(graded.response, counts=not graded.superseded)

    def rows(self, plan: Plan) -> Iterator[Spend]:
        """One row per model, then one per judge, in config order."""
        for model, config in zip(plan.models, plan.config.models, strict=True):
            total = self.models.get(model.label, _Sum())
            yield _spend(total, model.label, "model", config.endpoint_type.value, model.takes_seed)
        for judge, judge_config in zip(plan.judges, plan.config.judges, strict=True):
            total = self.judges.get(judge.label, _Sum())
            kind = "metric" if judge_config.metric else judge_config.endpoint_type.value
            yield _spend(total, judge.label, "judge", kind, judge.takes_seed)


def _spend(total: _Sum, label: str, role: str, endpoint_type: str, takes_seed: bool) -> Spend:
    return Spend(
        label=label,
        role=role,
        endpoint_type=endpoint_type,
        calls=total.calls,
        ok=total.calls - total.failed.total(),
        failed=dict(sorted(total.failed.items())),
        example=total.example,
        tokens_in=total.tokens_in,
        tokens_out=total.tokens_out,
        cost_usd=total.cost_usd,
        takes_seed=takes_seed,
    )
