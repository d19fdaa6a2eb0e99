from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.support.cli import clean_environment, palestra
from tests.support.require import shared_data

if TYPE_CHECKING:
    from pathlib import Path

MIDNIGHT = 1_767_225_600
ROWS = [
    {
        "model_a": a,
        "model_b": b,
        "winner": winner,
        "tstamp": 1_767_225_600 + 86_400 * day,
        "language": language,
    }
    for day in range(10)
    for a, b, winner, language in (
        ("A", "B", "model_a", "en"),
        ("B", "C", "model_a", "en"),
        ("C", "A", "model_b", "de"),
        ("A", "B", "model_b", "de"),
        ("B", "C", "tie", "de"),
        ("C", "A", "model_a", "en"),
    )
]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS)


@pytest.fixture
def battles(tmp_path: Path) -> Path:
    path = tmp_path / "battles.jsonl"
    path.write_text(LINES, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], ["Bradley-Terry ratings", "95 % intervals", "60 battles"]),
        (["--kind", "matrix", "--theme", "dark"], ["Win rates of each pair", "Predicted", "#101418"]),
        (["--kind", "history"], ["Bradley-Terry ratings over time", "by day"]),
        (["--kind", "history", "--method", "elo", "--slices", "5", "--k", "20"], ["over time", "k 20"]),
        (["--kind", "history", "--slices", "week", "--top", "2"], ["by week", "first 2 of 3 models"]),
        (["--method", "win-rate", "--level", "0.9"], ["Win rates", "90\u00a0% intervals by Wilson"]),
        (["--method", "elo", "--kind", "matrix"], ["Predicted", "Elo"]),
        (
            ["--ci", "bootstrap", "--rounds", "30", "--seed", "4", "--anchor", "B=1200", "--width", "700"],
            ["30 rounds, seed 4", "B anchored at 1200", 'width="700"'],
        ),
        (["--filter", "language = 'en'", "--labels", "hard", "--top", "2"], ["30 battles", "2 of 3 models"]),
    ],
)  # fmt: skip
def test_it_draws(options: list[str], words: list[str], battles: Path, tmp_path: Path) -> None:
    done = palestra("plot", battles, *options, "-o", "board.svg", cwd=tmp_path)
    assert done.stdout == "board.svg\n"
    svg = (tmp_path / "board.svg").read_text(encoding="utf-8")
    assert [word for word in words if word not in svg] == []


def test_standard_input_and_png(tmp_path: Path) -> None:
    done = palestra("plot", "-", "--out", "board.png", cwd=tmp_path, stdin=LINES)
    assert (done.stdout, done.stderr) == ("board.png\n", "")
    assert (tmp_path / "board.png").read_bytes().startswith(b"\x89PNG")


def test_a_leaderboard_is_drawn_as_its_battles_are(battles: Path, tmp_path: Path) -> None:
    palestra("rank", battles, "--format", "json", "--by", "language", "--out", "board.json", cwd=tmp_path)
    palestra("plot", "board.json", "-o", "a.svg", cwd=tmp_path)
    palestra("plot", battles, "-o", "b.svg", cwd=tmp_path)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    for options, words in (
        (["--method", "elo"], "--method: a leaderboard.json is drawn as it is"),
        (["--kind", "matrix"], "does not tell the battles"),
        (["--kind", "history"], "does not tell the battles"),
    ):
        done = palestra("plot", "board.json", *options, "-o", "c.svg", cwd=tmp_path, code=2)
        assert words in done.stderr
    (tmp_path / "broken.json").write_text('{"method": "elo"}')
    done = palestra("plot", "broken.json", "-o", "c.svg", cwd=tmp_path, code=4)
    assert "expected a leaderboard" in done.stderr


def test_json_battles_are_battles(tmp_path: Path) -> None:
    (tmp_path / "battles.json").write_text(json.dumps(ROWS))
    palestra("plot", "battles.json", "-o", "a.svg", cwd=tmp_path)


