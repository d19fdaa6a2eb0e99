from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from palestra.ranking import graph

ARCS = st.integers(1, 8).flatmap(
    lambda size: st.tuples(
        st.just(size),
        st.lists(st.tuples(st.integers(0, size - 1), st.integers(0, size - 1)), max_size=20),
    )
)


def closure(size: int, arcs: list[tuple[int, int]]) -> np.ndarray:
    """Who reaches whom, by Warshall."""
    reach = np.eye(size, dtype=bool)
    for tail, head in arcs:
        reach[tail, head] = True
    for middle in range(size):
        reach |= np.outer(reach[:, middle], reach[middle])
    return reach


def arrays(arcs: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    table = np.array(arcs, dtype=np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def alike(label: np.ndarray, together: np.ndarray) -> bool:
    return bool(np.array_equal(label[:, None] == label[None, :], together))


@given(ARCS)
def test_strong_components_are_those_that_reach_each_other(given: tuple[int, list[tuple[int, int]]]) -> None:
    size, arcs = given
    reach = closure(size, arcs)
    assert alike(graph.strong_components(size, *arrays(arcs)), reach & reach.T)
    assert np.array_equal(graph.strong_part(size, *arrays(arcs), 0), (reach & reach.T)[0])


@given(ARCS)
def test_weak_components_ignore_the_direction(given: tuple[int, list[tuple[int, int]]]) -> None:
    size, arcs = given
    both = closure(size, arcs + [(head, tail) for tail, head in arcs])
    assert alike(graph.weak_components(size, *arrays(arcs)), both)


def test_a_chain_of_ten_thousand_needs_no_recursion() -> None:
    tails = np.arange(9_999)
    assert len(set(graph.strong_components(10_000, tails, tails + 1).tolist())) == 10_000
    assert not graph.weak_components(10_000, tails, tails + 1).any()
