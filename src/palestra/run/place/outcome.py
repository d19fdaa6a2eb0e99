"""From a played job to its placement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from palestra.analysis.placing import place
from palestra.errors import DataError

if TYPE_CHECKING:
    from palestra.analysis.placing import Placed
    from palestra.run.place.evidence import Findings
    from palestra.run.place.job import Job


def placed_of(job: Job, findings: Findings) -> Placed:
    """The placement that the findings give.

    Raises:
        DataError: no battle of the new model was judged, or there is nothing to calibrate on.
    """
    config = job.config
    if not findings.battles:
        raise DataError(
            f"no battle of {job.label} was judged",
            hint="every answer or verdict failed; responses.jsonl and verdicts.jsonl say why",
        )
    checked = findings.checked(job) if config.place.calibrate else None
    if checked is not None and not checked.won.size:
        raise DataError(
            "the judge gave scores on none of the human battles, so there is no temperature to fit",
            key="place.calibrate",
            hint="use a protocol with scores, or give a temperature",
        )
    return place(
        job.label,
        job.arena.rows,
        findings.judged(job),
        checked=checked,
        temperature=config.place.temperature or 0.3,
        labels=config.place.labels,
        anchor=config.ranking.anchor,
        ci=config.ranking.ci,
        rounds=config.ranking.rounds,
        level=config.ranking.level,
        seed=config.seed,
        n_failed=findings.n_failed,
    )
