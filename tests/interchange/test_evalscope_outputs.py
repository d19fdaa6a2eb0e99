"""EvalScope's output folders: which dataset and subset a file is of, and what its rows say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.evalscope import prediction, review, write_lines

from palestra.errors import DataError
from palestra.interchange.evalscope_outputs import output_files

if TYPE_CHECKING:
    from pathlib import Path


def rows(path: Path) -> list[dict[str, Any]]:
    return [row.data for file in output_files(path) for row in file.rows()]


def test_answers_and_references_are_brought_together_by_index(tmp_path: Path) -> None:
    run = tmp_path / "outputs" / "20250702_204346"
    write_lines(
        run / "predictions" / "m" / "general_qa_example.jsonl",
        [prediction(1, "Who?", "She."), prediction(0, "Why?", "Because.", thinking="Hm.")],
    )
    write_lines(
        run / "reviews" / "m" / "general_qa_example.jsonl",
        [review(0, "Why?", "Because.", target="Since."), review(1, "Who?", "She.", target="")],
    )
    who, why = rows(run / "predictions" / "m")
    assert why["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Why?"},
    ]
    assert (why["response"], why["thinking"], why["reference"]) == ("Because.", "Hm.", "Since.")
    assert (why["tokens_in"], why["tokens_out"], why["latency_ms"]) == (7, 11, 1500.0)
    assert (why["dataset"], why["subset"], why["finish_reason"]) == ("general_qa", "example", "stop")
    assert who["reference"] is None


@pytest.mark.parametrize("part", ["predictions", "reviews", "reports"])
def test_any_of_a_models_folders_leads_to_its_answers(part: str, tmp_path: Path) -> None:
    write_lines(tmp_path / "predictions" / "m" / "qa_x.jsonl", [prediction(0, "Why?", "Because.")])
    assert [row["response"] for row in rows(tmp_path / part / "m")] == ["Because."]
    assert [row["response"] for row in rows(tmp_path)] == ["Because."]
    assert [row["response"] for row in rows(tmp_path / "predictions" / "m" / "qa_x.jsonl")] == ["Because."]


def test_reviews_alone_will_do(tmp_path: Path) -> None:
    write_lines(tmp_path / "reviews" / "m" / "qa_x.jsonl", [review(0, "Why?", "Because.", target="Since.")])
    (row,) = rows(tmp_path / "predictions" / "m")
    assert row["messages"] == [{"role": "user", "content": "Why?"}]
    assert (row["response"], row["reference"]) == ("Because.", "Since.")


@pytest.mark.parametrize(
    ("names", "reports", "expected"),
    [
        (
            ["general_qa_arena", "general_qa_example"],
            [],
            [("general_qa", "arena"), ("general_qa", "example")],
        ),
        (["general_qa_arena"], [], [("general_qa", "arena")]),
        (["general_qa_my_set"], ["general_qa"], [("general_qa", "my_set")]),
        (["qa_a", "qa_big_b"], ["qa", "qa_big"], [("qa", "a"), ("qa_big", "b")]),
        (["gsm8k_main", "arc_easy"], [], [("arc", "easy"), ("gsm8k", "main")]),
        (["plain"], [], [("plain", "default")]),
    ],
)
def test_dataset_and_subset_are_told_apart(
    names: list[str], reports: list[str], expected: list[tuple[str, str]], tmp_path: Path
) -> None:
    for name in names:
        write_lines(tmp_path / "predictions" / "m" / f"{name}.jsonl", [prediction(0, "Why?", "So.")])
    for name in reports:
        write_lines(tmp_path / "reports" / "m" / f"{name}.json", [{"dataset_name": name}])
    assert [(file.dataset, file.subset) for file in output_files(tmp_path / "predictions" / "m")] == expected


def test_an_answer_that_failed_keeps_its_reason(tmp_path: Path) -> None:
    row = prediction(0, "Why?", "")
    row["model_output"] |= {"choices": [], "error": "content moderation"}
    write_lines(tmp_path / "predictions" / "m" / "qa_x.jsonl", [row])
    (told,) = rows(tmp_path)
    assert told["failure"] == {"kind": "other", "message": "content moderation"}


def test_other_files_and_folders_are_none_of_its_business(tmp_path: Path) -> None:
    write_lines(tmp_path / "data" / "train.jsonl", [{"query": "Why?"}])
    assert output_files(tmp_path / "data") == []
    assert output_files(tmp_path / "data" / "train.jsonl") == []
    assert output_files(tmp_path / "nowhere") == []


def test_a_run_of_several_models_needs_one_named(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_lines(tmp_path / "predictions" / name / "qa_x.jsonl", [prediction(0, "Why?", "So.")])
    with pytest.raises(DataError, match="several models: a, b"):
        output_files(tmp_path)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{", "JSON"),
        (json.dumps({"index": 1}), "neither a prediction"),
        (json.dumps({"model_output": {}, "messages": []}), "no user's message"),
        (json.dumps({"model_output": 3, "messages": []}), "neither a prediction"),
    ],
)
def test_a_damaged_row_is_named_with_its_line(line: str, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "predictions" / "m" / "qa_x.jsonl"
    write_lines(path, [prediction(0, "Why?", "So.")])
    with path.open("a") as file:
        file.write(line + "\n")
    with pytest.raises(DataError, match=problem) as caught:
        rows(tmp_path)
    assert caught.value.line == 2
