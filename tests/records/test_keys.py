"""A content key holds everything that could have changed a reply, and nothing else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from palestra.records.keys import call_seed, digest, response_key, verdict_key
from palestra.records.prompt import Message

ASK = (Message(role="user", content="Why?"),)
MODEL = {"endpoint_type": "openai", "model": "m", "temperature": 0.5}
JUDGE = {"endpoint_type": "openai", "model": "j"}


def test_a_key_does_not_depend_on_the_order_of_its_parts() -> None:
    assert response_key(MODEL, ASK, 0) == response_key(dict(reversed(MODEL.items())), ASK, 0)


def test_each_part_is_in_the_key_of_a_response() -> None:
    keys = {
        response_key(MODEL, ASK, 0),
        response_key(MODEL | {"temperature": 0.6}, ASK, 0),
        response_key(MODEL, (Message(role="system", content="Why?"),), 0),
        response_key(MODEL, (Message(role="user", content="Why"),), 0),
        response_key(MODEL, ASK, 1),
    }
    assert len(keys) == 5


def test_each_part_is_in_the_key_of_a_verdict() -> None:
    keys = {
        verdict_key(JUDGE, "t", ASK, "x", "y", "ab", 0),
        verdict_key(JUDGE | {"model": "k"}, "t", ASK, "x", "y", "ab", 0),
        verdict_key(JUDGE, "u", ASK, "x", "y", "ab", 0),
        verdict_key(JUDGE, "t", (), "x", "y", "ab", 0),
        verdict_key(JUDGE, "t", ASK, "y", "x", "ab", 0),
        verdict_key(JUDGE, "t", ASK, "x", "z", "ab", 0),
        verdict_key(JUDGE, "t", ASK, "x", "y", "ab", 1),
        verdict_key(JUDGE, "t", ASK, ASK, "y", "ab", 0),
    }
    assert len(keys) == 8


def test_listing_two_models_the_other_way_round_asks_nothing_again() -> None:
    """Showing x first is one call, whether x belongs to model A (order ab) or to model B (order ba)."""
    assert verdict_key(JUDGE, "t", ASK, "x", "y", "ab", 0) == verdict_key(JUDGE, "t", ASK, "x", "y", "ba", 0)


def test_two_equal_answers_still_make_two_games() -> None:
    assert verdict_key(JUDGE, "t", ASK, "x", "x", "ab", 0) != verdict_key(JUDGE, "t", ASK, "x", "x", "ba", 0)


@given(st.text(), st.text())
def test_texts_cannot_be_joined_into_the_same_key(one: str, two: str) -> None:
    assert digest([one, two]) != digest([one + two])
    assert (digest([one, two]) == digest([two, one])) == (one == two)


def test_a_key_stays_what_it_is() -> None:
    """Keys are written to databases: a change here asks for everything again."""
    key = response_key({"endpoint_type": "openai", "model": "m"}, ASK, 0)
    assert key == digest(["response", 1, {"model": "m", "endpoint_type": "openai"}, [["user", "Why?"]], 0])
    assert key == "4066a9220859c64705d4a766cb6ad3561a09e663b00c618b41713a0d933b3696"


def test_seeds_fit_every_provider() -> None:
    seeds = {call_seed(0, f"{number}") for number in range(1000)}
    assert len(seeds) == 1000
    assert all(0 <= seed < 2**31 for seed in seeds)
    assert call_seed(0, "k") != call_seed(1, "k") != call_seed(1, "k", attempt=1)
