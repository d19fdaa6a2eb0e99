"""Warnings appear where a careful reader would want them, and nowhere else."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ranking.boards import simulated, tallied

from palestra.ranking import graph
from palestra.ranking.counts import Counts
from palestra.ranking.leaderboard import rank_counts

Result = tuple[str, str, str, int]


def warnings_of(counts: Counts, word: str) -> list[str]:
    return [warning for warning in rank_counts(counts, ci="none").warnings if word in warning]


def firm(names: str, n: int = 10) -> list[Result]:
    """Everyone against everyone, 2n battles a pair."""
    return [(a, b, winner, n) for a, b in combinations(names, 2) for winner in ("model_a", "model_b")]


def test_a_group_that_hangs_on_a_few_battles_is_named() -> None:
    (warning,) = warnings_of(
        tallied(*firm("ABC"), *firm("XYZ"), ("A", "X", "model_a", 2), ("A", "X", "model_b", 1)), "link"
    )
    assert warning.startswith("only 3 battles link A, B, C with X, Y, Z")


def test_the_battles_of_a_link_are_those_of_all_its_pairs() -> None:
    """Three pairs with three battles each are nine; a tenth is enough."""
    link = [("A", "X", "tie", 3), ("B", "Y", "tie", 3), ("C", "Z", "tie", 3)]
    (warning,) = warnings_of(tallied(*firm("ABC"), *firm("XYZ"), *link), "link")
    assert warning.startswith("only 9 battles")
    assert not warnings_of(tallied(*firm("ABC"), *firm("XYZ"), *link, ("A", "Z", "tie", 1)), "link")


def test_every_weak_link_of_a_chain_of_groups_is_named() -> None:
    groups = [firm("ABC"), firm("KLM"), firm("XYZ")]
    links = [("A", "K", "tie", 4), ("M", "Z", "tie", 5)]
    found = warnings_of(tallied(*(battle for group in groups for battle in group), *links), "link")
    assert sorted(warning[:14] for warning in found) == ["only 4 battles", "only 5 battles"]


def test_groups_that_are_linked_in_a_ring_have_two_ways_round() -> None:
    groups = [firm("ABC"), firm("KLM"), firm("XYZ")]
    links = [("A", "K", "tie", 4), ("M", "Z", "tie", 5), ("X", "B", "tie", 6)]
    assert not warnings_of(tallied(*(battle for group in groups for battle in group), *links), "link")


def test_a_link_through_one_model_between_is_named() -> None:
    """Neither half of the way is between two groups, but the whole of it is."""
    links = [("A", "S", "tie", 3), ("S", "X", "tie", 1)]
    one, two = warnings_of(tallied(*firm("ABC"), *firm("XYZ"), *links), "link")
    assert one.startswith("only 3 battles link A, B, C with S")
    assert two.startswith("only 1 battle links S with X, Y, Z")
    dead_end = tallied(*firm("ABC"), *firm("XYZ"), ("A", "X", "tie", 20), ("X", "S", "tie", 1))
    assert not warnings_of(dead_end, "link")


@pytest.mark.parametrize(
    "counts",
    [
        Counts.empty(),
        tallied(("A", "B", "tie", 1)),
        tallied(*firm("ABCD")),
        tallied(*firm("ABC"), ("A", "new", "model_a", 2)),
        tallied(*firm("ABC"), *firm("XYZ")),
        tallied(*firm("ABCDEFGH", 1)),
        tallied(*((f"m{one:02}", f"m{one + 1:02}", "tie", 1) for one in range(49))),
    ],
    ids=["empty", "one", "firm", "a newcomer", "parts that never met", "all sparse", "a chain of 50"],
)
def test_there_is_no_weak_link_where_no_groups_hang_on_one(counts: Counts) -> None:
    """A single model with few battles is flagged as such, and parts without any link are told apart."""
    assert not warnings_of(counts, "link")


def leaning(share: float, n: int, seed: int = 0) -> Counts:
    """Equal models; the first shown wins with this chance."""
    rng = np.random.default_rng(seed)
    a = rng.integers(5, size=n)
    b = (a + rng.integers(1, 5, size=n)) % 5
    return Counts.from_codes(list("ABCDE"), a, b, np.where(rng.random(n) < share, 0, 1))


@pytest.mark.parametrize(("share", "side"), [(0.6, "model_a"), (0.4, "model_b")])
def test_an_order_effect_is_named_with_its_side_and_size(share: float, side: str) -> None:
    (warning,) = warnings_of(leaning(share, 2000), "order effect")
    assert warning.startswith(f"{side} won ")
    points = float(warning.split("won ")[1].split(" points")[0])
    assert points == pytest.approx(10.0, abs=3.0)


def test_an_order_effect_that_is_small_or_unsure_is_not() -> None:
    assert not warnings_of(leaning(0.6, 100), "order effect")
    assert not warnings_of(leaning(0.508, 200_000), "order effect")
    assert warnings_of(leaning(0.512, 200_000), "order effect")


def test_fair_sides_are_not_suspected() -> None:
    """At four standard errors, once in 16,000 boards; strong models on one side are no order effect."""
    assert not any(warnings_of(leaning(0.5, 500, seed), "order effect") for seed in range(300))
    strengths = [-1.0, -0.5, 0.0, 0.5, 1.0]
    fair = simulated(1, strengths, 5000, 0.2)
    strong_first = fair.a > fair.b
    one_sided = Counts.from_codes(
        fair.models,
        fair.a[strong_first],
        fair.b[strong_first],
        fair.outcome[strong_first],
        n=fair.n[strong_first],
    )
    assert not warnings_of(one_sided, "order effect")


def prompted(sizes: list[int]) -> Counts:
    """Prompts of so many battles each."""
    cluster = np.repeat(np.arange(len(sizes)), sizes)
    rng = np.random.default_rng(4)
    a = rng.integers(3, size=cluster.size)
    b = (a + rng.integers(1, 3, size=cluster.size)) % 3
    return Counts.from_codes(list("ABC"), a, b, rng.integers(0, 3, cluster.size), cluster=cluster)


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        ([5] * 40 + [30], "13 %"),
        ([5] * 40 + [20], None),
        ([5] * 5 + [20], "44 %"),
        ([5] * 12, None),
        ([8, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6], None),
        ([60], None),
    ],
)
def test_a_prompt_that_dominates_is_named_with_its_share(sizes: list[int], said: str | None) -> None:
    """More than a tenth of the battles, and more than twice its fair share."""
    found = warnings_of(prompted(sizes), "one prompt makes up")
    assert [warning.split()[4:6] for warning in found] == ([said.split()] if said else [])


def test_few_prompts_are_said_to_be_few() -> None:
    assert warnings_of(prompted([20] * 9), "of 9 prompts only")
    assert not warnings_of(prompted([20] * 10), "prompts only")


def test_without_clusters_nothing_is_said_of_prompts() -> None:
    counts = prompted([5] * 5 + [20])
    alone = Counts.from_codes(counts.models, counts.a, counts.b, counts.outcome, n=counts.n)
    assert not warnings_of(alone, "prompt")


Link = tuple[int, int]
PAIR = st.integers(0, 7)
LINK = st.tuples(PAIR, PAIR).filter(lambda link: link[0] < link[1])


def by_removal(links: list[Link], heavy: list[bool]) -> list[Link]:
    """The links without which their ends fall apart, with something heavy on either side."""
    found = []
    for tail, head in links:
        rest = np.array([link for link in links if link != (tail, head)], dtype=np.int64).reshape(-1, 2)
        part = graph.weak_components(len(heavy), rest[:, 0], rest[:, 1])
        sides = [bool(np.array(heavy)[part == part[end]].any()) for end in (tail, head)]
        if part[tail] != part[head] and all(sides):
            found.append((tail, head))
    return found


@given(links=st.lists(LINK, unique=True), heavy=st.lists(st.booleans(), min_size=8, max_size=8))
def test_links_are_named_that_alone_hold_groups_together(links: list[Link], heavy: list[bool]) -> None:
    """Eight groups, the heavy ones of two models and the others of one; each link is one battle."""
    inside = [(f"{group}a", f"{group}b", "tie", 10) for group, flag in enumerate(heavy) if flag]
    between = [(f"{one}a", f"{other}a", "tie", 1) for one, other in links]
    found = warnings_of(tallied(*inside, *between, ("x", "y", "tie", 1)), "link")
    assert len(found) == min(len(by_removal(links, heavy)), 6)


def test_a_sound_board_has_no_warning_at_all() -> None:
    strengths = np.linspace(-1, 1, 12).tolist()
    assert [rank_counts(simulated(seed, strengths, 6000, 0.3)).warnings for seed in range(20)] == [[]] * 20


def test_of_many_weak_links_the_first_are_named_and_the_others_counted() -> None:
    """Two thousand pairs, each linked to the next by one battle: found without recursion."""
    pairs = [(f"a{one:04}", f"b{one:04}", winner, 10) for one in range(2000) for winner in ("model_a", "tie")]
    links = [(f"b{one:04}", f"a{other:04}", "tie", 1) for one, other in pairwise(range(2000))]
    found = warnings_of(tallied(*pairs, *links), "link")
    assert found[0].startswith("only 1 battle links a0000, b0000 with a0001, b0001")
    assert found[-1] == "1994 more such links are as weak"
    assert len(found) == 6
