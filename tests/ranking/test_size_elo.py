from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ranking.boards import Row, boards

from palestra.errors import UsageError
from palestra.ranking.counts import Rows
from palestra.ranking.size_elo import gladiator_score, size_elo, size_of

SIZES = {"1B": 1.0, "3B": 3.0, "8B": 8.0, "12B": 12.0}


def ordered(rows: list[Row], models: tuple[str, ...] = ()) -> tuple[Rows, list[str]]:
    """The rows; `models` without battles come in by one of weight 0."""
    rows = [*rows, *(Row(name, name, "tie", weight=0.0) for name in models)]
    result = Rows.from_names(
        [row.a for row in rows],
        [row.b for row in rows],
        [row.winner for row in rows],
        pref=[row.pref for row in rows],
        weight=[row.weight for row in rows],
    )
    return result, list(result.models)


def played(*rows: Row) -> dict[str, float]:
    battles, names = ordered(list(rows), tuple(SIZES))
    return dict(zip(names, size_elo(battles, np.array([SIZES[name] for name in names])), strict=True))


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("360M", 0.36),
        ("SmolLM2-135M-Instruct", 0.135),
        ("gemma3:270m", 0.27),
        ("8x7B", 56.0),
        ("mixtral:8x22b-instruct-v0.1", 176.0),
        ("qwen2.5:0.5b", 0.5),
        ("phi-3.5-mini-3.8B", 3.8),
        ("llama3.2:3b-instruct-q4_K_M", 3.0),
        ("hf.co/bartowski/Llama-3.2-1B-Instruct-GGUF:Q8_0", 1.0),
        ("Qwen3-30B-A3B", 30.0),
        ("Qwen2.5-7B-Instruct-1M", 7.0),
        ("Yi-34B-200K", 34.0),
        ("falcon7b", 7.0),
        ("gpt-oss:120b-cloud", 120.0),
        ("TinyLlama-1.1B-Chat-v1.0.gguf", 1.1),
        ("Gemma 2 (9B)", 9.0),
        ("7B-vs-7b", 7.0),
    ],
)
def test_a_size_is_read_from_a_name(name: str, size: float) -> None:
    assert size_of(name) == pytest.approx(size, rel=1e-12)


@pytest.mark.parametrize(
    "name",
    [
        "gpt-4",
        "llama3.2",
        "claude-3-5-sonnet-20241022",
        "o1-mini",
        "Phi-4-mini",
        "gemini-1.5-pro-1m",
        "bge-m3",
        "MiniMax-M1-80k",
        "Qwen1.5-MoE-A2.7B",
        "gemma-3n-E4B-it",
        "stablelm-2-1_6b",
        "model-4bit",
        "model-3.0bpw",
        "speculative-70B-1B",
        "0B",
        "9" * 400 + "b",
        "🦙",
        "",
    ],
)
def test_a_name_may_not_tell(name: str) -> None:
    assert size_of(name) is None


def test_a_small_model_gains_much_by_beating_a_large_one() -> None:
    after = played(Row("1B", "12B", "model_a"))
    assert (after["1B"], after["12B"]) == pytest.approx((1161.2245, 2138.7755), abs=5e-5)
    assert (after["3B"], after["8B"]) == (1300.0, 1800.0)


def test_a_large_model_gains_little_by_beating_a_small_one() -> None:
    after = played(Row("1B", "12B", "model_b"))
    assert (after["12B"], after["1B"]) == pytest.approx((2200.0047, 1099.9953), abs=5e-5)


@pytest.mark.parametrize("tie", ["tie", "tie (bothbad)"])
def test_a_tie_moves_with_32(tie: str) -> None:
    expected = 32 * (0.5 - 1 / (1 + 10 ** (1100 / 400)))
    after = played(Row("1B", "12B", tie))
    assert (after["1B"], after["12B"]) == pytest.approx((1100 + expected, 2200 - expected), abs=1e-9)


