from __future__ import annotations

import json
import os
import signal
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from tests.interchange.outside import made
from tests.support.cli import clean_environment, command, palestra, rows

from palestra.cli._convert import pairs
from palestra.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


def test_battles_go_to_standard_output_and_the_account_to_standard_error(tmp_path: Path) -> None:
    path = made.write_jsonl(tmp_path / "b.jsonl", [made.clean_battle(), made.clean_battle(winner="draw")])
    done = palestra("convert", path.name, cwd=tmp_path)
    assert [json.loads(line)["winner"] for line in done.stdout.splitlines()] == ["model_b"]
    assert done.stderr == (
        "b.jsonl: Chatbot Arena clean_battle (clean-battle, found by its columns)\n"
        "2 rows read, 1 converted, 1 skipped: 1 battle\n"
        "  1 damaged: winner: unknown winner (b.jsonl:2)\n"
    )
    ranked = palestra("rank", "-", "--format", "csv", cwd=tmp_path, stdin=done.stdout)
    assert "bee" in ranked.stdout


def test_strict_is_exit_code_4_with_file_and_line(tmp_path: Path) -> None:
    path = made.write_jsonl(tmp_path / "b.jsonl", [made.clean_battle(), made.clean_battle(winner="draw")])
    done = palestra("convert", path.name, "-o", "out.csv", "--strict", cwd=tmp_path, code=4)
    assert done.stderr == "Error: b.jsonl:2: winner: unknown winner: 'draw'\n"
    assert not (tmp_path / "out.csv").exists()


def test_options_reach_their_formats(tmp_path: Path) -> None:
    made.write_jsonl(tmp_path / "hard.jsonl", [made.arena_hard_old()])
    palestra(
        *("convert", "hard.jsonl", "--baseline", "base", "--swap", "both-combine"),
        *("-o", "out.jsonl", "--verdicts", "v.jsonl"),
        cwd=tmp_path,
    )
    assert [(row["model_a"], row["order"]) for row in rows(tmp_path / "out.jsonl")] == [("base", "both")]
    assert [row["label"] for row in rows(tmp_path / "v.jsonl")] == ["B>>A", "A=B"]
    (tmp_path / "votes.csv").write_text("left,right,vote\nant,bee,L\n", encoding="utf-8")
    palestra(
        *("convert", "votes.csv", "--map", "left=model_a", "--map", "right=model_b", "--map", "vote=winner"),
        *("--winner", "L=model_a", "-o", "out.jsonl"),
        cwd=tmp_path,
    )
    assert rows(tmp_path / "out.jsonl")[0]["winner"] == "model_a"


@pytest.mark.parametrize(
    ("texts", "option", "message"),
    [
        (["left"], "--map", "--map: cannot read 'left'"),
        (["left=modela"], "--map", "--map: battles have no column 'modela'"),
        (["a=winner", "b=winner"], "--map", "says again what was said before"),
        (["L=left"], "--winner", "--winner: unknown winner 'left'"),
    ],
)
def test_columns_and_words_that_make_no_sense(texts: list[str], option: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        pairs(texts, option, "left=model_a")
    assert message in str(caught.value)


def test_an_unknown_format_is_a_mistake_and_an_unknown_file_no_guess(tmp_path: Path) -> None:
    (tmp_path / "votes.csv").write_text("left,right,vote\nant,bee,L\n", encoding="utf-8")
    told = palestra("convert", "votes.csv", "--from", "lmarena-140", cwd=tmp_path, code=2).stderr
    assert "did you mean 'lmarena-140k'?" in told
    assert "--from NAME" in palestra("convert", "votes.csv", cwd=tmp_path, code=4).stderr


def test_formats_are_listed(tmp_path: Path) -> None:
    listed = palestra("convert", "--formats", cwd=tmp_path).stdout
    assert [line.split()[0] for line in listed.splitlines()] == [*made.EXAMPLES, "columns"]


def test_a_file_is_read_from_standard_input(tmp_path: Path) -> None:
    done = palestra("convert", "-", cwd=tmp_path, stdin=json.dumps(made.comparia()) + "\n")
    assert json.loads(done.stdout)["winner"] == "model_b"


def test_what_is_interrupted_leaves_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "slow.jsonl")
    process = subprocess.Popen(
        command("convert", "slow.jsonl", "--from", "clean-battle", "-o", "out.jsonl"),
        cwd=tmp_path,
        env=clean_environment(),
        stderr=subprocess.PIPE,
        text=True,
    )
    with (tmp_path / "slow.jsonl").open("w", encoding="utf-8") as file:
        file.write(json.dumps(made.clean_battle()) + "\n")
        file.flush()
        said = interrupt(process)
    assert process.returncode == 130
    assert said.endswith("Stopped; nothing was written.\n")
    assert [path.name for path in tmp_path.iterdir()] == ["slow.jsonl"]


def interrupt(process: subprocess.Popen[str]) -> str:
    """Ctrl-C until it ends: the first may come before Python looks for it."""
    while True:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=5)[1]
