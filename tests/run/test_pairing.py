"""Who meets whom: by schedule, by seed, and never by the order of the config."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from palestra.config.schema import Schedule
from palestra.errors import ConfigError
from palestra.run.pairing import all_pairs, pairs_by_prompt, shows_b_first

LABELS = ["a", "b", "c", "d"]
IDS = [f"q{number}" for number in range(50)]


def test_round_robin_is_every_pair_once() -> None:
    assert all_pairs(Schedule(), ["a", "b", "c"]) == [(0, 1), (0, 2), (1, 2)]


def test_the_baseline_is_model_a_of_every_pair() -> None:
    schedule = Schedule(kind="baseline", baseline="b")
    assert all_pairs(schedule, ["a", "b", "c"]) == [(1, 0), (1, 2)]


def test_a_baseline_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ConfigError, match="'x'"):
        all_pairs(Schedule(kind="baseline", baseline="x"), LABELS)


def test_a_category_may_have_a_baseline_of_its_own() -> None:
    schedule = Schedule(kind="baseline", baseline="a", baselines={"law": "c"})
    pairs = pairs_by_prompt(schedule, ["a", "b", "c"], ["1", "2", "3"], 0, ["law", "art", None])
    assert pairs == [[(2, 0), (2, 1)], [(0, 1), (0, 2)], [(0, 1), (0, 2)]]


def test_a_baseline_for_a_category_without_prompts_is_an_error() -> None:
    schedule = Schedule(kind="baseline", baseline="a", baselines={"laws": "c"})
    with pytest.raises(ConfigError, match="no prompt is of the category 'laws'") as caught:
        pairs_by_prompt(schedule, ["a", "c"], ["1"], 0, ["law"])
    assert "did you mean 'law'" in str(caught.value.hint)


@pytest.mark.parametrize("labels", [[], ["a"]])
def test_one_model_makes_no_arena(labels: list[str]) -> None:
    with pytest.raises(ConfigError, match="at least two models"):
        all_pairs(Schedule(), labels)


def sampled(labels: list[str], seed: int, per_pair: int = 7) -> dict[frozenset[str], set[str]]:
    """Per pair of labels, the prompts it meets on."""
    schedule = Schedule(kind="sampled", per_pair=per_pair)
    met: dict[frozenset[str], set[str]] = {}
    for question, pairs in zip(IDS, pairs_by_prompt(schedule, labels, IDS, seed), strict=True):
        for a, b in pairs:
            met.setdefault(frozenset((labels[a], labels[b])), set()).add(question)
    return met


def test_each_pair_draws_its_number_of_prompts() -> None:
    met = sampled(LABELS, seed=0)
    assert len(met) == 6
    assert {len(questions) for questions in met.values()} == {7}
    assert len({frozenset(questions) for questions in met.values()}) > 1


def test_a_draw_does_not_depend_on_the_order_of_models_or_on_who_else_competes() -> None:
    met = sampled(LABELS, seed=3)
    assert sampled(LABELS[::-1], seed=3) == met
    pair = frozenset("ab")
    assert sampled(["a", "b"], seed=3)[pair] == met[pair]


def test_another_seed_is_another_draw() -> None:
    assert sampled(LABELS, seed=0) != sampled(LABELS, seed=1)


def test_more_than_there_are_means_all() -> None:
    assert {len(questions) for questions in sampled(LABELS, seed=0, per_pair=999).values()} == {50}


@given(st.integers(0, 10), st.text(), st.text(min_size=1), st.text(min_size=1))
def test_the_first_side_does_not_depend_on_how_a_pair_is_listed(seed: int, q: str, a: str, b: str) -> None:
    if a != b:
        assert shows_b_first(seed, q, a, b) != shows_b_first(seed, q, b, a)


def test_either_side_is_as_likely() -> None:
    shown = Counter(shows_b_first(0, f"q{number}", "a", "b") for number in range(2000))
    assert 900 < shown[True] < 1100


def test_only_candidates_meet_a_baseline() -> None:
    schedule = Schedule(kind="baseline", baseline="b", candidates=("c",))
    assert all_pairs(schedule, ["a", "b", "c", "d"]) == [(1, 2)]
