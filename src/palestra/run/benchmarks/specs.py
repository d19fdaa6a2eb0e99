"""What each benchmark is: where its prompts are, whom candidates meet, who judges and how."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from palestra.errors import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

Metric = Literal["alpaca-eval", "arena-hard", "mt-bench", "mt-bench-pairwise"]
"""How a benchmark is scored; see the module of that name."""

CREATIVE = "creative_writing"


@dataclass(frozen=True, slots=True)
class Spec:
    """One benchmark, as its authors run it."""

    name: str
    metric: Metric
    hub: Mapping[str, str]
    """The prompts on the Hugging Face hub, as a prompt source has it."""
    judge: str
    """The authors' judge, as `--judge` has it."""
    protocol: Mapping[str, Any]
    """Settings of whoever judges."""
    sampling: Mapping[str, Any]
    """Settings of the authors' judge alone."""
    schedule: Mapping[str, Any]
    ranking: Mapping[str, Any] = field(default_factory=dict)
    baseline: str | None = None
    baselines: Mapping[str, str] = field(default_factory=dict)
    """Other baselines, by category."""
    turns: tuple[int, ...] = ()
    """The turns that are judged one by one; empty: the whole at once."""
    language: str | None = None
    """Of the prompts, where the name says so."""


_FIVE_LABELS = {"protocol": "arena-hard", "strong_weight": 3.0, "judge_own_family": True}
_BOTH_GAMES = {"kind": "baseline", "swap": "both-keep"}
_BOOTSTRAP = {"method": "bradley-terry", "ci": "bootstrap"}
_GREEDY = {"temperature": 0.0}
_MT_BENCH = {"name": "HuggingFaceH4/mt_bench_prompts", "split": "train"}

_SPECS = (
    Spec(
        "alpaca-eval",
        "alpaca-eval",
        hub={
            "name": "tatsu-lab/alpaca_eval",
            "config": "alpaca_eval_gpt4_baseline",
            "split": "eval",
            "revision": "refs/convert/parquet",
        },
        judge="openai:gpt-4-1106-preview",
        protocol={"protocol": "alpaca-eval", "soft": True, "judge_own_family": True},
        sampling={"temperature": 1.0, "max_tokens": 1},
        schedule={"kind": "baseline", "swap": "once"},
        ranking={"method": "win-rate"},
        baseline="gpt4_1106_preview",
    ),
    Spec(
        "arena-hard-v0.1",
        "arena-hard",
        hub={"name": "lmarena-ai/arena-hard-auto-v0.1", "split": "train"},
        judge="openai:gpt-4-1106-preview",
        protocol=_FIVE_LABELS,
        sampling=_GREEDY | {"max_tokens": 4096},
        schedule=_BOTH_GAMES,
        ranking=_BOOTSTRAP,
        baseline="gpt-4-0314",
    ),
    Spec(
        "arena-hard-v2.0",
        "arena-hard",
        hub={"name": "lmarena-ai/arena-hard-auto", "split": "train"},
        judge="openai:gpt-4.1",
        protocol=_FIVE_LABELS,
        sampling=_GREEDY | {"max_tokens": 16000},
        schedule=_BOTH_GAMES,
        ranking=_BOOTSTRAP,
        baseline="o3-mini-2025-01-31",
        baselines={CREATIVE: "gemini-2.0-flash-001"},
    ),
    Spec(
        "mt-bench",
        "mt-bench",
        hub=_MT_BENCH,
        judge="openai:gpt-4",
        protocol={"protocol": "mt-bench-single", "judge_own_family": True},
        sampling=_GREEDY | {"max_tokens": 2048},
        schedule={"kind": "round-robin", "swap": "once"},
        turns=(1, 2),
    ),
    Spec(
        "mt-bench-pairwise",
        "mt-bench-pairwise",
        hub=_MT_BENCH,
        judge="openai:gpt-4",
        protocol={"protocol": "mt-bench", "judge_own_family": True},
        sampling=_GREEDY | {"max_tokens": 2048},
        schedule={"kind": "baseline", "swap": "both-combine"},
        ranking={"ci": "sandwich"},
        baseline="gpt-3.5-turbo",
        turns=(1, 2),
    ),
)
_ALIASES = {"arena-hard": "arena-hard-v2.0", "alpaca-eval-2": "alpaca-eval"}
_BY_LANGUAGE = re.compile(r"m-arena-hard-([a-z]{2,3}(?:[-_][A-Za-z]+)?)")
NAMES = ("alpaca-eval", "arena-hard", "arena-hard-v0.1", "mt-bench", "mt-bench-pairwise", "m-arena-hard-LANG")
"""What `--benchmark` takes."""


def find_spec(name: str) -> Spec:
    """The benchmark of that name.

    Raises:
        UsageError: there is none.
    """
    known = {spec.name: spec for spec in _SPECS}
    if (found := known.get(_ALIASES.get(name, name))) is not None:
        return found
    if (language := _BY_LANGUAGE.fullmatch(name)) is not None:
        return _of_language(language.group(1))
    raise UsageError(
        f"there is no benchmark {name!r}",
        key="--benchmark",
        hint=f"{nearest(name, NAMES)}; LANG is a language's code, as in m-arena-hard-de",
    )


def _of_language(language: str) -> Spec:
    """m-ArenaHard, which is Arena-Hard 0.1 translated; it has no baseline of its own."""
    return Spec(
        f"m-arena-hard-{language}",
        "arena-hard",
        hub={"name": "CohereLabs/m-ArenaHard", "config": language, "split": "test"},
        judge="openai:gpt-4o",
        protocol=_FIVE_LABELS,
        sampling=_GREEDY | {"max_tokens": 4096},
        schedule=_BOTH_GAMES,
        ranking=_BOOTSTRAP,
        language=language,
    )
