"""Battles with their texts come out of every form of file as they went in, or the line is named."""

from __future__ import annotations

import csv
import gzip
import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.interchange.exports.making import battle, model, user

from palestra.errors import DataError
from palestra.interchange.exports.reading import battles_of, file_source
from palestra.interchange.exports.runs import run_line, run_models

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from palestra.records.battle import Battle

TALK = [user("1"), model('hi\nthere, "you"'), user("2"), model("[yes]")]
BATTLES = [
    battle("model_a", "good", "null", flags=["identity_leak", "x"], question_id="7", weight=0.5, pref=0.75),
    battle("tie (bothbad)", TALK, [*TALK[:3], model("no")], TALK[:1], source="human", anonymous=False),
    battle(
        "model_b", "[not a talk]", '["nor this"]', '{"a": 1}', soft=True, score_a=1, score_b=2.5, tstamp=1e9
    ),
]
COLUMNS = (
    "model_a", "model_b", "winner", "prompt", "response_a", "response_b", "flags", "question_id", "source",
    "anonymous", "weight", "soft", "pref", "score_a", "score_b", "tstamp",
)  # fmt: skip


def cell(value: Any) -> Any:
    """As CSV and Parquet hold it."""
    if isinstance(value, list):
        return json.dumps(value)
    return value


def dumped() -> list[dict[str, Any]]:
    return [{name: one.model_dump(mode="json")[name] for name in COLUMNS} for one in BATTLES]


def as_jsonl(folder: Path) -> Path:
    path = folder / "b.jsonl"
    path.write_text("".join(one.json_line() + "\n" for one in BATTLES), encoding="utf-8")
    return path


def as_gzip(folder: Path) -> Path:
    path = folder / "b.jsonl.gz"
    path.write_bytes(gzip.compress(as_jsonl(folder).read_bytes()))
    return path


def as_csv(folder: Path) -> Path:
    path = folder / "b.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows([cell(value) for value in row.values()] for row in dumped())
    return path


def as_parquet(folder: Path) -> Path:
    path = folder / "b.parquet"
    rows = [
        {name: value if name == "flags" else cell(value) for name, value in row.items()} for row in dumped()
    ]
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def as_run_folder(folder: Path) -> Path:
    run = folder / "run"
    run.mkdir()
    as_jsonl(folder).rename(run / "battles.jsonl")
    return run


@pytest.mark.parametrize("form", [as_jsonl, as_gzip, as_csv, as_parquet, as_run_folder])
def test_battles_are_read_as_they_are(form: Callable[[Path], Path], tmp_path: Path) -> None:
    def told(battles: list[Battle]) -> list[dict[str, Any]]:
        return [{name: one.model_dump()[name] for name in COLUMNS} for one in battles]

    assert told(list(battles_of(form(tmp_path)))) == told(BATTLES)


GOOD = '{"model_a": "A", "model_b": "B", "winner": "tie"}\n'


@pytest.mark.parametrize(
    ("line", "key", "said"),
    [
        ("{", None, "bad JSON"),
        ("[]", None, "expected an object"),
        ('{"model_a": "A", "model_b": "B", "winner": "A"}', "winner", "unknown winner"),
        ('{"model_a": "A", "model_b": "B"}', "winner", "no `winner`"),
        ('{"model_a": "A", "model_b": "", "winner": "tie"}', "model_b", "empty"),
        ('{"model_a": "A", "model_b": "B", "winner": "tie", "pref": 2}', "pref", "between 0 and 1"),
        ('{"model_a": "A", "model_b": "B", "winner": "tie", "source": "crowd"}', "source", "human"),
        (
            '{"model_a": "A", "model_b": "B", "winner": "tie", "prompt": [{"role": "x"}]}',
            "prompt",
            "expected a text, or messages",
        ),
        ('{"model_a": "A", "model_b": "B", "winner": "tie", "flags": "x"}', "flags", "a list of texts"),
    ],
)
def test_a_row_that_is_no_battle_is_named(line: str, key: str | None, said: str, tmp_path: Path) -> None:
    path = tmp_path / "b.jsonl"
    path.write_text(GOOD + "\n" + line + "\n", encoding="utf-8")
    with pytest.raises(DataError, match=said) as error:
        list(battles_of(path))
    assert (error.value.line, error.value.path) == (3, str(path))
    assert error.value.key == key


def test_numbers_and_words_that_are_no_text_become_one(tmp_path: Path) -> None:
    path = tmp_path / "b.jsonl"
    path.write_text('{"model_a": 1, "model_b": "B", "winner": "tie", "question_id": 7, "weight": null}\n')
    (one,) = battles_of(path)
    assert (one.model_a, one.question_id, one.weight) == ("1", "7", 1.0)


def test_a_run_in_which_every_verdict_failed_has_no_battles(tmp_path: Path) -> None:
    (tmp_path / "battles.jsonl").touch()
    assert list(battles_of(tmp_path)) == []


def test_a_source_is_told_without_the_folders_above_it(tmp_path: Path) -> None:
    assert file_source(tmp_path / "b.jsonl").name == "b.jsonl"
    assert file_source(tmp_path).name == f"{tmp_path.name} (run folder)"
    assert file_source("-").name == "standard input"


def test_what_a_run_folder_does_not_tell_is_not_known(tmp_path: Path) -> None:
    assert run_line(tmp_path) is None
    assert run_models(tmp_path) == {}
    (tmp_path / "config.yaml").write_text(
        "models:\n- {label: A, endpoint_type: openai, model: gpt-x, base_url: http://secret.example}\n- 3\n"
    )
    assert run_models(tmp_path) == {"A": "openai gpt-x"}
    (tmp_path / "config.yaml").write_text(": [")
    assert run_models(tmp_path) == {}
