from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from palestra.errors import DataError
from palestra.interchange.boards import BoardRow, read_board
from palestra.interchange.rank import rank, rank_with_groups
from palestra.report.boards import board_csv, board_json

if TYPE_CHECKING:
    from pathlib import Path

ROWS = [
    *[{"model_a": "A", "model_b": "B", "winner": "model_a", "category": "x"}] * 7,
    *[{"model_a": "B", "model_b": "A", "winner": "model_a", "category": "y"}] * 4,
    *[{"model_a": "C", "model_b": "D", "winner": "tie", "category": "y"}] * 3,
]


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def battles(folder: Path) -> Path:
    return write(folder / "battles.jsonl", "".join(json.dumps(row) + "\n" for row in ROWS))


def test_our_own_files_give_the_board_that_was_written(tmp_path: Path) -> None:
    board, groups = rank_with_groups(ROWS, method="bradley-terry", by="category", level=0.9)
    expected = tuple(
        BoardRow(r.model, r.rating, r.ci_low, r.ci_high, None, r.component) for r in board.ratings
    )
    for groups_written in (None, {"category": groups}):
        of_json = read_board(write(tmp_path / "leaderboard.json", board_json(board, groups_written)))
        assert (of_json.kind, of_json.level, of_json.rows) == ("bradley-terry", 0.9, expected)
        of_csv = read_board(write(tmp_path / "leaderboard.csv", board_csv(board, groups_written)))
        assert (of_csv.kind, of_csv.level, of_csv.rows) == ("table", 0.95, expected)


def test_battles_and_run_folders_are_ranked_on_the_spot(tmp_path: Path) -> None:
    file = battles(tmp_path)
    found = [row.rating for row in read_board(file).rows]
    assert found == [row.rating for row in rank(file).ratings]
    assert [row.rating for row in read_board(tmp_path).rows] == found
    assert any("never met" in warning for warning in read_board(file).warnings)


def test_the_shape_of_elo_ratings(tmp_path: Path) -> None:
    data = {
        "arena": "x",
        "n_bootstraps": 20,
        "ratings": [
            {
                "model": "A",
                "rating": 1010.5,
                "ci_low": 1000,
                "ci_high": 1020,
                "n_battles": 3,
                "source": "human",
            },
            {
                "model": "B",
                "rating": 989.5,
                "ci_low": None,
                "ci_high": None,
                "n_battles": 3,
                "source": "human",
            },
            {
                "model": "C",
                "rating": None,
                "ci_low": None,
                "ci_high": None,
                "n_battles": 0,
                "source": "human",
            },
        ],
    }
    found = read_board(write(tmp_path / "elo_ratings.json", json.dumps(data)))
    assert found.rows == (BoardRow("A", 1010.5, 1000, 1020, None), BoardRow("B", 989.5, None, None, None))
    assert found.warnings == ("left out, having no rating: C",)


@pytest.mark.parametrize(
    ("header", "cells", "row"),
    [
        ("model,rating", "A,5", BoardRow("A", 5, None, None, None)),
        ("Model,Arena Score,lower,upper", "A,5,4,7", BoardRow("A", 5, 4, 7, None)),
        ("name,elo,rating_q025,rating_q975,variance", "A,5,4,7,2", BoardRow("A", 5, 4, 7, 2)),
        ("model,score,CI (95%)", 'A,5,"(-1.5, 2)"', BoardRow("A", 5, 3.5, 7, None)),
        ("model,score,CI", 'A,5,"(-1.5, 2)"', BoardRow("A", 5, 3.5, 7, None)),
        ("model,arena_score,95% CI", "A,1437,+6/-5", BoardRow("A", 1437, 1432, 1443, None)),
        ("rank,score,elo,model", "1,5,6,A", BoardRow("A", 5, None, None, None)),
        ("model,rating,ci_low", "A,5,", BoardRow("A", 5, None, None, None)),
        ("model,rating", "null,5", BoardRow("null", 5, None, None, None)),
    ],
)
def test_tables_by_common_names_of_columns(header: str, cells: str, row: BoardRow, tmp_path: Path) -> None:
    found = read_board(write(tmp_path / "board.csv", f"{header}\n{cells}\n"))
    assert found.rows == (row,)


