from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from palestra.config.schema import PromptSource
from palestra.errors import DataError
from palestra.interchange.rows import Row
from palestra.prompts.files import read_prompts
from palestra.prompts.shapes import Defaults, prompt_of_row
from palestra.records.prompt import Prompt

if TYPE_CHECKING:
    from pathlib import Path

Read = Callable[..., list[Prompt]]


def turns(prompt: Prompt) -> list[tuple[str, str]]:
    return [(message.role, message.content) for message in prompt.messages]


@pytest.mark.parametrize(
    ("row", "expected", "reference"),
    [
        ({"query": "q"}, [("user", "q")], None),
        ({"query": "q", "response": "r"}, [("user", "q")], "r"),
        ({"instruction": "i", "input": "", "output": "o"}, [("user", "i")], "o"),
        ({"instruction": "i", "input": "more"}, [("user", "i\n\nmore")], None),
        ({"prompt": "p", "reference": "r", "response": "no"}, [("user", "p")], "r"),
        ({"prompt": [{"role": "user", "content": "p"}]}, [("user", "p")], None),
        ({"question": "6 × 7?", "answer": 42}, [("user", "6 × 7?")], "42"),
        ({"question": "q", "answer": ["no", "text"]}, [("user", "q")], None),
        ({"turns": ["a", "b"]}, [("user", "a"), ("user", "b")], None),
        ({"turns": ["a", "b"], "reference": ["ra", "rb"]}, [("user", "a"), ("user", "b")], "rb"),
        ({"turns": [{"content": "a"}]}, [("user", "a")], None),
        (
            {"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}]},
            [("system", "s"), ("user", "u")],
            None,
        ),
        (
            {"messages": [{"role": "user", "content": "u"}, {"role": "assistant", "content": "a"}]},
            [("user", "u")],
            "a",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "u"}, "v"]}]},
            [("user", "u\nv")],
            None,
        ),
        (
            {
                "conversations": [
                    {"from": "system", "value": "s"},
                    {"from": "human", "value": "a"},
                    {"from": "gpt", "value": "b"},
                    {"from": "human", "value": "c"},
                    {"from": "gpt", "value": "d"},
                ]
            },
            [("system", "s"), ("user", "a"), ("assistant", "b"), ("user", "c")],
            "d",
        ),
        ({"system_prompt": "s", "question": "q"}, [("system", "s"), ("user", "q")], None),
        ({"prompt": None, "question": "q"}, [("user", "q")], None),
        ({"prompt": "  kept as it is\n"}, [("user", "  kept as it is\n")], None),
    ],
)
def test_common_shapes(
    read: Read, row: dict[str, Any], expected: list[tuple[str, str]], reference: str | None
) -> None:
    (prompt,) = read(row)
    assert turns(prompt) == expected
    assert prompt.reference == reference


def test_a_named_field_alone_is_the_prompt(read: Read) -> None:
    row = {"prompt": "no", "instruction": "yes", "input": "no", "output": "r"}
    (prompt,) = read(row, field="instruction")
    assert turns(prompt) == [("user", "yes")]
    assert prompt.reference == "r"


@pytest.mark.parametrize("column", ["question_id", "id", "instruction_id", "uid"])
def test_the_id_comes_from_the_row(read: Read, column: str) -> None:
    prompts = read({column: 81, "prompt": "a"}, {column: "x-1", "prompt": "b"}, {column: 7.0, "prompt": "c"})
    assert [prompt.question_id for prompt in prompts] == ["81", "x-1", "7"]


def test_without_an_id_the_content_is_hashed(read: Read) -> None:
    (prompt,) = read({"prompt": "p", "id": None, "category": "left out of it"})
    digest = hashlib.sha256(b'[["user","p"]]').hexdigest()
    assert prompt.question_id == digest[:16]


def test_facts_are_carried_and_the_config_wins(read: Read) -> None:
    row = {"prompt": "p", "category": "c", "subset": "s", "lang": "it", "dataset": "d"}
    (prompt,) = read(row)
    assert (prompt.category, prompt.subset, prompt.language, prompt.dataset) == ("c", "s", "it", "d")
    (prompt,) = read(row, subset="mine", dataset="own")
    assert (prompt.subset, prompt.dataset) == ("mine", "own")
    (prompt,) = read({"prompt": "p", "category": ""})
    assert (prompt.category, prompt.subset, prompt.dataset) == (None, None, "file")


