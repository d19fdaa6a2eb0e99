from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import pytest
from tests.report.sample import arena, board, rating

from palestra.errors import DataError
from palestra.records.prompt import Message, Prompt
from palestra.report.read import RunFolder, open_folder

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return arena(["a", "b"], 3).write(tmp_path / "run")


def _read_all(run: RunFolder) -> None:
    for rows in (run.prompts(), run.responses(), run.verdicts(), run.battles()):
        for _ in rows:
            pass


def test_a_folder_reads_back_as_it_was_written(tmp_path: Path) -> None:
    made = arena(["a", "b"], 3)
    made.board = board([rating("a", 1), rating("b", 2)], 3)
    made.groups = {"subset": {"law": made.board}}
    made.prompts = [
        Prompt(question_id="q0", messages=(Message(role="user", content="Why?"),), reference="42")
    ]
    run = open_folder(made.write(tmp_path / "run"))
    assert list(run.responses()) == made.responses
    assert list(run.verdicts()) == made.verdicts
    assert list(run.battles()) == made.battles
    assert list(run.prompts()) == made.prompts
    assert run.board == made.board
    assert run.groups == made.groups
    assert (run.manifest.arena, run.config["arena"]) == ("sample", {"name": "sample"})


def test_rows_are_read_one_at_a_time(folder: Path) -> None:
    with (folder / "battles.jsonl").open("a") as file:
        file.write("broken\n")
    battles = open_folder(folder).battles()
    assert [next(battles).question_id for _ in range(3)] == ["q0", "q1", "q2"]
    with pytest.raises(DataError):
        next(battles)


def test_a_run_without_a_single_verdict_is_whole(folder: Path) -> None:
    (folder / "verdicts.jsonl").write_text("")
    assert list(open_folder(folder).verdicts()) == []


def test_a_rating_that_is_no_number_comes_back_as_nan(tmp_path: Path) -> None:
    made = arena(["a", "b"], 1)
    made.board = board([rating("a", 1, math.nan)])
    (row,) = open_folder(made.write(tmp_path)).board.ratings
    assert math.isnan(row.rating)


def test_a_folder_that_is_not_there_or_is_a_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        open_folder(tmp_path / "nowhere")
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="not a folder"):
        open_folder(tmp_path / "file")


@pytest.mark.parametrize(
    "name",
    [
        "config.yaml",
        "manifest.json",
        "responses.jsonl",
        "verdicts.jsonl",
        "battles.jsonl",
        "leaderboard.json",
    ],
)
def test_each_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(DataError) as caught:
        open_folder(folder)
    assert caught.value.path == str(folder / name)
    assert "palestra run" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "damage", "line", "key"),
    [
        ("battles.jsonl", '{"model_a": "a", "model_b": "b", "winner": "nobody"}', 1, "winner"),
        ("battles.jsonl", '\n{"model_a": "a", "model_b"', 2, None),
        ("responses.jsonl", "[]", 1, None),
        ("verdicts.jsonl", '{"key": "k"}', 1, "question_id"),
        ("manifest.json", "{\n]", 2, None),
        ("manifest.json", "{}", None, "palestra"),
        ("manifest.json", "[" * 100_000, None, None),
        ("leaderboard.json", "[]", None, None),
        ("leaderboard.json", "{}", None, None),
        ("leaderboard.json", '{"ratings": [1]}', None, None),
        ("leaderboard.json", '{"ratings": []}', None, "method"),
        ("leaderboard.json", '{"ratings": [], "groups": []}', None, "method"),
        ("leaderboard.json", '{"ratings": [], "groups": [1]}', None, "groups"),
        ("leaderboard.json", '{"groups": {"subset": {"law": {}}}}', None, "groups.subset.law"),
        ("manifest.json", f'{{"seed": {"9" * 5000}}}', None, None),
        ("manifest.json", '{"arena": "\\ud800"}', None, None),
        ("config.yaml", "a: [", 1, None),
        ("config.yaml", "a: &a [*a]", 1, "a.0"),
        ("config.yaml", "- a", 1, None),
        ("config.yaml", "", None, None),
    ],
)
def test_damage_is_named_with_its_place(
    folder: Path, name: str, damage: str, line: int | None, key: str | None
) -> None:
    (folder / name).write_text(damage)
    with pytest.raises(DataError) as caught:
        _read_all(open_folder(folder))
    assert caught.value.path == str(folder / name)
    assert (caught.value.line, caught.value.key) == (line, key)


@pytest.mark.parametrize("name", ["manifest.json", "config.yaml", "battles.jsonl"])
def test_a_file_that_is_not_utf8_is_named(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b'{"a": "\xff"}')
    with pytest.raises(DataError, match="not UTF-8"):
        _read_all(open_folder(folder))


def test_what_a_row_holds_is_never_quoted_in_an_error(folder: Path) -> None:
    row = {"model_a": "a", "model_b": "b", "winner": "tie", "weight": "canary-key"}
    (folder / "battles.jsonl").write_text(json.dumps(row))
    with pytest.raises(DataError) as caught:
        _read_all(open_folder(folder))
    assert "canary-key" not in str(caught.value)


def test_a_prompt_without_messages_is_refused(folder: Path) -> None:
    (folder / "prompts.jsonl").write_text('{"question_id": "q0", "messages": []}\n')
    with pytest.raises(DataError, match="at least 1 item") as caught:
        list(open_folder(folder).prompts())
    assert (caught.value.line, caught.value.key) == (1, "messages")
