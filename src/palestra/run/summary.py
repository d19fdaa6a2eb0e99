"""What to tell a person when a run ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from palestra.analysis.duel import duel
from palestra.interchange.battles import read_battles
from palestra.report.sentence import sentence

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from palestra.records.manifest import Manifest
    from palestra.run.pipeline import Run


def summary(run: Run, manifest: Manifest, folder: Path) -> Iterator[str]:
    """The outcome of a two-model run in a sentence, then failures, cost, and where the files are."""
    labels = [model.label for model in run.plan.models]
    if len(labels) == 2:
        yield duel_sentence(folder, *labels) + "."
    for row in manifest.spend:
        if row.failed:
            kinds = ", ".join(f"{count} {kind}" for kind, count in row.failed.items())
            yield f"{row.label} ({row.role}): {sum(row.failed.values())} of {row.calls} failed: {kinds}"
    if manifest.n_unjudged:
        yield f"{manifest.n_unjudged} of {manifest.n_matchups} matchups were not judged, because an answer failed"
    reused = run.progress.answers.reused + run.progress.verdicts.reused
    parts = [f"{run.progress.asked} calls made", f"{reused} answers and verdicts were already there"]
    if run.progress.cost_usd:
        parts.append(f"${run.progress.cost_usd:.4f} spent")
    yield ", ".join(parts)
    yield f"Results: {folder}  (open {folder / 'report.html'})"


def duel_sentence(folder: Path, label_a: str, label_b: str) -> str:
    """The two models over the prompts both were judged on."""
    shares: dict[str, list[tuple[float, float]]] = {}
    for battle in read_battles(folder / "battles.jsonl"):
        share = battle.share() if battle.model_a == label_a else 1.0 - battle.share()
        shares.setdefault(battle.question_id or "", []).append((share, battle.weight))
    means = [
        sum(share * weight for share, weight in games) / total
        for games in shares.values()
        if (total := sum(weight for _, weight in games)) > 0
    ]
    return sentence(duel(means), label_a, label_b)
