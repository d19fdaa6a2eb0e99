"""`palestra export` as a user meets it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest
from tests.interchange.exports.making import battle, user
from tests.support.cli import palestra, rows

from palestra.cli.app import main
from palestra.store.arena_battles import BattleTable
from palestra.store.database import Database

if TYPE_CHECKING:
    from pathlib import Path

FOUGHT = [
    *[battle(prompt=f"p{n}", question_id=str(n)) for n in range(8)],
    battle("tie", prompt="p0"),
    battle("model_b", prompt="p1"),
    battle(prompt="p2", flags=["identity_leak"]),
    battle(prompt="p3", anonymous=False),
    battle(prompt="p4", a=None),
]
LINES = "".join(f"{one.json_line()}\n" for one in FOUGHT)
REPORT = """\
read 13 battles, of which 10 of 8 prompts count
  dropped: 1 in which an answer tells who wrote it, 1 whose voter knew which models met, 1 without their texts
8 pairs of answers, of which 7 count
  dropped: 1 as good as each other
7 rows, of which 7 are kept
train: 7 rows of 7 prompts; the better answer is longer in 7, shorter in 0
"""


@pytest.fixture
def battles(tmp_path: Path) -> Path:
    path = tmp_path / "battles.jsonl"
    path.write_text(LINES, encoding="utf-8")
    return path


def test_it_says_what_it_read_left_out_and_wrote(battles: Path, tmp_path: Path) -> None:
    said = palestra("export", "dpo", battles, "-o", "pairs.jsonl", cwd=tmp_path).stdout
    assert said == REPORT + "wrote pairs.jsonl\n"
    found = rows(tmp_path / "pairs.jsonl")
    assert len(found) == 7
    assert [set(row) for row in found] == [{"prompt", "chosen", "rejected"}] * 7
    assert found[0]["chosen"][0]["role"] == "assistant"


def test_a_dry_run_counts_and_writes_nothing(battles: Path, tmp_path: Path) -> None:
    said = palestra("export", "dpo", battles, "--dry-run", "-o", "pairs.jsonl", cwd=tmp_path).stdout
    assert said == REPORT
    assert list(tmp_path.iterdir()) == [battles]


def test_from_standard_input_to_standard_output(tmp_path: Path) -> None:
    done = palestra(
        "export", "kto", "-", "-o", "-", "--style", "plain", "--limit", "3", cwd=tmp_path, stdin=LINES
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [set(row) for row in found] == [{"prompt", "completion", "label"}] * 3
    assert done.stderr.startswith("read 13 battles")


def test_the_votes_of_a_web_arena_are_read_beside_files(battles: Path, tmp_path: Path) -> None:
    numbered = [one.model_copy(update={"battle_id": f"b{n}"}) for n, one in enumerate(FOUGHT)]
    with Database(tmp_path / "arena.db") as database:
        BattleTable(database).insert(numbered)
    said = palestra("export", "dpo", "--db", "arena.db", "-o", "votes.jsonl", cwd=tmp_path).stdout
    assert said == REPORT + "wrote votes.jsonl\n"
    wishes = ["--min-battles", "2", "-o", "set"]
    palestra("export", "dpo", battles, "--db", "arena.db", *wishes, cwd=tmp_path)
    card = (tmp_path / "set" / "README.md").read_text(encoding="utf-8")
    assert "- the web arena of arena.db: 10 battles" in card
    assert "- battles.jsonl: 10 battles" in card


def test_a_folder_says_what_was_asked_for(battles: Path, tmp_path: Path) -> None:
    wishes = ["--test-share", "0.4", "--seed", "3", "--title", "Mine", "--license", "mit", "--balance-length"]
    models = ["--model-license", "A=apache-2.0", "--near", "0.9", "--min-judges", "1"]
    other = battle("model_b", "x", "yz", prompt=[user("q")])
    short = battle("model_b", "longer", "x", prompt="short one")
    battles.write_text(LINES + f"{other.json_line()}\n{short.json_line()}\n", encoding="utf-8")
    said = palestra("export", "reward", battles, "-o", "set", *wishes, *models, cwd=tmp_path).stdout
    assert said.endswith("wrote set/README.md\n")
    card = (tmp_path / "set" / "README.md").read_text(encoding="utf-8")
    for line in (
        "pretty_name: Mine",
        "license: mit",
        "| A | not known | apache-2.0 |",
        "| seed | 3 |",
        "| test share | 0.4 |",
        "| near | 0.9 |",
        "- the better answer is longer as often as it is shorter",
    ):
        assert line in card


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["dpo", "-o", "x.jsonl"], 2, "no battles to read"),
        (["dpo", "battles.jsonl"], 2, "--out: nowhere to write to"),
        (["dpo", "-", "-", "-o", "x.jsonl"], 2, "standard input can be read once only"),
        (["dpo", "battles.jsonl", "-o", "x.txt"], 2, "x.txt: --out: .txt is no kind of file"),
        (["dpo", "battles.jsonl", "-o", "x.jsonl", "--source", "humans"], 2, "did you mean 'human'?"),
        (
            ["dpo", "battles.jsonl", "-o", "x.jsonl", "--model-license", "mit"],
            2,
            "--model-license: cannot read 'mit'",
        ),
        (["dpo", "battles.jsonl", "-o", "x.jsonl", "--language", "pl"], 4, "no row is left to export"),
        (["dpo", "bad.jsonl", "-o", "x.jsonl"], 4, "bad.jsonl:2: winner: unknown winner 'A'"),
        (["dpo", "missing.jsonl", "-o", "x.jsonl"], 4, "missing.jsonl: cannot be opened: No such file"),
        (["dpo", "--db", "missing.db", "-o", "x.jsonl"], 7, "missing.db: no such database"),
    ],
)
def test_mistakes_are_told(
    arguments: list[str],
    code: int,
    said: str,
    battles: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    bad = '{"model_a": "A", "model_b": "B", "winner": "A"}\n'
    (tmp_path / "bad.jsonl").write_text(FOUGHT[0].json_line() + "\n" + bad, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["palestra", "export", *arguments])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == code
    assert said in capsys.readouterr().err
    assert {path.name for path in tmp_path.iterdir()} == {"battles.jsonl", "bad.jsonl"}