def test_warnings_of_the_ratings_are_told(tmp_path: Path) -> None:
    lines = (
        LINES + json.dumps({"model_a": "X\u001b[31m", "model_b": "Y", "winner": "tie", "tstamp": 5}) + "\n"
    )
    done = palestra("plot", "-", "-o", "a.svg", cwd=tmp_path, stdin=lines)
    assert "Warning: the models fall into 2 parts" in done.stderr
    assert "\x1b" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["battles.jsonl"], 2, "--out"),
        (["battles.jsonl", "-o", "a.pdf"], 2, "ends in .svg or .png"),
        (["battles.jsonl", "-o", "none/a.svg"], 2, "cannot be written"),
        (["battles.jsonl", "-o", "a.svg", "--kind", "pie"], 2, "pie"),
        (["battles.jsonl", "-o", "a.svg", "--width", "10"], 2, "--width"),
        (["battles.jsonl", "-o", "a.svg", "--slices", "day"], 2, "--kind history"),
        (["battles.jsonl", "-o", "a.svg", "--kind", "history", "--slices", "dey"], 2, "did you mean 'day'?"),
        (["battles.jsonl", "-o", "a.svg", "--kind", "history", "--slices", "0"], 2, "at least 1 slice"),
        (["battles.jsonl", "-o", "a.svg", "--anchor", "A"], 2, "--anchor Llama=1000"),
        (["battles.jsonl", "-o", "a.svg", "--kind", "history", "--anchor", "Z=1"], 2, "in no battle"),
        (["battles.jsonl", "-o", "a.svg", "--filter", "language = 'fr'"], 2, "nothing to draw"),
        (["none.jsonl", "-o", "a.svg"], 4, "none.jsonl: cannot be opened"),
        (["timeless.jsonl", "-o", "a.svg", "--kind", "history"], 4, "the column tstamp"),
        (["millis.jsonl", "-o", "a.svg", "--kind", "history"], 4, "not milliseconds"),
    ],
)
def test_a_mistake_is_one_message_and_its_exit_code(
    arguments: list[str], code: int, words: str, battles: Path, tmp_path: Path
) -> None:
    (tmp_path / "timeless.jsonl").write_text('{"model_a": "A", "model_b": "B", "winner": "tie"}\n')
    (tmp_path / "millis.jsonl").write_text(
        '{"model_a": "A", "model_b": "B", "winner": "tie", "tstamp": 1767225600000}\n'
    )
    done = palestra("plot", *arguments, cwd=tmp_path, code=code)
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert not (tmp_path / "a.svg").exists()


def test_without_matplotlib_it_says_how_to_get_it(battles: Path, tmp_path: Path) -> None:
    stand_in = tmp_path / "path"
    stand_in.mkdir()
    (stand_in / "matplotlib.py").write_text("raise ImportError('not here')\n")
    done = palestra(
        "plot", "none.jsonl", "-o", "a.svg", cwd=tmp_path, env={"PYTHONPATH": str(stand_in)}, code=2
    )
    assert "pip install 'palestra[plot]'" in done.stderr
    assert "none.jsonl" not in done.stderr
    palestra("rank", battles, cwd=tmp_path, env={"PYTHONPATH": str(stand_in)})


def test_the_other_commands_do_not_wait_for_matplotlib() -> None:
    program = (
        "import sys, palestra.cli.app, palestra.report.plots.intervals, palestra.report.plots.write\n"
        "assert 'matplotlib' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], env=clean_environment(), check=True)


def test_real_votes_are_drawn(tmp_path: Path) -> None:
    import csv
    import gzip

    words = {"left": "model_a", "right": "model_b", "tie": "tie"}
    with gzip.open(shared_data("llmfao") / "crowd_votes.csv.gz", "rt", encoding="utf-8") as file:
        rows = [
            {"model_a": row["left"], "model_b": row["right"], "winner": words[row["winner"]]}
            for row in csv.DictReader(file)
        ]
    (tmp_path / "votes.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for kind in ("intervals", "matrix"):
        palestra("plot", "votes.jsonl", "--kind", kind, "-o", f"{kind}.svg", cwd=tmp_path)
        svg = (tmp_path / f"{kind}.svg").read_text(encoding="utf-8")
        assert [name for name in {row["model_a"] for row in rows} if f">{name}</text>" not in svg] == []
        assert "59 models · 4,143 battles" in svg
