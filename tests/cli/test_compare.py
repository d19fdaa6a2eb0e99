from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest
from tests.support.cli import palestra
from tests.support.require import shared_data

from palestra.interchange.rows import read_rows

if TYPE_CHECKING:
    from pathlib import Path

OURS = (
    "model,rating,lower,upper\nA,1200,1190,1210\nB,1100,1090,1110\nC,1000,990,1010\nD,900,890,910\nX,1,0,2\n"
)
TRUTH = "model,score,low,high\nB,1200,1190,1210\nA,1100,1090,1110\nC,1000,990,1010\nD,995,985,1005\nY,5,4,6\n"


@pytest.fixture
def boards(tmp_path: Path) -> Path:
    (tmp_path / "ours.csv").write_text(OURS)
    (tmp_path / "truth.csv").write_text(TRUTH)
    return tmp_path


def test_json_has_every_measure(boards: Path) -> None:
    found = json.loads(palestra("compare", "ours.csv", "truth.csv", "--format", "json", cwd=boards).stdout)
    assert found["board"] == {"path": "ours.csv", "kind": "table", "level": 0.95, "n_models": 5}
    assert (found["n_compared"], found["n_separated"]) == (4, 5)
    assert (found["separability"], found["reference_separability"]) == (1, pytest.approx(5 / 6))
    assert found["agreement"] == pytest.approx(4 / 5)
    assert found["strict_agreement"] == pytest.approx(5 / 6)
    assert (found["spearman"], found["kendall"]) == (pytest.approx(0.8), pytest.approx(2 / 3))
    assert found["brier"] == pytest.approx(1 / 6)
    assert found["mean_rank_change"] == 0.5
    assert [(move["model"], move["climb"]) for move in found["moves"]] == [
        ("B", -1),
        ("A", 1),
        ("C", 0),
        ("D", 0),
    ]
    assert (found["only_board"], found["only_reference"], found["not_compared"]) == (["X"], ["Y"], [])


def test_the_table_for_people(boards: Path) -> None:
    lines = palestra("compare", "ours.csv", "truth.csv", cwd=boards).stdout.splitlines()
    assert lines[0] == "=== COMPARISON ==="
    assert any(line.split() == ["Spearman", "0.8000"] for line in lines)
    assert any(line.startswith("Agreement with confidence   80.0 %  of 5 pairs") for line in lines)
    assert any(line.split() == ["B", "2", "1", "−1"] for line in lines)
    assert "Only on the board (1): X" in lines
    assert "Warning: only 4 models can be compared; rank correlations of so few say next to nothing" in lines
    assert "Moved" not in palestra("compare", "ours.csv", "truth.csv", "--top", "0", cwd=boards).stdout


def test_what_there_is_nothing_to_tell_of_is_null(boards: Path) -> None:
    (boards / "other.csv").write_text("model,rating\nZ,5\n")
    found = json.loads(palestra("compare", "ours.csv", "other.csv", "--format", "json", cwd=boards).stdout)
    assert (found["n_compared"], found["spearman"], found["brier"]) == (0, None, None)


def test_battles_against_published_ratings(tmp_path: Path) -> None:
    """Human votes, ranked on the spot, are in the order of the ratings two solvers found for them."""
    folder = shared_data("llmfao")
    words = {"left": "model_a", "right": "model_b", "tie": "tie"}
    with gzip.open(tmp_path / "votes.jsonl.gz", "wt", encoding="utf-8") as file:
        for row in read_rows(folder / "crowd_votes.csv.gz"):
            vote = row.data
            battle = {"model_a": vote["left"], "model_b": vote["right"], "winner": words[vote["winner"]]}
            file.write(json.dumps(battle) + "\n")
    found = json.loads(
        palestra(
            "compare", "votes.jsonl.gz", folder / "reference_ratings.csv", "--format", "json", cwd=tmp_path
        ).stdout
    )
    assert (found["n_compared"], found["spearman"], found["kendall"]) == (59, 1, 1)
    assert found["mean_difference"] < 1e-9
    assert "the reference has no intervals, so it separates no models" in found["warnings"]


def test_two_leaderboards_of_runs(tmp_path: Path) -> None:
    palestra("demo", "--quiet", cwd=tmp_path)
    found = json.loads(
        palestra(
            "compare", "runs/demo/leaderboard.json", "runs/demo", "--format", "json", cwd=tmp_path
        ).stdout
    )
    assert (found["spearman"], found["board"]["kind"]) == (1, "bradley-terry")
    elo = palestra("compare", "runs/demo/elo_ratings.json", "runs/demo/leaderboard.csv", cwd=tmp_path)
    assert "Agreement in order         100.0 %" in elo.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["ours.csv"], 2, "REFERENCE"),
        (["ours.csv", "none.csv"], 4, "none.csv: no such file"),
        (["ours.csv", "bad.csv"], 4, "bad.csv:3: rating: expected a number, found 'x'"),
        (["-", "-"], 2, "standard input can be read once only"),
        (["ours.csv", "truth.csv", "--top", "-1"], 2, "--top"),
        (["ours.csv", "truth.csv", "--format", "xml"], 2, "xml"),
    ],
)
def test_a_mistake_is_one_message_and_its_exit_code(
    arguments: list[str], code: int, words: str, boards: Path
) -> None:
    (boards / "bad.csv").write_text("model,rating\nA,1\nB,x\n")
    done = palestra("compare", *arguments, cwd=boards, code=code)
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_no_name_reaches_the_terminal_as_an_escape(boards: Path) -> None:
    (boards / "odd.csv").write_text("model,rating\n\x1b[31mred,5\n")
    assert "\x1b" not in palestra("compare", "odd.csv", "truth.csv", cwd=boards).stdout
