from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.support import require

from palestra.config.endpoint import ModelConfig
from palestra.errors import DataError
from palestra.models.answers import read_answers
from palestra.models.base import Request
from palestra.models.registry import make_model
from palestra.records.failure import Failure, FailureKind
from palestra.records.keys import response_key
from palestra.records.prompt import Message
from palestra.records.response import Response

if TYPE_CHECKING:
    from pathlib import Path

    from palestra.models.base import Model


def user(*texts: str) -> tuple[Message, ...]:
    """User and assistant by turns."""
    return tuple(Message(role="assistant" if n % 2 else "user", content=t) for n, t in enumerate(texts))


def ask(question_id: str = "q1", text: str = "Why?", repeat: int = 0) -> Request:
    return Request(question_id, user(text), repeat=repeat, key="k")


def lines(folder: Path, *rows: Any, name: str = "answers.jsonl") -> Path:
    file = folder / name
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def model(file: Path, **facts: Any) -> Model:
    config = {"endpoint_type": "recorded", "label": "M", "path": file.name, **facts}
    return make_model(ModelConfig.model_validate(config), env={}, base_dir=file.parent)


async def test_our_own_responses_are_replayed(tmp_path: Path) -> None:
    failure = Failure(kind=FailureKind.TIMEOUT, message="late", status=None)
    shared: dict[str, Any] = {"model": "M", "latency_ms": 12.5, "tokens_in": 3, "tokens_out": 4}
    rows = [
        Response(key="a", question_id="q1", text="One.", thinking="Hm.", finish_reason="stop", **shared),
        Response(key="b", question_id="q1", repeat=1, text="Two.", cost_usd=0.5, **shared),
        Response(key="c", question_id="q2", failure=failure, **shared),
        Response(key="d", question_id="q1", model="Other", text="Not this."),
    ]
    file = tmp_path / "responses.jsonl"
    file.write_text("".join(row.json_line() + "\n" for row in rows), encoding="utf-8")
    recorded = model(file)
    first = await recorded.generate(ask())
    assert (first.text, first.thinking, first.finish_reason) == ("One.", "Hm.", "stop")
    assert (first.latency_ms, first.tokens_in, first.tokens_out, first.key) == (12.5, 3, 4, "k")
    second = await recorded.generate(ask(repeat=1))
    assert (second.text, second.cost_usd) == ("Two.", None)
    third = await recorded.generate(ask("q2"))
    assert (third.text, third.failure) == (None, failure)
    missing = await recorded.generate(ask("q3"))
    assert missing.failure is not None
    assert missing.failure.kind is FailureKind.MISSING
    assert "q3" in missing.failure.message


@pytest.mark.parametrize(
    "row",
    [
        {"query": "Why?", "response": "So."},
        {"instruction": "Why?", "output": "So.", "generator": "M"},
        {"prompt": " Why?\n", "answer": "So.", "model": "M"},
        {"question": "Why?", "completion": "So."},
        {"text": "Why?", "output": "So.", "model": "M"},
        {"messages": [{"role": "user", "content": "Why?"}], "response": "So."},
        {"conversation": [{"from": "human", "value": "Why?"}], "output": "So."},
        {"question_id": "q1", "text": "So."},
        {"instruction_id": "q1", "output": "So."},
        {"question_id": "q1", "response": ["So."]},
        {"question_id": "elsewhere", "prompt": "Why?", "response": "So."},
    ],
)
async def test_common_shapes_are_read(row: dict[str, Any], tmp_path: Path) -> None:
    response = await model(lines(tmp_path, row)).generate(ask())
    assert (response.text, response.failure) == ("So.", None)


async def test_an_id_beside_another_prompt_is_no_match(tmp_path: Path) -> None:
    file = lines(tmp_path, {"question_id": "q1", "prompt": "Something else?", "response": "So."})
    response = await model(file).generate(ask())
    assert response.failure is not None
    assert response.failure.kind is FailureKind.MISSING


