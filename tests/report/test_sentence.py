from __future__ import annotations

import math
from dataclasses import dataclass

import pytest

from palestra.analysis.duel import duel
from palestra.report.sentence import sentence


@dataclass(frozen=True)
class Facts:
    """A duel by its numbers; `win_share` is A's."""

    n_prompts: int
    win_share: float
    ci_low: float
    ci_high: float
    told_apart: bool
    more_prompts: int | None = None


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (Facts(200, 0.42, 0.36, 0.48, True), "B beats A on 58 % (52–64) of 200 prompts; likely better"),
        (Facts(200, 0.58, 0.52, 0.64, True), "A beats B on 58 % (52–64) of 200 prompts; likely better"),
        (
            Facts(40, 0.46, 0.32, 0.61, False, 340),
            "A and B are not told apart on 40 prompts (B 54 %, 39–68); about 340 more prompts would tell",
        ),
        (
            Facts(1200, 0.52, 0.49, 0.55, False, 1),
            "A and B are not told apart on 1,200 prompts (A 52 %, 49–55); about 1 more prompt would tell",
        ),
        (
            Facts(10, 0.5, 0.2, 0.8, False),
            "A and B are not told apart on 10 prompts (50 % each, 20–80); "
            "they look equal, and more prompts may never tell",
        ),
        (
            Facts(1, 1.0, math.nan, math.nan, False),
            "A and B are not told apart on 1 prompt (A 100 %); how many more prompts would tell is not known",
        ),
        (Facts(50, 1.0, 0.93, 1.0, True), "A beats B on 100 % (93–100) of 50 prompts; likely better"),
    ],
)
def test_the_sentence_says_what_the_numbers_say(facts: Facts, words: str) -> None:
    assert sentence(facts, "A", "B") == words


def test_without_a_decided_prompt_nothing_is_claimed() -> None:
    assert sentence(None, "A", "B") == "A and B have no decided prompt in common, so nothing can be said"


def test_it_reads_what_the_analysis_makes() -> None:
    assert sentence(duel([1.0] * 20), "A", "B").startswith("A beats B on 100 %")
    assert sentence(duel([0.5] * 20), "A", "B").startswith(
        "A and B are not told apart on 20 prompts (50 % each"
    )


def test_rounding_never_hides_the_difference_that_was_found() -> None:
    found = Facts(9000, 0.512, 0.5013, 0.5227, True)
    assert sentence(found, "A", "B") == "A beats B on 51.2 % (50.1–52.3) of 9,000 prompts; likely better"
    unsure = Facts(9000, 0.4997, 0.48, 0.52, False, 10)
    assert "(B 50.03 %, 48.00–52.00)" in sentence(unsure, "A", "B")


def test_names_cannot_reach_the_terminal() -> None:
    assert "\x1b" not in sentence(Facts(2, 0.9, 0.6, 1.0, True), "\x1b[31mA", "B")
