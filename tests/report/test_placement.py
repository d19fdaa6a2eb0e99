"""A placement as a person reads it."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.analysis.placements import NEW, world

from palestra.analysis.placing_need import Neighbour
from palestra.report.placement import marked_board, placement_data, summary_lines

if TYPE_CHECKING:
    from palestra.analysis.placing import Placed


@pytest.fixture(scope="module")
def placed() -> Placed:
    return world(1, prompts=100, calibrate=100).place(ci="sandwich")


def line(placed: Placed, start: str) -> str:
    found = [each for each in summary_lines(placed) if each.startswith(start)]
    assert len(found) == 1
    return found[0]


def test_the_new_model_is_marked_and_nobody_else(placed: Placed) -> None:
    marked = [each for each in marked_board(placed).splitlines() if "← placed" in each]
    assert len(marked) == 1
    assert f" {NEW}  ← placed " in marked[0]
    assert [row.model for row in placed.board.ratings].count(NEW) == 1


def test_record_temperature_and_error_are_told(placed: Placed) -> None:
    assert line(placed, NEW + ":") == (
        f"new: 100 battles on 100 prompts, {placed.wins} wins, {placed.losses} losses, 0 ties, "
        f"win rate {placed.wins}.0 %"
    )
    assert f"T = {placed.temperature:.4f}, fitted" in line(placed, "Labels: ")
    assert "on 100 human verdicts without ties" in line(placed, "Temperature: ")
    assert line(placed, "Mean absolute error").endswith(f"board: {placed.mean_absolute_error:.2f} points")
    bars = line(placed, "Likelihood, T from ").rpartition(": ")[2]
    assert bars.count("█") >= 1
    assert bars.index("█") > 0


@pytest.mark.parametrize(
    ("more", "apart", "chance", "said"),
    [
        (340.0, False, 0.7, "better with 70 %: not told apart; about 340 more prompts would tell"),
        (math.inf, False, 0.7, "better with 70 %: not told apart, and more prompts alone would not tell"),
        (math.nan, False, 0.7, "better with 70 %: not told apart"),
        (0.0, True, 0.99, "better with 99 %: told apart"),
        (math.nan, False, math.nan, "new is 12.0 points below elm"),
    ],
)
def test_what_would_tell_from_a_neighbour(
    placed: Placed, more: float, apart: bool, chance: float, said: str
) -> None:
    told = replace(placed, neighbours=(Neighbour("elm", -12.0, chance, apart, more),))
    assert line(told, "new is 12.0 points below elm").endswith(said)


def test_likely_ranks_are_named_with_the_mean(placed: Placed) -> None:
    told = replace(placed, rank_probabilities=(0.25, 0.745, 0.005, 0.0))
    assert line(told, "Rank: ") == "Rank: 1 (25 %), 2 (74 %); mean 1.8 of 4"


def test_a_name_cannot_reach_the_terminal_as_an_escape(placed: Placed) -> None:
    told = replace(placed, model="\x1b[31mred", neighbours=(Neighbour("\x1b]0;x", 1.0, 0.5, False, 1.0),))
    assert not any("\x1b" in each for each in summary_lines(told))


def test_the_data_is_json_with_null_for_what_is_not_known(placed: Placed) -> None:
    told = replace(placed, neighbours=(Neighbour("elm", -12.0, math.nan, False, math.inf),))
    data = json.loads(json.dumps(placement_data(told), allow_nan=False))
    assert data["neighbours"][0]["chance_better"] is None
    assert data["neighbours"][0]["more_prompts"] is None
    assert data["temperature"] == placed.temperature
    assert {"temperature", "log_likelihood"} == set(data["calibration"]["curve"][0])
    assert data["interval"]["kind"] == "sandwich"
    assert "board" not in data
