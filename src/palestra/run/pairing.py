"""Who meets whom on which prompt."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING

from palestra.errors import ConfigError
from palestra.records.keys import digest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from palestra.config.schema import Schedule

Pair = tuple[int, int]
"""Two models, by their place in the config. The first is model A of the battle."""


def all_pairs(schedule: Schedule, labels: Sequence[str]) -> list[Pair]:
    """The pairs that meet at all, in schedule order. A baseline is always model A.

    Raises:
        ConfigError: fewer than two models, or the baseline is not among them.
    """
    if len(labels) < 2:
        raise ConfigError(f"an arena needs at least two models; there is {len(labels)}", key="models")
    if schedule.kind != "baseline":
        return list(itertools.combinations(range(len(labels)), 2))
    if schedule.baseline not in labels:
        raise ConfigError(f"no model is labelled {schedule.baseline!r}", key="schedule.baseline")
    baseline = labels.index(schedule.baseline)
    return [(baseline, other) for other in range(len(labels)) if other != baseline]


def pairs_by_prompt(
    schedule: Schedule, labels: Sequence[str], question_ids: Sequence[str], seed: int
) -> list[list[Pair]]:
    """For each prompt, the pairs that meet on it.

    With kind `sampled`, each pair draws its own prompts. The draw depends on the seed, the two labels
    and the prompts, and not on the order of the models or on who else competes.
    """
    pairs = all_pairs(schedule, labels)
    if schedule.kind != "sampled":
        return [pairs for _ in question_ids]
    count = min(schedule.per_pair or 0, len(question_ids))
    met: list[list[Pair]] = [[] for _ in question_ids]
    for a, b in pairs:
        rng = random.Random(digest(["pairing", seed, sorted((labels[a], labels[b]))]))
        for index in rng.sample(range(len(question_ids)), count):
            met[index].append((a, b))
    return met


def shows_b_first(seed: int, question_id: str, label_a: str, label_b: str) -> bool:
    """For `swap: once`: a fair coin per prompt and pair, the same whichever way the pair is listed."""
    first, second = sorted((label_a, label_b))
    coin = int(digest(["side", seed, question_id, first, second])[:8], 16) & 1
    return bool(coin) == (label_a == first)
