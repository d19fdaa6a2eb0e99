"""GPU-Poor's leaderboard.json: written from battles, and looked into."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from palestra.errors import DataError
from palestra.interchange.counts import count_battles
from palestra.interchange.gpu_poor import leaderboard_data, read_totals, totals, write_leaderboard
from palestra.interchange.outside.convert import convert
from palestra.ranking.counts import Counts

if TYPE_CHECKING:
    from pathlib import Path

BATTLES = [
    ("Qwen 2.5", "Llama 3.2", "model_a"),
    ("Qwen 2.5", "Llama 3.2", "model_b"),
    ("Llama 3.2", "Qwen 2.5", "model_b"),
    ("Gemma 2", "Qwen 2.5", "tie"),
    ("Qwen 2.5", "Gemma 2", "tie (bothbad)"),
]
BOARD = {
    "Gemma 2": {
        "wins": 0,
        "losses": 0,
        "ties": 2,
        "opponents": {"Qwen 2.5": {"wins": 0, "losses": 0, "ties": 2}},
    },
    "Llama 3.2": {
        "wins": 1,
        "losses": 2,
        "ties": 0,
        "opponents": {"Qwen 2.5": {"wins": 1, "losses": 2, "ties": 0}},
    },
    "Qwen 2.5": {
        "wins": 2,
        "losses": 1,
        "ties": 2,
        "opponents": {
            "Gemma 2": {"wins": 0, "losses": 0, "ties": 2},
            "Llama 3.2": {"wins": 2, "losses": 1, "ties": 0},
        },
    },
}


def counted(battles: list[tuple[str, str, str]]) -> Counts:
    return Counts.from_rows(*map(list, zip(*battles, strict=True)))


def test_battles_become_wins_losses_and_ties_of_each_and_of_each_two() -> None:
    assert leaderboard_data(counted(BATTLES)) == BOARD


def test_battles_told_as_shares_go_to_the_greater_share() -> None:
    counts = Counts.from_rows(["a"] * 3, ["b"] * 3, ["tie"] * 3, pref=[0.7, 0.2, 0.5], weight=[1, 3, 1])
    assert totals(leaderboard_data(counts)) == {"a": (1, 1, 1), "b": (1, 1, 1)}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "leaderboard.json"
    write_leaderboard(path, BOARD)
    assert json.loads(path.read_text()) == BOARD
    assert (
        read_totals(path)
        == totals(BOARD)
        == {"Gemma 2": (0, 0, 2), "Llama 3.2": (1, 2, 0), "Qwen 2.5": (2, 1, 2)}
    )
    assert [file.name for file in tmp_path.iterdir()] == ["leaderboard.json"], "no draft stays"


def test_theirs_has_no_ties(tmp_path: Path) -> None:
    path = tmp_path / "leaderboard.json"
    path.write_text('{"a": {"wins": 1, "losses": 0, "opponents": {"b": {"wins": 1, "losses": 0}}}}')
    assert read_totals(path) == {"a": (1, 0, 0)}


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        '{"a": 1}',
        '{"a": {"wins": 1}}',
        '{"a": {"wins": -1, "losses": 0}}',
        "{",
        '{"a": {"wins": true, "losses": 0}}',
    ],
)
def test_another_file_is_refused_by_name(text: str, tmp_path: Path) -> None:
    path = tmp_path / "leaderboard.json"
    path.write_text(text)
    with pytest.raises(DataError, match=r"leaderboard\.json"):
        read_totals(path)


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be written"):
        write_leaderboard(tmp_path / "nowhere" / "leaderboard.json", {})


def test_what_is_written_converts_back_to_the_same_battles(tmp_path: Path) -> None:
    write_leaderboard(tmp_path / "leaderboard.json", BOARD)
    convert(tmp_path / "leaderboard.json", tmp_path / "battles.jsonl")
    assert leaderboard_data(count_battles(tmp_path / "battles.jsonl").battles) == BOARD