def test_csv_holds_lists_as_json_text(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["question_id", "turns", "category"])
        writer.writerow(["007", json.dumps(["null", "NaN"]), "null"])
    (prompt,) = read_prompts(PromptSource(path=path), seed=0, base_dir=tmp_path)
    assert (prompt.question_id, prompt.category) == ("007", "null")
    assert turns(prompt) == [("user", "null"), ("user", "NaN")]


@pytest.mark.parametrize(
    ("row", "key", "message", "hint"),
    [
        ({"promt": "p", "x": 1}, None, "no column holds a prompt; the columns are: 'promt', 'x'", "'prompt'"),
        ({"prompt": "  "}, "prompt", "the text is empty", None),
        ({"prompt": 42}, "prompt", "the prompt is the number 42", None),
        ({"prompt": None}, "prompt", "the prompt is null", None),
        ({"prompt": {"text": "p"}}, "prompt", "the prompt is an object", None),
        ({"messages": []}, "messages", "the prompt is an empty list", None),
        ({"messages": "not JSON"}, "messages", "expected a JSON list", None),
        ({"messages": [1]}, "messages[0]", "a turn is the number 1", None),
        ({"messages": [{"role": "user"}]}, "messages[0]", "the text is null", None),
        ({"messages": [{"role": "uzer", "content": "p"}]}, "messages[0]", "unknown role 'uzer'", "'user'"),
        ({"messages": [{"role": 1, "content": "p"}]}, "messages[0]", "unknown role 1", None),
        (
            {"messages": [{"role": "system", "content": "s"}]},
            "messages",
            "does not end with a user turn",
            None,
        ),
        ({"messages": [{"role": "assistant", "content": "s"}]}, "messages", "does not end with a user", None),
        ({"prompt": [{"content": [{"type": "image"}]}]}, "prompt[0]", "a part is image; only texts", None),
        ({"turns": ["a", ""]}, "turns[1]", "the text is empty", None),
        ({"turns": ["a", "b"], "reference": ["r"]}, "reference", "1 references for 2 turns", None),
        ({"prompt": "p", "reference": {"a": 1}}, "reference", "the reference is an object", None),
        ({"prompt": "p", "id": 1.5}, "id", "the id is the number 1.5", None),
        ({"prompt": "p", "id": True}, "id", "the id is a truth value", None),
        ({"prompt": "p", "id": ["a"]}, "id", "the id is a list", None),
    ],
)
def test_what_cannot_be_used_is_named_with_file_line_and_column(
    read: Read, tmp_path: Path, row: dict[str, Any], key: str | None, message: str, hint: str | None
) -> None:
    with pytest.raises(DataError) as caught:
        read({"prompt": "fine"}, row)
    error = caught.value
    assert (error.path, error.line, error.key) == (str(tmp_path / "file.jsonl"), 2, key)
    assert message in error.message
    assert hint is None or hint in (error.hint or "")


def test_an_unknown_field_names_the_columns_that_are_there(read: Read) -> None:
    with pytest.raises(DataError, match="there is no column 'instrution'; there are: instruction") as caught:
        read({"instruction": "i"}, field="instrution")
    assert "did you mean 'instruction'?" in str(caught.value)


def test_answers_beside_prompts_need_not_be_references() -> None:
    row = Row(1, {"instruction": "2 + 2?", "output": "Four."})
    assert prompt_of_row(row, "f", Defaults(dataset="d"))[0].reference == "Four."
    assert prompt_of_row(row, "f", Defaults(dataset="d", references=False))[0].reference is None


def test_references_are_kept_turn_by_turn() -> None:
    row = Row(1, {"turns": ["2 + 2?", "And 3?"], "reference": ["Four.", "Seven."]})
    prompt, _ = prompt_of_row(row, "f", Defaults(dataset="d"))
    assert (prompt.reference, prompt.references) == ("Seven.", ("Four.", "Seven."))
