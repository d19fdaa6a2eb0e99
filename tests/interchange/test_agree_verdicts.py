from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from palestra.errors import DataError, UsageError
from palestra.interchange.agree_rows import prompt_digest
from palestra.interchange.agree_sources import AgreeOptions, read_judged
from palestra.interchange.agree_verdicts import LABEL_SHARES, read_verdict_rows, record_rows
from palestra.judges.protocols import labels
from palestra.records.verdict import Verdict

if TYPE_CHECKING:
    from pathlib import Path

LATE = {"kind": "timeout", "message": "too slow", "status": None}
ROWS: list[dict[str, Any]] = [
    {"key": "1", "question_id": "q1", "model_a": "X", "model_b": "Y", "order": "ab", "judge_model": "J",
     "protocol": "pairwise", "winner": "model_a", "label": "A>B", "failure": None, "cost_usd": 0.01},
    {"key": "2", "question_id": "q1", "model_a": "X", "model_b": "Y", "order": "ba", "judge_model": "J",
     "protocol": "pairwise", "winner": None, "failure": LATE, "cost_usd": None},
    {"key": "3", "question_id": "q2", "model_a": "X", "model_b": "Y", "order": "ba", "judge_model": "K",
     "protocol": "scores", "winner": "model_b", "pref": 0.4, "failure": None, "cost_usd": 0.02},
]  # fmt: skip


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_labels_are_worth_what_judges_say() -> None:
    assert LABEL_SHARES == labels.LABEL_SHARES


@pytest.mark.parametrize("form", ["rows", "records", "file"])
def test_failures_are_kept_with_their_reason_and_are_no_ties(form: str, tmp_path: Path) -> None:
    source: Any = {
        "rows": ROWS,
        "records": [Verdict.model_validate(row) for row in ROWS],
        "file": write(tmp_path / "told.jsonl", ROWS),
    }[form]
    read, n_human = read_judged(source, AgreeOptions())
    assert n_human == 0
    assert np.array_equal(read.won, [1, math.nan, -1], equal_nan=True)
    assert np.array_equal(read.share, [0.75, math.nan, 0.4], equal_nan=True)
    assert read.side.tolist() == [1, -1, -1]
    assert read.failure.tolist() == [None, "timeout", None]
    assert np.array_equal(read.cost, [0.01, math.nan, 0.02], equal_nan=True)
    assert read.rater.tolist() == ["J", "J", "K"]


def test_a_filter_may_name_what_only_verdicts_have() -> None:
    for some, kept in (
        ("failure = 'timeout'", ["q1"]),
        ("failure IS NULL AND cost_usd < 0.015", ["q1"]),
        ("protocol = 'scores' AND \"order\" = 'ba'", ["q2"]),
    ):
        read = read_verdict_rows(record_rows(ROWS), by=None, filter=some)
        assert read.question.tolist() == kept
    for wrong in ("judge = 1", "question_id ==", "question_id = (SELECT 1 FROM read_csv('/etc/hosts'))"):
        with pytest.raises(UsageError):
            read_verdict_rows(record_rows(ROWS), by=None, filter=wrong)


@pytest.mark.parametrize(
    ("change", "key", "said"),
    [
        ({"winner": None, "failure": None}, "winner", "neither a `winner` nor a `failure`"),
        ({"winner": "left"}, "winner", "unknown winner 'left'"),
        ({"model_b": ""}, "model_b", "the name is empty"),
        ({"order": "back"}, "order", "unknown order 'back'"),
        ({"pref": 2}, "pref", "a share between 0 and 1"),
    ],
)
def test_a_row_that_makes_no_sense_is_named(
    change: dict[str, Any], key: str, said: str, tmp_path: Path
) -> None:
    path = write(tmp_path / "verdicts.jsonl", [ROWS[0], {**ROWS[0], **change}])
    with pytest.raises(DataError, match=said) as caught:
        read_judged(path, AgreeOptions())
    assert (caught.value.path, caught.value.line, caught.value.key) == (str(path), 2, key)


def test_a_run_folder_brings_categories_prompts_lengths_and_its_panel(tmp_path: Path) -> None:
    write(tmp_path / "verdicts.jsonl", ROWS)
    asked = [{"role": "user", "content": "Why?"}]
    write(tmp_path / "prompts.jsonl", [{"question_id": "q1", "messages": asked, "category": "law"}])
    answers = {"X": "abc", "Y": None}
    write(
        tmp_path / "responses.jsonl",
        [{"question_id": "q1", "model": m, "text": t} for m, t in answers.items()],
    )
    battle = {"question_id": "q1", "model_a": "X", "model_b": "Y", "winner": "model_b", "order": "both"}
    names = ("panel:majority", "J")
    write(tmp_path / "battles.jsonl", [{**battle, "judge_model": name} for name in names])
    read, _ = read_judged(tmp_path, AgreeOptions())
    assert read.rater.tolist() == ["J", "J", "K", "panel:majority"]
    assert read.category.tolist() == ["law", "law", None, None]
    assert read.text.tolist()[:3] == [prompt_digest("Why?"), prompt_digest("Why?"), None]
    assert np.array_equal(read.length_a, [3, 3, math.nan, math.nan], equal_nan=True)
    assert np.isnan(read.length_b).all()


def test_who_names_no_judge_is_called_after_the_file(tmp_path: Path) -> None:
    bare = {"question_id": "q1", "model_a": "X", "model_b": "Y", "winner": "tie"}
    files = [
        write(tmp_path / "strict.jsonl", [bare]),
        write(tmp_path / "kind.jsonl", [{**bare, "judge_model": "J"}]),
        write(tmp_path / "mild.jsonl", [{**bare, "judge_model": "J"}]),
    ]
    told, _ = read_judged(files, AgreeOptions())
    assert told.rater.tolist() == ["strict", "J", "J"]
    apart, _ = read_judged(files, AgreeOptions(by_file=True))
    assert apart.rater.tolist() == ["strict", "J (kind)", "J (mild)"]
    assert read_judged([bare], AgreeOptions())[0].rater.tolist() == ["judge"]


def test_nothing_judged_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "verdicts.jsonl").touch()
    with pytest.raises(DataError, match="there is no verdict"):
        read_judged(tmp_path, AgreeOptions())
    with pytest.raises(UsageError, match="cannot read a verdict from int"):
        read_judged([1], AgreeOptions())
    with pytest.raises(DataError, match="No such file"):
        read_judged(tmp_path / "nowhere.jsonl", AgreeOptions())
