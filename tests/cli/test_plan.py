from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.support.cli import palestra, rows

if TYPE_CHECKING:
    from pathlib import Path


def met(a: str, b: str, language: str, wins: int, losses: int, ties: int = 0) -> list[dict[str, str]]:
    """Battles of two models, half of them shown the other way round."""
    side = {"model_a": "model_b", "model_b": "model_a", "tie": "tie"}
    results = ["model_a"] * wins + ["model_b"] * losses + ["tie"] * ties
    return [
        {"model_a": b, "model_b": a, "winner": side[winner], "language": language}
        if number % 2
        else {"model_a": a, "model_b": b, "winner": winner, "language": language}
        for number, winner in enumerate(results)
    ]


ROWS = [*met("A", "B", "en", 30, 24), *met("B", "C", "de", 60, 10, 6)]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS)


@pytest.fixture
def battles(tmp_path: Path) -> Path:
    path = tmp_path / "battles.jsonl"
    path.write_text(LINES, encoding="utf-8")
    return path


def test_json_has_the_whole_plan(battles: Path, tmp_path: Path) -> None:
    made = json.loads(palestra("plan", battles, "--format", "json", cwd=tmp_path).stdout)
    assert (made["n_battles"], made["n_models"], made["level"], made["chance"]) == (130, 3, 0.95, 0.8)
    first, second = made["pairs"]
    assert (first["model_a"], first["model_b"], first["n_battles"]) == ("A", "B", 54)
    assert (first["told_apart"], second["told_apart"], second["more_battles"]) == (False, True, 0)
    assert first["more_battles"] > 54
    assert first["why"] is None
    flip = made["flip"]
    assert (flip["leader"], flip["runner_up"], flip["losses"], flip["reversals"], flip["exact"]) == (
        "A",
        "B",
        7,
        4,
        True,
    )
    assert made["separability"] == pytest.approx(2 / 3)
    assert made["battles_to_target"] > 0
    assert (made["next"], made["warnings"]) == ([], [])


def test_the_table_for_people(battles: Path, tmp_path: Path) -> None:
    text = palestra("plan", battles, "--next", "3", cwd=tmp_path).stdout
    assert text.startswith("=== PLAN ===\n130 battles, failed verdicts not known, 3 models\n")
    assert "A leads B by 38.8 points. The first place changes with\n  7 more battles lost against it" in text
    assert "\n  4 of the votes there are going the other way" in text
    assert "Separability 66.7 %; about " in text
    assert text.count("\nNext battles\n") == 1
    assert len(text.partition("Propensity\n")[2].splitlines()) == 4


def test_pairs_to_battle_next_are_written_with_their_chances(battles: Path, tmp_path: Path) -> None:
    done = palestra(
        "plan",
        battles,
        "--next",
        "50",
        "--seed",
        "3",
        "--out",
        "next.jsonl",
        "--format",
        "json",
        cwd=tmp_path,
    )
    written = rows(tmp_path / "next.jsonl")
    assert written == json.loads(done.stdout)["next"]
    assert len(written) == 50
    assert set(written[0]) == {"model_a", "model_b", "propensity"}
    chance = {frozenset((row["model_a"], row["model_b"])): row["propensity"] for row in written}
    assert sum(chance.values()) == pytest.approx(1)
    assert max(chance, key=lambda pair: chance[pair]) == frozenset("AC")  # they never met
    palestra("plan", battles, "--next", "50", "--seed", "3", "--out", "again.jsonl", cwd=tmp_path)
    assert rows(tmp_path / "again.jsonl") == written


def test_models_can_be_favoured_and_left_out(battles: Path, tmp_path: Path) -> None:
    palestra("plan", battles, "--next", "9", "--favour", "C=0", "--out", "next.jsonl", cwd=tmp_path)
    assert {frozenset((row["model_a"], row["model_b"])) for row in rows(tmp_path / "next.jsonl")} == {
        frozenset("AB")
    }


def test_filter_pairs_and_standard_input(tmp_path: Path) -> None:
    done = palestra(
        "plan",
        "-",
        "--filter",
        "language = 'de'",
        "--pairs",
        "5",
        "--format",
        "json",
        cwd=tmp_path,
        stdin=LINES,
    )
    made = json.loads(done.stdout)
    assert (made["n_battles"], [pair["model_a"] for pair in made["pairs"]]) == (76, ["B"])


def test_infinite_and_unknown_numbers_are_null_with_the_reason(tmp_path: Path) -> None:
    even = "".join(json.dumps(row) + "\n" for row in met("A", "B", "en", 40, 40))
    made = json.loads(palestra("plan", "-", "--format", "json", cwd=tmp_path, stdin=even).stdout)
    assert (made["pairs"][0]["more_battles"], made["pairs"][0]["why"]) == (None, "equal ratings")
    text = palestra("plan", "-", cwd=tmp_path, stdin=even).stdout
    assert "A and B share the first place" in text
    assert "90 % cannot be reached, too many ratings are equal" in text


def test_a_run_folder_is_taken_by_prompt(tmp_path: Path) -> None:
    palestra("demo", "--quiet", cwd=tmp_path)
    made, alone = (
        json.loads(palestra("plan", "runs/demo", *more, "--format", "json", cwd=tmp_path).stdout)
        for more in ([], ["--cluster", "none"])
    )
    assert (made["cluster"], alone["cluster"]) == ("question_id", None)
    assert made["n_failed"] is not None
    assert made["flip"] == alone["flip"]
    assert made["pairs"][0]["chance_better"] != alone["pairs"][0]["chance_better"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["none.jsonl"], 4, "none.jsonl"),
        (["battles.jsonl", "--out", "x.jsonl"], 2, "say how many with --next"),
        (["battles.jsonl", "--next", "2", "--out", "none/x.jsonl"], 2, "cannot be written"),
        (["battles.jsonl", "--next", "2", "--favour", "A"], 2, "--favour Llama=2"),
        (["battles.jsonl", "--next", "2", "--favour", "A=-1"], 2, "--favour"),
        (["battles.jsonl", "--next", "2", "--favour", "a=2"], 2, "known: A, B, C"),
        (["battles.jsonl", "--chance", "0.3"], 2, "a chance of 0.3"),
        (["battles.jsonl", "--separability", "90"], 2, "a separability of 90.0"),
        (["battles.jsonl", "--level", "95"], 2, "level"),
        (["battles.jsonl", "--next", "1", "--floor", "2"], 2, "a floor of 2.0"),
    ],
)
def test_a_mistake_is_one_message_and_its_exit_code(
    arguments: list[str], code: int, words: str, battles: Path, tmp_path: Path
) -> None:
    done = palestra("plan", *arguments, cwd=tmp_path, code=code)
    assert words in done.stderr
    assert "Traceback" not in done.stderr
