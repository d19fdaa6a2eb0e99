from __future__ import annotations

import csv
import io
import json
import math

import pytest
from rich.cells import cell_len
from tests.report.sample import board, rating

from palestra.records.rating import Interval, Leaderboard
from palestra.report.boards import board_csv, board_json, board_markdown, board_table

GOLDEN = """\
=== OVERALL LEADERBOARD ===
bradley-terry, scale 400, base 10, mean 1000
95 % intervals by bootstrap, 200 rounds, seed 3
12 battles, 1 failed verdict left out

Rank     Model   Rating     95 % interval  Battles    W  L  T  Win rate
───────────────────────────────────────────────────────────────────────
1 (1–2)  GPT-4o  1060.2  1020.2 to 1100.2       10    5  3  2    60.0 %
2        日本       0.0                 –       10  2.5  3  2    60.0 %

Warning: only a few battles
Note: 日本: winless, few battles
"""


@pytest.fixture
def made() -> Leaderboard:
    rows = [
        rating("GPT-4o", 1, 1060.2, rank_high=2),
        rating("日本", 2, -0.01, ci_low=None, ci_high=None, wins=2.5, flags=("winless", "few_battles")),
    ]
    interval = Interval("bootstrap", 0.95, rounds=200, seed=3)
    return board(rows, 12, n_failed=1, interval=interval, warnings=["only a few battles"])


def test_the_table_is_aligned_and_says_how_it_was_made(made: Leaderboard) -> None:
    assert board_table(made) == GOLDEN


def test_wide_and_joined_characters_keep_the_columns_straight() -> None:
    rows = [
        rating(name, place + 1) for place, name in enumerate(["plain", "日本語モデル", "👨‍👩‍👧 team", "é"])
    ]
    table = board_table(board(rows)).splitlines()
    start = next(place for place, line in enumerate(table) if line.startswith("──")) + 1
    widths = {cell_len(line) for line in table[start : start + 4]}
    assert widths == {cell_len(table[start - 1])}


def test_groups_follow_the_whole_under_headings_of_their_own(made: Leaderboard) -> None:
    text = board_table(made, {"dataset": {"arena": made}, "subset": {"maths": made}})
    headings = [line for line in text.splitlines() if line.startswith("===")]
    assert headings == [
        "=== OVERALL LEADERBOARD ===",
        "=== DATASET LEADERBOARD: arena ===",
        "=== SUBSET LEADERBOARD: maths ===",
    ]


def test_a_board_without_a_battle_says_so() -> None:
    assert "no battle, so no rating" in board_table(board([], 0, components=[]))


def test_shares_keep_three_decimals() -> None:
    rows = [
        rating("a", 1, 0.7222, ci_low=0.6, ci_high=0.85),
        rating("b", 2, 0.2778, ci_low=0.15, ci_high=0.4),
    ]
    assert "0.722" in board_table(board(rows, method="win-rate"))


@pytest.mark.parametrize("name", ["a\x1b]0;title\x07", "two\nlines", "\u202ereversed"])
def test_no_name_can_break_a_line_or_reach_the_terminal(name: str) -> None:
    for text in (board_table(board([rating(name, 1)])), board_markdown(board([rating(name, 1)]))):
        assert name not in text
        assert not set(text) & set("\x1b\x07\u202e")


def test_markdown_cells_hold_any_name() -> None:
    lines = board_markdown(board([rating("a|b_c*<img>`", 1)])).splitlines()
    row = lines[-1]
    assert row.startswith("| 1 | a\\|b\\_c\\*\\<img\\>\\` |")
    assert row.replace("\\|", "").count("|") == 10


def test_markdown_has_a_heading_for_each_group(made: Leaderboard) -> None:
    text = board_markdown(made, {"subset": {"maths": made}})
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        "# Leaderboard",
        "## Subset: maths",
    ]
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


def test_csv_keeps_full_precision_and_leaves_missing_numbers_empty(made: Leaderboard) -> None:
    first, second = csv.DictReader(io.StringIO(board_csv(made)))
    assert (first["model"], first["rating"], first["rank_high"]) == ("GPT-4o", "1060.2", "2")
    assert (second["ci_low"], second["win_rate_low"], second["flags"]) == ("", "", "winless few_battles")


def test_csv_reads_back_any_name(made: Leaderboard) -> None:
    name = 'a,"b"\nc'
    (row,) = csv.DictReader(io.StringIO(board_csv(board([rating(name, 1)]))))
    assert row["model"] == name


def test_csv_of_groups_names_the_group_of_each_row(made: Leaderboard) -> None:
    rows = list(csv.DictReader(io.StringIO(board_csv(made, {"subset": {"maths": made}}))))
    assert [(row["by"], row["group"]) for row in rows] == [("overall", "")] * 2 + [("subset", "maths")] * 2


def test_json_is_the_board_itself(made: Leaderboard) -> None:
    data = json.loads(board_json(made))
    assert data == json.loads(json.dumps(made.to_dict()))
    assert "groups" not in data


def test_json_holds_groups_by_kind_and_value(made: Leaderboard) -> None:
    data = json.loads(board_json(made, {"subset": {"maths": made}}))
    assert data["groups"]["subset"]["maths"]["n_battles"] == 12


def test_json_has_no_number_that_json_does_not_know() -> None:
    odd = board([rating("a", 1, math.inf, ci_low=math.nan)], parameters={"k": math.nan})
    (row,) = json.loads(board_json(odd), parse_constant=pytest.fail)["ratings"]
    assert row["rating"] is None
    assert row["ci_low"] is None