def test_a_standard_error_makes_an_interval(tmp_path: Path) -> None:
    (row,) = read_board(write(tmp_path / "b.csv", "model,win_rate,standard_error\nA,50,2\n")).rows
    assert row.variance == 4
    assert row.low == pytest.approx(46.08, abs=0.001)
    assert row.high == pytest.approx(53.92, abs=0.001)


def test_rows_as_json_lines(tmp_path: Path) -> None:
    found = read_board(
        write(tmp_path / "b.jsonl", '{"model": "A", "score": 3}\n{"model": "B", "score": 2.5}\n')
    )
    assert [(row.model, row.rating) for row in found.rows] == [("A", 3), ("B", 2.5)]


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("b.csv", "model,size\nA,5\n", "b.csv:2: no column with a rating; the columns are 'model', 'size'"),
        ("b.csv", "player,rating\nA,5\n", "b.csv:2: no column with a model"),
        ("b.csv", "model,rating\nA,5\nB,high\n", "b.csv:3: rating: expected a number, found 'high'"),
        ("b.csv", "model,rating\nA,inf\n", "b.csv:2: rating: expected a number, found 'inf'"),
        ("b.csv", "model,rating\nA,5\nA,6\n", "b.csv:3: model: the model 'A' is there twice"),
        ("b.csv", "model,rating\n,5\n", "b.csv:2: model: expected a model's name, found ''"),
        ("b.csv", "model,rating,lower,upper\nA,5,7,6\n", "b.csv:2: lower: the lower bound 7 is above"),
        ("b.csv", "model,rating,ci\nA,5,wide\n", "b.csv:2: ci: expected a range such as +5/-4, found 'wide'"),
        ("b.csv", "model,rating,ci\nA,5,4/6\n", "b.csv:2: ci: expected a range"),
        ("b.csv", "model,rating,variance\nA,5,-1\n", "b.csv:2: variance: a variance of -1"),
        ("b.csv", "model,rating\n", "b.csv: the file holds no rows"),
        ("b.json", '{"ratings": [3]}', "b.json: ratings.0: expected an object"),
        ("b.json", '{"ratings": [{"model": "A"}]}', "b.json: ratings.0: no column with a rating"),
        (
            "b.json",
            '{"ratings": [{"model": "A", "rating": "x"}]}',
            "b.json: ratings.0.rating: expected a number",
        ),
        (
            "b.json",
            '{"ratings": [{"model": "A", "rating": true}]}',
            "b.json: ratings.0.rating: expected a number",
        ),
        ("b.json", '{"ratings": [], "interval": {"level": 95}}', "b.json: interval.level: expected a share"),
        ("b.json", '{"ratings": [', "b.json:1: bad JSON"),
        ("b.md", "| a |", "b.md: .md is no kind of file"),
        (
            "b.jsonl",
            '{"model_a": "A", "model_b": "B", "winner": "x"}\n',
            "b.jsonl:1: winner: unknown winner 'x'",
        ),
    ],
)
def test_a_bad_board_is_one_error_that_says_where(name: str, text: str, told: str, tmp_path: Path) -> None:
    path = write(tmp_path / name, text)
    with pytest.raises(DataError) as raised:
        read_board(path)
    assert told in str(raised.value)


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_board(tmp_path / "none.csv")


def test_an_empty_list_of_ratings_is_an_empty_board(tmp_path: Path) -> None:
    data: dict[str, Any] = {"ratings": []}
    assert read_board(write(tmp_path / "b.json", json.dumps(data))).rows == ()
