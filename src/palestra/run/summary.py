"""What to tell a person when a run ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from palestra.interchange.battles import read_battles
from palestra.report.page import duel_sentence
from palestra.report.tally import PromptShares
from palestra.report.words import visible
from palestra.run.progress import duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from palestra.records.manifest import Manifest
    from palestra.run.pipeline import Run


def summary(run: Run, manifest: Manifest, folder: Path, against: Sequence[str] = ()) -> Iterator[str]:
    """The outcome of a two-model run in a sentence, then failures, cost, and where the files are.

    `against`: how each candidate did against its baseline, where there is one.
    """
    labels = [model.label for model in run.plan.models]
    yield from against
    if len(labels) == 2 and not against:
        yield _duel_sentence(folder, manifest.n_battles, *labels)
    for row in manifest.spend:
        if row.failed:
            kinds = ", ".join(f"{count} {kind}" for kind, count in row.failed.items())
            failed = f"{sum(row.failed.values())} of {row.calls} failed: {kinds}"
            yield f"{visible(row.label)} ({row.role}): {failed}"
            yield f"  the first said: {visible(row.example or '')}"
    if manifest.n_unjudged:
        unjudged = f"{manifest.n_unjudged} of {manifest.n_matchups} matchups"
        yield f"{unjudged} were not judged, because an answer failed"
    reused = run.progress.answers.reused + run.progress.verdicts.reused
    parts = [f"{run.progress.asked} calls made"]
    if reused:
        parts.append(f"{reused} answers and verdicts were already there")
    if run.progress.cost_usd:
        parts.append(f"${run.progress.cost_usd:.4f} spent")
    yield ", ".join(parts)
    yield f"Total time: {duration(manifest.finished - manifest.started)}"
    yield f"Results: {folder}  (open {folder / 'report.html'})"


def _duel_sentence(folder: Path, n_battles: int, label_a: str, label_b: str) -> str:
    """The two models over the prompts both were judged on."""
    shares = PromptShares()
    for battle in read_battles(folder / "battles.jsonl") if n_battles else ():
        shares.add(battle)
    return duel_sentence(shares, label_a, label_b)