async def test_an_input_belongs_to_its_instruction(tmp_path: Path) -> None:
    file = lines(tmp_path, {"instruction": "Add.", "input": "1 and 2", "output": "3"})
    assert (await model(file).generate(ask(text="Add.\n\n1 and 2"))).text == "3"


async def test_csv_and_parquet_are_read(tmp_path: Path) -> None:
    file = tmp_path / "answers.csv"
    with file.open("w", newline="", encoding="utf-8") as sink:
        writer = csv.writer(sink)
        writer.writerow(("model", "question_id", "response", "tokens_out"))
        writer.writerows([("M", "q1", 'So,\n"so".', "7"), ("N", "q1", "x", "")])
    response = await model(file).generate(ask())
    assert (response.text, response.tokens_out) == ('So,\n"so".', 7)
    import duckdb

    table = tmp_path / "answers.parquet"
    duckdb.sql(f"COPY (SELECT 1::INT AS question_id, 'So.' AS output) TO '{table}' (FORMAT parquet)")
    assert (await model(table).generate(ask("1"))).text == "So."


async def test_rows_without_a_repeat_are_repeats_in_file_order(tmp_path: Path) -> None:
    recorded = model(lines(tmp_path, *({"prompt": "Why?", "response": text} for text in ("One.", "Two."))))
    answers = [await recorded.generate(ask(repeat=repeat)) for repeat in range(3)]
    assert [answer.text for answer in answers] == ["One.", "Two.", None]


async def test_the_last_of_several_rows_for_one_repeat_counts(tmp_path: Path) -> None:
    rows = ({"question_id": "q1", "repeat": 0, "text": text} for text in ("Old.", "New."))
    assert (await model(lines(tmp_path, *rows)).generate(ask())).text == "New."


async def test_a_conversation_is_answered_turn_by_turn(tmp_path: Path) -> None:
    talk = [
        {"role": role, "content": text}
        for role, text in (("user", "a?"), ("assistant", "A."), ("user", "b?"), ("assistant", "B."))
    ]
    for row in ({"question_id": "q1", "text": talk}, {"turns": ["a?", "b?"], "response": ["A.", "B."]}):
        recorded = model(lines(tmp_path, row))
        said = [
            (await recorded.generate(Request("q1", user(*texts)))).text
            for texts in (["a?"], ["a?", "A.", "b?"], ["a?", "A.", "b?", "B.", "c?"])
        ]
        assert said == ["A.", "B.", None]


async def test_an_example_in_the_prompt_is_not_taken_for_a_turn(tmp_path: Path) -> None:
    recorded = model(lines(tmp_path, {"question_id": "q1", "response": "B."}))
    assert (await recorded.generate(Request("q1", user("a?", "A.", "b?")))).text == "B."


async def test_an_answer_without_text_is_empty(tmp_path: Path) -> None:
    nothing: list[Any] = ["", " \n", None, []]
    for text in nothing:
        response = await model(lines(tmp_path, {"question_id": "q1", "response": text})).generate(ask())
        assert response.text is None
        assert response.failure is not None
        assert response.failure.kind is FailureKind.EMPTY


async def test_its_identity_is_its_text_wherever_it_stands(tmp_path: Path) -> None:
    one = model(lines(tmp_path, {"question_id": "q1", "response": "So.", "model": "M"}))
    two = model(lines(tmp_path, {"prompt": "Why?", "output": "So."}, name="b.jsonl"), label="Other")
    three = model(lines(tmp_path, {"prompt": "Why?", "output": "No."}, name="c.jsonl"))
    request = ask()
    keys = [response_key(m.identity(request), request.messages, 0) for m in (one, two, three)]
    assert keys[0] == keys[1] != keys[2]
    missing = ask("q9", "What?")
    json.dumps(one.identity(missing))
    assert one.identity(missing) != one.identity(request)


