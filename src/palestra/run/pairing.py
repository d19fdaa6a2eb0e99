"""Who meets whom on which prompt."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING

from palestra.errors import ConfigError, nearest
from palestra.records.keys import digest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from palestra.config.schema import Schedule

Pair = tuple[int, int]
"""Two models, by their place in the config. The first is model A of the battle."""


def all_pairs(schedule: Schedule, labels: Sequence[str], category: str | None = None) -> list[Pair]:
    """The pairs that meet at all on prompts of a category, in schedule order. A baseline is always model A.

    Raises:
        ConfigError: fewer than two models, or the baseline is not among them.
    """
    if len(labels) < 2:
        raise ConfigError(f"an arena needs at least two models; there is {len(labels)}", key="models")
    if schedule.kind != "baseline":
        return list(itertools.combinations(range(len(labels)), 2))
    name = baseline_of(schedule, category)
    if name not in labels:
        key = "schedule.baseline" if name == schedule.baseline else f"schedule.baselines.{category}"
        raise ConfigError(f"no model is labelled {name!r}", key=key)
    baseline = labels.index(name)
    meeting = schedule.candidates or labels
    return [
        (baseline, other) for other in range(len(labels)) if other != baseline and labels[other] in meeting
    ]


def pairs_by_prompt(
    schedule: Schedule,
    labels: Sequence[str],
    question_ids: Sequence[str],
    seed: int,
    categories: Sequence[str | None] | None = None,
) -> list[list[Pair]]:
    """For each prompt, the pairs that meet on it. `categories`: of each prompt; they may say who is the
    baseline.

    With kind `sampled`, each pair draws its own prompts. The draw depends on the seed, the two labels
    and the prompts, and not on the order of the models or on who else competes.

    Raises:
        ConfigError: as `all_pairs`; or a category that is given a baseline is that of no prompt.
    """
    if schedule.baselines:
        of_prompts = list(categories or [None] * len(question_ids))
        _check_categories(schedule, {name for name in of_prompts if name is not None})
        pairs_of = {category: all_pairs(schedule, labels, category) for category in set(of_prompts)}
        return [pairs_of[category] for category in of_prompts]
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


def baseline_of(schedule: Schedule, category: str | None) -> str | None:
    """The label of the model that all others meet on prompts of a category."""
    return schedule.baseline if category is None else schedule.baselines.get(category, schedule.baseline)


def _check_categories(schedule: Schedule, known: set[str]) -> None:
    for category in schedule.baselines:
        if category not in known:
            raise ConfigError(
                f"no prompt is of the category {category!r}",
                key=f"schedule.baselines.{category}",
                hint=nearest(category, known) if known else "the prompts name no category",
            )


def shows_b_first(seed: int, question_id: str, label_a: str, label_b: str) -> bool:
    """For `swap: once`: a fair coin per prompt and pair, the same whichever way the pair is listed."""
    first, second = sorted((label_a, label_b))
    coin = int(digest(["side", seed, question_id, first, second])[:8], 16) & 1
    return bool(coin) == (label_a == first)
