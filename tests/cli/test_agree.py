from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.report.agreeing import made_up
from tests.support.cli import palestra, rows

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("agree")
    verdicts, votes, _ = made_up(0, side=0.5, length=1.0, n=120, models=4)
    for name, told in (("judge.jsonl", verdicts), ("votes.jsonl", votes)):
        (folder / name).write_text("".join(json.dumps(row) + "\n" for row in told))
    return folder


def test_it_prints_tables(files: Path) -> None:
    shown = palestra("agree", "judge.jsonl", "--human", "votes.jsonl", "--rounds", "50", cwd=files).stdout
    assert shown.startswith("=== AGREEMENT ===\n1 judge against ")
    assert "\nJ " in shown
    assert "\npeople " in shown
    assert "Fleiss' kappa among people" in shown


@pytest.mark.parametrize(
    ("name", "start"), [("a.json", "{"), ("a.csv", "category,"), ("a.md", "# Agreement"), ("a", "===")]
)
def test_the_ending_of_the_file_decides_its_form(name: str, start: str, files: Path, tmp_path: Path) -> None:
    out = tmp_path / name
    done = palestra("agree", "judge.jsonl", "--human", "votes.jsonl", "--rounds", "2", "-o", out, cwd=files)
    assert done.stdout == ""
    assert out.read_text(encoding="utf-8").startswith(start)


def test_json_says_how_intervals_were_made_and_reads_standard_input(files: Path) -> None:
    told = palestra(
        "agree", "-", "--gold", "votes.jsonl", "--format", "json", "--rounds", "20", "--level", "0.9",
        "--seed", "7", "--cluster", "matchup", "--family", "J=m0,m1", "--by", "none",
        "--filter", "model_a <> 'm3'",
        cwd=files, stdin=(files / "judge.jsonl").read_text(),
    ).stdout  # fmt: skip
    found = json.loads(told)
    made = found["interval"]
    assert (made["kind"], made["level"], made["rounds"], made["seed"], made["cluster"]) == (
        "bootstrap", 0.9, 20, 7, "matchup"
    )  # fmt: skip
    assert found["reference"] == "gold"
    (judge,) = found["overall"]["judges"]
    kept = [row for row in rows(files / "judge.jsonl") if row["model_a"] != "m3"]
    assert judge["coverage"]["n_verdicts"] == len(kept)
    assert judge["own_family"]["models"] == ["m0", "m1"]


def test_a_run_folder_is_held_against_people(files: Path, tmp_path: Path) -> None:
    palestra("demo", "--quiet", cwd=tmp_path)
    votes = tmp_path / "votes.jsonl"
    with votes.open("w") as file:
        for row in rows(tmp_path / "runs" / "demo" / "battles.jsonl"):
            vote = {name: row[name] for name in ("question_id", "model_a", "model_b", "winner")}
            file.write(json.dumps({**vote, "source": "human"}) + "\n")
    found = json.loads(
        palestra(
            "agree", "runs/demo", "--human", votes, "--format", "json", "--rounds", "2", cwd=tmp_path
        ).stdout
    )
    (judge,) = found["overall"]["judges"]
    assert (judge["votes"]["with_ties"]["value"], judge["position"]["consistency"]["n"]) == (1, 192)
    assert (judge["coverage"]["n_verdicts"], judge["coverage"]["n_joined"]) == (384, 192)
    assert judge["length"]["log_odds"]["value"] is not None
    assert len(found["categories"]) == 9


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["judge.jsonl"], 2, "either --human"),
        (["-", "--human", "-"], 2, "standard input can be read once only"),
        (["judge.jsonl", "--human", "votes.jsonl", "--family", "J"], 2, "cannot read 'J'"),
        (["nowhere.jsonl", "--human", "votes.jsonl"], 4, "nowhere.jsonl: cannot be opened"),
    ],
)
def test_a_mistake_is_told_in_one_message(arguments: list[str], code: int, said: str, files: Path) -> None:
    done = palestra("agree", *arguments, cwd=files, code=code, stdin="")
    assert done.stderr.startswith("Error: ")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