async def test_the_models_name_in_the_file_can_differ_from_its_label(tmp_path: Path) -> None:
    rows = [{"question_id": "q1", "response": f"{name}.", "model": name} for name in ("x", "y")]
    file = lines(tmp_path, *rows)
    assert (await model(file, name_in_file="y").generate(ask())).text == "y."
    assert (await model(file, model="x").generate(ask())).text == "x."
    with pytest.raises(DataError, match="no answers of 'M'; there are answers of: x, y"):
        model(file)
    single = lines(tmp_path, rows[0], name="single.jsonl")
    assert (await model(single).generate(ask())).text == "x."
    with pytest.raises(DataError, match="no answers of 'y'"):
        model(single, name_in_file="y")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('{"question_id": "q1", "response": "a"}\n{"question_id": "q2"}\n', 2, "no answer"),
        ('{"response": "a"}\n', 1, "neither a question_id nor a prompt"),
        ('{"question_id": "q1", "response": 7}\n', 1, "expected a text or a list"),
        ('{"question_id": "q1", "response": [7]}\n', 1, "expected a text or a list"),
        ('{"prompt": {"a": 1}, "response": "a"}\n', 1, "expected a text or a list"),
        ('{"question_id": "q1", "response": "a", "tokens_in": "x"}\n', 1, "expected a number"),
        ('{"question_id": "q1", "response": "a", "repeat": -1}\n', 1, "expected a number"),
        ('{"question_id": "q1", "response": "a", "repeat": 1' + "0" * 400 + "}\n", 1, "expected a number"),
        (
            '{"question_id": "q1", "failure": {"kind": "odd", "message": ""}, "text": null}\n',
            1,
            "expected {kind",
        ),
        ("\n{broken\n", 2, "bad JSON"),
        ("[1]\n", 1, "expected an object"),
        ("", None, "no rows"),
    ],
)
def test_a_bad_file_is_told_with_its_line(text: str, line: int | None, words: str, tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=words) as caught:
        model(file)
    assert (caught.value.path, caught.value.line) == (str(file), line)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        model(tmp_path / "nowhere.jsonl")


async def test_published_answers_are_read() -> None:
    folder = require.shared_data("alpacaeval")
    recorded = model(folder / "texts.parquet", model="gpt4_1106_preview")
    response = await recorded.generate(ask("2", "Whatever was asked"))
    assert str(response.text).startswith("Kickball is a fun and simple game")
    crowd = model(require.shared_data("llmfao") / "answers.parquet", model="Alpaca (7B)")
    question = "Argue for and against the use of kubernetes in the style of a haiku."
    assert "Arguments for kubernetes" in str((await crowd.generate(ask("any", question))).text)


ANSWERED = {"role": "assistant", "content": {"answer": "one"}}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"choices": [{"index": 0, "turns": ["one", "two"]}]}, ("one", "two")),
        ({"choices": [{"turns": [{"content": "one", "token_len": 1}]}]}, ("one",)),
        (
            {"messages": [{"role": "user", "content": "?"}, ANSWERED]},
            ("one",),
        ),
    ],
)
def test_answer_files_of_fastchat_and_arena_hard(
    row: dict[str, Any], said: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"question_id": 81, "model_id": "m", **row}))
    answers = read_answers(tmp_path / "a.jsonl", "m", strict=True)
    assert answers.by_id["81"][0].turns == said


@pytest.mark.parametrize(
    "row", [{"choices": []}, {"choices": [{"turns": [1]}]}, {"messages": [{"role": "user", "content": "?"}]}]
)
def test_what_holds_no_answer_is_an_error_with_its_line(row: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"question_id": 81, "model_id": "m", **row}))
    with pytest.raises(DataError, match="expected a text or a list of messages") as caught:
        read_answers(tmp_path / "a.jsonl", "m", strict=True)
    assert caught.value.line == 1
