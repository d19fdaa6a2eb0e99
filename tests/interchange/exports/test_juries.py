"""Of a panel in a run folder each judge has its voice."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.interchange.exports.making import battle, turned

from palestra.errors import DataError
from palestra.interchange.exports import Wishes, exported, file_source

if TYPE_CHECKING:
    from pathlib import Path


def verdict(judge: str, winner: str | None, **more: Any) -> dict[str, Any]:
    failure = {"kind": "unreadable", "message": "no winner in it"} if winner is None else None
    told = {
        "key": "k",
        "question_id": "1",
        "model_a": "A",
        "model_b": "B",
        "order": "ab",
        "judge_model": judge,
    }
    return told | {"winner": winner, "failure": failure} | more


VERDICTS = [
    verdict("J", "model_a"),
    verdict("K", "model_b", model_a="B", model_b="A", order="ba"),
    verdict("L", "model_b"),
    verdict("M", "model_a"),
    verdict("M", "model_b", order="ba"),
    verdict("N", None),
    verdict("O", "model_b", repeat=1),
]
PANEL = battle(judge_model="panel:majority", question_id="1", repeat=0)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    for name, rows in (("verdicts", VERDICTS), ("battles", [json.loads(PANEL.json_line())])):
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / f"{name}.jsonl").write_text(text, encoding="utf-8")
    return tmp_path


def n_rows(place: Path, **wishes: Any) -> int:
    with exported([file_source(place)], Wishes(kind="dpo", **wishes)) as export:
        return export.report.rows


def test_each_judge_has_its_voice(run: Path) -> None:
    """Two for A, one for B, and one for neither, in whose orders A and B won once each."""
    assert n_rows(run, min_judges=2, min_agreement=0.5) == 1
    assert n_rows(run, min_judges=3) == 0
    assert n_rows(run, min_agreement=0.51) == 0
    assert n_rows(run / "battles.jsonl", min_agreement=1.0) == 1
    assert n_rows(run / "battles.jsonl", min_judges=2) == 0


def test_voices_are_told_from_the_side_of_the_battle(run: Path) -> None:
    votes = file_source(run).votes
    assert votes is not None
    assert votes(PANEL) == {"J": 1.0, "K": 1.0, "L": 0.0, "M": 0.5}
    assert votes(turned(PANEL)) == {"J": 0.0, "K": 0.0, "L": 1.0, "M": 0.5}
    assert votes(battle(judge_model="J", question_id="1")) == {}


def test_without_verdicts_a_panel_is_one_judge(run: Path) -> None:
    (run / "verdicts.jsonl").unlink()
    assert n_rows(run, min_agreement=1.0) == 1
    assert n_rows(run, min_judges=2) == 0


def test_a_damaged_verdict_is_named(run: Path) -> None:
    (run / "verdicts.jsonl").write_text(json.dumps(VERDICTS[0]) + "\n" + '{"key": "x"}\n', encoding="utf-8")
    with pytest.raises(DataError) as error:
        n_rows(run)
    assert (error.value.line, error.value.key) == (2, "question_id")
