"""A money limit is not overrun, however many calls run at once."""

from __future__ import annotations

from palestra.run.budget import Budget


def test_without_a_limit_every_call_may_start() -> None:
    assert Budget().allows("m")


def test_a_limit_of_nothing_allows_nothing() -> None:
    assert not Budget(limit=0.0).allows("m")


def test_until_a_models_first_price_is_known_its_call_goes_out_alone() -> None:
    budget = Budget(limit=1.0)
    budget.begin("m")
    budget.end("m", 0.1)
    assert budget.allows("new")
    budget.begin("m")
    assert not budget.allows("new")
    assert budget.allows("m")


def test_calls_under_way_are_reckoned_at_the_highest_price_of_their_model() -> None:
    budget = Budget(limit=1.0)
    for cost in (0.2, 0.1):
        budget.begin("m")
        budget.end("m", cost)
    budget.begin("m")
    budget.begin("m")
    assert budget.allows("m"), "0.3 spent, 0.4 under way, 0.2 more"
    budget.begin("m")
    assert not budget.allows("m"), "0.3 spent, 0.6 under way, 0.2 more"


def test_what_a_call_can_cost_is_reserved_from_the_start() -> None:
    budget = Budget(limit=1.0, dearest={"m": 0.4})
    budget.begin("m")
    assert budget.allows("m"), "0.4 under way, 0.4 more"
    budget.begin("m")
    assert not budget.allows("m")
    budget.end("m", None)
    assert budget.spent == 0.0
    assert budget.allows("m"), "a call that failed without a cost frees its share"


def test_calls_without_a_price_are_never_held_back() -> None:
    budget = Budget(limit=0.0, dearest={"own server": 0.0})
    budget.begin("m")
    assert budget.allows("own server")