def slow_size_elo(rows: list[Row], sizes: dict[str, float]) -> dict[str, float]:
    """As the arena's rules say it, one battle after the other; hard rows only."""
    rating = {name: 1000 + 100 * size for name, size in sizes.items()}
    largest = max(sizes.values())
    for row in rows:
        winner, loser = (row.a, row.b) if row.winner != "model_b" else (row.b, row.a)
        k, actual = 32.0, 0.5
        if row.winner in ("model_a", "model_b"):
            k = min(64.0, 32 * (1 + (sizes[loser] - sizes[winner]) / largest))
            actual = 1.0
        expected = 1 / (1 + 10 ** ((rating[loser] - rating[winner]) / 400))
        rating[winner] += row.weight * k * (actual - expected)
        rating[loser] -= row.weight * k * (actual - expected)
    return rating


@settings(deadline=None)
@given(boards(soft=False), st.lists(st.floats(0.1, 400), min_size=6, max_size=6))
def test_a_second_implementation_agrees(rows: list[Row], drawn: list[float]) -> None:
    battles, names = ordered(rows)
    sizes = dict(zip(names, drawn, strict=False))
    found = size_elo(battles, np.array(list(sizes.values())))
    expected = slow_size_elo(rows, sizes)
    assert found == pytest.approx([expected[name] for name in names], rel=1e-9)


@settings(deadline=None)
@given(boards())
def test_it_gives_and_takes_alike_whoever_stands_left(rows: list[Row]) -> None:
    battles, names = ordered(rows)
    sizes = np.arange(1.0, len(names) + 1)
    found = size_elo(battles, sizes)
    assert found.mean() == pytest.approx((1000 + 100 * sizes).mean())
    swapped = size_elo(ordered([row.swapped() for row in rows])[0], sizes)
    assert swapped == pytest.approx(found, abs=1e-8)


def test_a_soft_row_lies_between_a_win_a_tie_and_a_loss() -> None:
    for pref, winner in ((1.0, "model_a"), (0.5, "tie"), (0.0, "model_b")):
        soft, hard = played(Row("1B", "12B", "tie", pref=pref)), played(Row("1B", "12B", winner))
        assert soft == hard
    shares = np.linspace(0, 1, 11)
    gains = [played(Row("1B", "12B", "tie", pref=share))["1B"] for share in shares]
    assert (np.diff(gains) > 0).all()


def test_a_weight_multiplies_what_moves_and_so_does_how_often() -> None:
    once = played(Row("3B", "8B", "model_a"))["3B"] - 1300
    assert played(Row("3B", "8B", "model_a", weight=2.5))["3B"] - 1300 == pytest.approx(2.5 * once)
    rows = Rows.from_names(["3B"], ["8B"], ["model_a"], n=[2])
    assert size_elo(rows, np.array([3.0, 8.0]))[0] > 1300 + 1.9 * once


@pytest.mark.parametrize("size", [math.nan, 0.0, -1.0, math.inf])
def test_an_unknown_size_is_an_error_that_names_the_model(size: float) -> None:
    battles, _ = ordered([Row("A", "gpt-4", "tie")])
    with pytest.raises(UsageError, match="gpt-4") as caught:
        size_elo(battles, np.array([1.0, size]))
    assert caught.value.key == "size_b"


def test_sizes_must_be_of_the_models() -> None:
    battles, _ = ordered([Row("A", "B", "tie")])
    with pytest.raises(UsageError):
        size_elo(battles, np.array([1.0]))


def test_no_battles_leave_the_start_and_no_models_leave_nothing() -> None:
    assert played() == {name: 1000 + 100 * size for name, size in SIZES.items()}
    assert size_elo(Rows.from_names([], [], []), np.zeros(0)).size == 0


def test_the_score_has_the_published_values() -> None:
    score = gladiator_score([1, 10, 7, 5, 60, 0], [1, 10, 10, 10, 100, 0])
    assert score == pytest.approx([0.5, 0.9091, 0.6364, 0.4545, 0.5941, 0.0], abs=5e-5)


@given(st.integers(0, 1000), st.integers(1, 1000))
def test_the_score_is_the_share_of_wins_less_for_few_battles(wins: int, rest: int) -> None:
    n = wins + rest
    assert gladiator_score(wins, n) == pytest.approx(wins / n * (1 - 1 / (n + 1)))


@pytest.mark.parametrize(("wins", "n"), [(-1, 3), (4, 3), (1, 0), (math.nan, 1), (1, math.inf)])
def test_impossible_records_have_no_score(wins: float, n: float) -> None:
    with pytest.raises(UsageError):
        gladiator_score(wins, n)
