from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest
from tests.support.cli import palestra

if TYPE_CHECKING:
    from pathlib import Path

ROWS = [
    *[{"model_a": "A", "model_b": "B", "winner": "model_a", "category": "math"}] * 7,
    *[{"model_a": "A", "model_b": "B", "winner": "model_b", "category": "law"}] * 3,
    *[{"model_a": "B", "model_b": "A", "winner": "tie", "category": "law"}] * 2,
]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS)


@pytest.fixture
def battles(tmp_path: Path) -> Path:
    path = tmp_path / "battles.jsonl"
    path.write_text(LINES, encoding="utf-8")
    return path


def test_json_has_every_promised_key(battles: Path, tmp_path: Path) -> None:
    board = json.loads(palestra("rank", battles, "--format", "json", cwd=tmp_path).stdout)
    assert set(board) >= {
        "method", "scale", "base", "anchor", "interval", "n_battles", "n_failed", "components",
        "warnings", "ratings",
    }  # fmt: skip
    assert set(board["interval"]) == {"kind", "level", "rounds", "seed"}
    assert set(board["ratings"][0]) >= {
        "rank", "rank_low", "rank_high", "model", "rating", "ci_low", "ci_high", "n_battles", "wins",
        "losses", "ties", "win_rate",
    }  # fmt: skip
    first, second = board["ratings"]
    assert first["rating"] - second["rating"] == pytest.approx(120.412, abs=5e-4)
    assert (board["n_battles"], board["n_failed"]) == (12, None)


def test_standard_input_a_method_and_its_settings(tmp_path: Path) -> None:
    done = palestra(
        "rank", "-", "--method", "elo", "--k", "32", "--start", "1500", "--format", "json",
        cwd=tmp_path, stdin=LINES,
    )  # fmt: skip
    board = json.loads(done.stdout)
    assert (board["method"], board["parameters"]) == ("elo", {"k": 32.0, "start": 1500.0})
    assert sum(row["rating"] for row in board["ratings"]) == pytest.approx(3000)


def test_filter_anchor_bootstrap_and_a_file_to_write(battles: Path, tmp_path: Path) -> None:
    done = palestra(
        "rank", battles, battles, "--filter", "category = 'law'", "--anchor", "B=1200", "--ci", "bootstrap",
        "--rounds", "20", "--seed", "5", "--format", "csv", "--out", "board.csv",
        cwd=tmp_path,
    )  # fmt: skip
    assert done.stdout == ""
    rows = {row["model"]: row for row in csv.DictReader(io.StringIO((tmp_path / "board.csv").read_text()))}
    assert float(rows["B"]["rating"]) == 1200
    assert rows["A"]["n_battles"] == "10"


def test_by_prints_a_board_for_each_value_from_one_reading(tmp_path: Path) -> None:
    done = palestra("rank", "-", "--by", "category", "--format", "json", cwd=tmp_path, stdin=LINES)
    board = json.loads(done.stdout)
    assert board["n_battles"] == 12
    assert {name: part["n_battles"] for name, part in board["groups"]["category"].items()} == {
        "law": 5,
        "math": 7,
    }


@pytest.mark.parametrize(("format", "words"), [("table", "=== OVERALL LEADERBOARD ==="), ("md", "| Rank |")])
def test_boards_for_people(format: str, words: str, battles: Path, tmp_path: Path) -> None:
    assert words in palestra("rank", battles, "--format", format, cwd=tmp_path).stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["none.jsonl"], 4, "none.jsonl: cannot be opened"),
        (["bad.jsonl"], 4, "bad.jsonl:2: winner: unknown winner 'won'"),
        (["battles.jsonl", "--anchor", "A"], 2, "--anchor Llama=1000"),
        (["battles.jsonl", "--anchor", "C=1000"], 2, "in no battle"),
        (["battles.jsonl", "--filter", "catgory = 'x'"], 2, "did you mean 'category'?"),
        (["battles.jsonl", "--method", "glicko"], 2, "glicko"),
        (["battles.jsonl", "--out", "none/board.txt"], 2, "cannot be written"),
        ([], 2, "FILES"),
    ],
)
def test_a_mistake_is_one_message_and_its_exit_code(
    arguments: list[str], code: int, words: str, battles: Path, tmp_path: Path
) -> None:
    bad = json.dumps(ROWS[0]) + "\n" + json.dumps(ROWS[0] | {"winner": "won"}) + "\n"
    (tmp_path / "bad.jsonl").write_text(bad)
    done = palestra("rank", *arguments, cwd=tmp_path, code=code)
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
