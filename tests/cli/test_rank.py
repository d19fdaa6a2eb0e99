from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import duckdb
import pytest
from tests.support import require
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
    assert set(board["interval"]) == {"kind", "level", "rounds", "seed", "cluster", "simultaneous"}
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


def test_published_length_controlled_win_rates(tmp_path: Path) -> None:
    folder = require.shared_data("alpacaeval")
    with (folder / "ae2_leaderboard_official.csv").open(encoding="utf-8", newline="") as file:
        published = {row["model"]: float(row["length_controlled_winrate"]) for row in csv.DictReader(file)}
    with duckdb.connect() as connection:
        connection.execute(
            f"""COPY (SELECT model AS model_a, 'gpt4' AS model_b, 'tie' AS winner, TRUE AS soft,
                    CASE preference WHEN 0 THEN 0.5 ELSE preference - 1 END AS pref,
                    instruction_id AS question_id, {{tokens_a: len_model, tokens_b: len_baseline}} AS style
                FROM '{folder / "ae2_annotations.parquet"}' ORDER BY row, model)
            TO '{tmp_path / "battles.parquet"}' (FORMAT parquet)"""
        )
    done = palestra(
        "rank", "battles.parquet", "--method", "length-controlled", "--baseline", "gpt4", "--official-order",
        "--difficulty", folder / "difficulty.parquet", "--gamed", folder / "gamed_baseline_rows.parquet",
        "--format", "json", cwd=tmp_path,
    )  # fmt: skip
    board = json.loads(done.stdout)
    rated = {row["model"]: row["rating"] for row in board["ratings"]}
    assert rated.pop("gpt4") == 50.0
    assert rated == pytest.approx(published, abs=0.11)
    assert (board["method"], board["interval"]["kind"]) == ("length-controlled", "sandwich")


def test_a_length_controlled_board_says_what_it_is_of(tmp_path: Path) -> None:
    row = {"model_a": "A", "model_b": "B", "winner": "tie", "response_a": "long", "response_b": "x"}
    (tmp_path / "b.jsonl").write_text((json.dumps(row) + "\n") * 3)
    done = palestra("rank", "b.jsonl", "--method", "length-controlled", "--baseline", "B", cwd=tmp_path)
    assert "win rate in per cent against the baseline at equal length, baseline B, lengths in characters" in (
        done.stdout
    )


def test_shrunk_boards_are_printed_with_what_shrank_them(tmp_path: Path) -> None:
    words = ["model_a", "model_b", "tie", "model_a", "model_a"]
    rows = [
        {"model_a": "A", "model_b": "B", "winner": words[(n * n + n // 7) % 5], "category": f"c{n % 2}"}
        for n in range(60)
    ]
    (tmp_path / "b.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = palestra("rank", "b.jsonl", "--by", "category", "--shrink", "--anchor", "A=1000", cwd=tmp_path)
    whole, *groups = done.stdout.split("\n\n=== ")
    assert [group.partition(" ===")[0] for group in groups] == [
        "CATEGORY LEADERBOARD: c0",
        "CATEGORY LEADERBOARD: c1",
    ]
    assert "shrunk" not in whole
    assert all("A anchored at 1000, prior 0.5, shrunk towards all battles, tau " in part for part in groups)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["none.jsonl"], 4, "none.jsonl: cannot be opened"),
        (["bad.jsonl"], 4, "bad.jsonl:2: winner: unknown winner 'won'"),
        (["battles.jsonl", "--anchor", "A"], 2, "--anchor Llama=1000"),
        (["battles.jsonl", "--anchor", "C=1000"], 2, "in no battle"),
        (["battles.jsonl", "--filter", "catgory = 'x'"], 2, "did you mean 'category'?"),
        (["battles.jsonl", "--method", "glicko"], 2, "glicko"),
        (["battles.jsonl", "--shrink"], 2, "as in --by category --shrink"),
        (["battles.jsonl", "--shrink", "--by", "category", "--method", "elo"], 2, "only boards of groups"),
        (["battles.jsonl", "--method", "length-controlled"], 2, "needs a baseline"),
        (["battles.jsonl", "--baseline", "A"], 2, "or use the method length-controlled"),
        (
            ["battles.jsonl", "--method", "length-controlled", "--baseline", "A"],
            4,
            "battles.jsonl:1: response_a: the answers' lengths are not known",
        ),
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
