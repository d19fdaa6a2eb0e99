"""What holds for every command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.support.cli import clean_environment, palestra

if TYPE_CHECKING:
    from pathlib import Path

BATTLE = json.dumps({"model_a": "Ä", "model_b": "Ω", "winner": "model_a"}) + "\n"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_pipes_get_utf8_whatever_the_locale_is(encoding: str, tmp_path: Path) -> None:
    env = {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    done = palestra("rank", "-", "--format", "json", cwd=tmp_path, stdin=BATTLE, env=env)
    assert [row["model"] for row in json.loads(done.stdout)["ratings"]] == ["Ä", "Ω"]


def test_a_file_may_have_any_name(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.jsonl")
    (tmp_path / name).write_text(BATTLE)
    assert "Ω" in palestra("rank", name, cwd=tmp_path).stdout
    (tmp_path / name).write_text(BATTLE.replace('model_a"}', 'left"}'))
    said = palestra("rank", name, cwd=tmp_path, code=4).stderr
    assert said.startswith("Error: caf\\udce9.jsonl:1: winner: unknown winner 'left'")


def test_a_mistake_in_the_command_line_is_one_message(tmp_path: Path) -> None:
    done = palestra("rank", "x", "--method", "elho", cwd=tmp_path, code=2)
    assert done.stderr == (
        "Error: Invalid value for '--method': 'elho' is not one of 'bradley-terry', 'davidson', "
        "'rao-kupper', 'win-rate', 'gladiator', 'elo', 'elo-average', 'size-elo', 'length-controlled'.\n"
        "  `palestra rank --help` says what there is\n"
    )
    assert palestra("rnk", cwd=tmp_path, code=2).stderr.startswith("Error: No such command 'rnk'.")


def test_without_a_command_the_help_is_shown(tmp_path: Path) -> None:
    done = palestra(cwd=tmp_path, code=2)
    assert "Commands" in done.stdout
    assert done.stderr == ""


def test_the_version_is_told(tmp_path: Path) -> None:
    assert palestra("--version", cwd=tmp_path).stdout.startswith("palestra ")


def test_an_interrupt_is_no_traceback(tmp_path: Path) -> None:
    """While it waits for battles that do not come."""
    child = subprocess.Popen(
        [sys.executable, "-m", "palestra", "rank", "-"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env=clean_environment(),
        text=True,
    )
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(2)
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=60)
    assert (child.returncode, err) == (130, "Stopped.\n")
