"""Battles read for `agree`: the same rows in every form, prompts and lengths among them."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from palestra.errors import DataError, UsageError
from palestra.interchange.agree_rows import Read, prompt_digest, read_battle_rows
from palestra.records.battle import Battle

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TALK = [
    {"role": "user", "content": "Hi"},
    {"role": "assistant", "content": "Yes?"},
    {"role": "user", "content": "Bye"},
]
ANSWERED = [*TALK, {"role": "assistant", "content": "So long"}]
ROWS: list[dict[str, Any]] = [
    {
        "question_id": "q1", "model_a": "X", "model_b": "Y", "winner": "model_a", "source": "human",
        "voter": "ann", "category": "law", "order": None, "pref": None, "prompt": " Why?\n",
        "response_a": "abc", "response_b": "de",
    },
    {
        "question_id": "q2", "model_a": "Y", "model_b": "X", "winner": "both_bad", "source": "llm-judge",
        "judge_model": "J", "order": "ba", "pref": 0.5, "prompt": TALK,
        "response_a": ANSWERED, "response_b": ANSWERED,
    },
    {
        "model_a": "X", "model_b": "Z", "winner": "model_b", "judge_model": "J", "order": "both", "pref": 0.2,
        "prompt": [{"role": "user", "content": "Why?"}], "style": {"tokens_a": 7, "tokens_b": 9},
    },
]  # fmt: skip
NAMES = list(dict.fromkeys(name for row in ROWS for name in row))


def texts(row: dict[str, Any]) -> dict[str, Any]:
    return {name: json.dumps(v) if isinstance(v := row.get(name), list | dict) else v for name in NAMES}


def jsonl(folder: Path) -> Path:
    path = folder / "votes.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    return path


def comma(folder: Path) -> Path:
    path = folder / "votes.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, NAMES)
        writer.writeheader()
        writer.writerows(texts(row) for row in ROWS)
    return path


def parquet(folder: Path) -> Path:
    path = folder / "votes.parquet"
    pq.write_table(pa.Table.from_pylist([texts(row) for row in ROWS]), path)
    return path


FORMS: dict[str, Callable[[Path], Any]] = {
    "JSONL": jsonl,
    "CSV": comma,
    "Parquet": parquet,
    "rows": lambda _: ROWS,
    "records": lambda _: [Battle.model_validate(row) for row in ROWS],
    "DataFrame": lambda _: pd.DataFrame([texts(row) for row in ROWS], dtype=object),
    "Arrow": lambda _: pa.Table.from_pylist([texts(row) for row in ROWS]),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_reads_alike(form: str, tmp_path: Path) -> None:
    (read,) = read_battle_rows(FORMS[form](tmp_path), by="category", filter=None)
    assert read.question.tolist() == ["q1", "q2", None]
    assert (read.model_a.tolist(), read.model_b.tolist()) == (["X", "Y", "X"], ["Y", "X", "Z"])
    assert read.won.tolist() == [1, 0, -1]
    assert read.share.tolist() == [1, 0.5, 0]
    assert read.side.tolist() == [1, -1, 0]
    assert read.rater.tolist() == ["ann", "J", "J"]
    assert read.source.tolist() == ["human", "llm-judge", None]
    assert read.category.tolist() == ["law", None, None]
    assert read.text[0] == read.text[2] == prompt_digest("Why?")
    assert read.text[1] == prompt_digest(TALK) != read.text[0]
    assert read.length_a.tolist() == [3, 11, 7]
    assert read.length_b.tolist() == [2, 11, 9]


def test_a_single_order_brings_its_share_and_two_combined_orders_their_winner() -> None:
    row = {"model_a": "X", "model_b": "Y", "winner": "model_a", "pref": 0.75}
    (read,) = read_battle_rows([{**row, "order": o} for o in ("ab", "ba", "both")], by=None, filter=None)
    assert read.share.tolist() == [0.75, 0.75, 1]


def test_a_filter_keeps_some_rows_and_none_is_nothing() -> None:
    (read,) = read_battle_rows(ROWS, by=None, filter="judge_model = 'J'")
    assert read.size == 2
    (none,) = read_battle_rows(ROWS, by=None, filter="judge_model = 'K'")
    assert Read.concat([none, read]).won.tolist() == [0, -1]
    with pytest.raises(UsageError, match="no column 'judge'"):
        read_battle_rows(ROWS, by=None, filter="judge = 'J'")


def test_a_damaged_row_is_named(tmp_path: Path) -> None:
    path = jsonl(tmp_path)
    path.write_text(path.read_text() + '{"model_a": "X", "model_b": "Y", "winner": "left"}\n')
    with pytest.raises(DataError, match="unknown winner 'left'") as caught:
        read_battle_rows(path, by=None, filter=None)
    assert (caught.value.line, caught.value.key) == (4, "winner")


def test_lengths_that_one_answer_lacks_are_not_known() -> None:
    row = {"model_a": "X", "model_b": "Y", "winner": "tie", "response_a": "abc"}
    (read,) = read_battle_rows([row], by=None, filter=None)
    assert np.isnan([read.length_a[0], read.length_b[0]]).all()


@pytest.mark.parametrize("text", ["[ not JSON", "[1, 2]", "[]", '[{"role": "user"}]', "", "\ud83d"])
def test_what_only_looks_like_a_conversation_is_a_text(text: str) -> None:
    assert prompt_digest(text) == prompt_digest(f"  {text}\n")
    assert len({prompt_digest(text), prompt_digest(f"{text}!"), prompt_digest(TALK)}) == 3
