"""A money limit is not overrun, however many calls run at once."""

from __future__ import annotations

from palestra.run.budget import Budget


def test_without_a_limit_every_call_may_start() -> None:
    assert Budget().allows_another()


def test_a_limit_of_nothing_allows_nothing() -> None:
    assert not Budget(limit=0.0).allows_another()


def test_until_the_first_price_is_known_calls_go_one_by_one() -> None:
    budget = Budget(limit=1.0)
    assert budget.allows_another()
    budget.under_way = 1
    assert not budget.allows_another()


def test_calls_under_way_are_reckoned_with() -> None:
    budget = Budget(limit=1.0)
    budget.add(0.2)
    budget.under_way = 3
    assert budget.allows_another()
    budget.under_way = 4
    assert not budget.allows_another()


def test_a_call_of_unknown_cost_does_not_count_as_free_in_the_mean() -> None:
    budget = Budget(limit=1.0)
    budget.add(0.5)
    budget.add(None)
    assert budget.priced == 1
    assert budget.allows_another()
    budget.under_way = 1
    assert not budget.allows_another()
