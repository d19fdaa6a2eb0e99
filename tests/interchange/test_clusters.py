"""Battles that share a prompt, from every form and from several files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from palestra.errors import UsageError
from palestra.interchange.counts import count_battles
from palestra.interchange.rank import rank
from palestra.ranking.counts import Counts
from palestra.ranking.leaderboard import rank_counts
from palestra.records.battle import Battle

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from palestra.records.rating import Leaderboard

PROMPTS = [
    "null",
    "NaN",
    "",
    "a,b",
    'say "hi"',
    "two\nlines",
    "🦙",
    "Q",
    "q",
    "1",
    "1.0",
    *map(str, range(30, 60)),
]


def drawn() -> list[dict[str, Any]]:
    """300 battles; one in six is of no prompt, the others of 41. Each prompt has its favourites."""
    rng = np.random.default_rng(3)
    rows = []
    for _ in range(300):
        a, b = rng.choice(4, 2, replace=False).tolist()
        prompt = int(rng.integers(0, int(len(PROMPTS) * 1.2)))
        leaning = np.random.default_rng(prompt).normal(0, 2, 4)
        won = rng.random() < 1 / (1 + np.exp(leaning[b] - leaning[a]))
        rows.append(
            {
                "question_id": PROMPTS[prompt] or None if prompt < len(PROMPTS) else None,
                "model_a": "ABCD"[a],
                "model_b": "ABCD"[b],
                "winner": "tie" if rng.random() < 0.2 else "model_a" if won else "model_b",
            }
        )
    return rows


ROWS = drawn()


def jsonl(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def as_jsonl(folder: Path) -> Path:
    return jsonl(folder / "b.jsonl", ROWS)


def as_csv(folder: Path) -> Path:
    pd.DataFrame(ROWS).to_csv(folder / "b.csv", index=False)
    return folder / "b.csv"


def as_parquet(folder: Path) -> Path:
    pq.write_table(pa.Table.from_pylist(ROWS), folder / "b.parquet", row_group_size=70)
    return folder / "b.parquet"


def as_json(folder: Path) -> Path:
    (folder / "b.json").write_text(json.dumps(ROWS), encoding="utf-8")
    return folder / "b.json"


FORMS: dict[str, Callable[[Path], Any]] = {
    "JSONL": as_jsonl,
    "CSV": as_csv,
    "Parquet": as_parquet,
    "JSON": as_json,
    "rows": lambda _: ROWS,
    "records": lambda _: [
        Battle.model_validate({name: value for name, value in row.items() if value is not None})
        for row in ROWS
    ],
    "DataFrame": lambda _: pd.DataFrame(ROWS),
    "Arrow": lambda _: pa.Table.from_pylist(ROWS),
}


def numbered() -> Counts:
    """The clusters by hand: a number for each prompt, and one for each row without."""
    place = {name: number for number, name in enumerate(PROMPTS)}
    cluster = [place.get(row["question_id"], 1000 + number) for number, row in enumerate(ROWS)]
    columns = ([row[name] for row in ROWS] for name in ("model_a", "model_b", "winner"))
    return Counts.from_rows(*columns, cluster=cluster)


def bounds(board: Leaderboard) -> dict[str, tuple[float, float, float]]:
    return {row.model: (row.rating, row.ci_low or 0.0, row.ci_high or 0.0) for row in board.ratings}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_form_gives_the_intervals_of_the_prompts(form: Callable[[Path], Any], tmp_path: Path) -> None:
    """The sandwich of clusters numbered by hand; rows without a prompt are alone."""
    expected = bounds(rank_counts(numbered(), cluster="question_id"))
    board = rank(form(tmp_path), cluster="question_id")
    assert board.interval.cluster == "question_id"
    assert bounds(board) == {model: pytest.approx(row, abs=1e-9) for model, row in expected.items()}
    alone = bounds(rank(form(tmp_path), cluster=None))
    assert all(alone[model][0] == pytest.approx(row[0], abs=1e-9) for model, row in expected.items())
    assert any(abs(alone[model][1] - row[1]) > 5 for model, row in expected.items())


def test_every_form_draws_the_same_prompts(tmp_path: Path) -> None:
    """A prompt's number is made of its name, and that of a row without one of what it says."""
    wishes: dict[str, Any] = {"ci": "bootstrap", "rounds": 50, "cluster": "question_id"}
    expected = bounds(rank(ROWS, **wishes))
    for form in FORMS.values():
        assert bounds(rank(form(tmp_path), **wishes)) == expected
    assert bounds(rank(ROWS[::-1], **wishes)) == expected
    assert bounds(rank(ROWS, ci="bootstrap", rounds=50, cluster=None)) != expected


def test_a_prompt_in_two_files_is_one(tmp_path: Path) -> None:
    files = [jsonl(tmp_path / "1.jsonl", ROWS[:120]), jsonl(tmp_path / "2.jsonl", ROWS[120:])]
    whole = count_battles(as_jsonl(tmp_path), cluster="question_id").battles
    parts = count_battles(files, cluster="question_id").battles
    assert whole.cluster is not None
    assert parts.cluster is not None
    named = len({row["question_id"] for row in ROWS} - {None})
    alone = sum(row["question_id"] is None for row in ROWS)
    assert np.unique(whole.cluster).size == np.unique(parts.cluster).size == named + alone
    assert bounds(rank(files, cluster="question_id")) == {
        model: pytest.approx(row, abs=1e-9)
        for model, row in bounds(rank(ROWS, cluster="question_id")).items()
    }


def test_rows_of_no_prompt_are_alone_in_each_of_several_files(tmp_path: Path) -> None:
    rows = [{"model_a": "A", "model_b": "B", "winner": winner} for winner in ["model_a"] * 3 + ["tie"] * 2]
    files = [jsonl(tmp_path / f"{number}.jsonl", rows) for number in range(3)]
    counts = count_battles(files, cluster="question_id").battles
    assert counts.cluster is not None
    assert np.unique(counts.cluster).size == counts.n_battles == 15
    assert bounds(rank(files, cluster="voter")) == {
        model: pytest.approx(row, rel=0.02) for model, row in bounds(rank(files, cluster=None)).items()
    }


def test_groups_are_clustered_too() -> None:
    """Their prompts are those of the whole, and of its rows without one each group has its own."""
    rows = [row | {"language": "en" if number % 2 else None} for number, row in enumerate(ROWS)]
    boards = rank(rows, by="language", cluster="question_id")
    for name, language in (("en", "en"), ("(none)", None)):
        mine = [row for row in rows if row["language"] == language]
        assert bounds(boards[name]) == {
            model: pytest.approx(row, abs=1e-9)
            for model, row in bounds(rank(mine, cluster="question_id")).items()
        }


def test_a_run_folder_is_clustered_by_prompt_and_a_file_only_on_request(tmp_path: Path) -> None:
    file = jsonl(tmp_path / "battles.jsonl", ROWS)
    assert rank(tmp_path).interval.cluster == "question_id"
    assert bounds(rank(tmp_path)) == bounds(rank(file, cluster="question_id"))
    assert rank(tmp_path, cluster=None).interval.cluster is None
    assert rank(file).interval.cluster is None
    assert bounds(rank(file)) == bounds(rank(tmp_path, cluster=None))


def test_any_column_can_make_clusters() -> None:
    rows = [row | {"voter": f"v{number % 9}"} for number, row in enumerate(ROWS)]
    board = rank(rows, cluster="voter")
    assert board.interval.cluster == "voter"
    assert any("9 prompts only" in warning or "of 9" in warning for warning in board.warnings)
    with pytest.raises(UsageError, match="no column") as caught:
        rank(rows, cluster="votter")
    assert caught.value.hint == "did you mean 'voter'?"


def test_clusters_of_one_battle_each_are_independent_battles() -> None:
    """But for G / (G − 1) and Student's quantile, which for 300 clusters are next to nothing."""
    rows = [row | {"question_id": str(number)} for number, row in enumerate(ROWS)]
    clustered, alone = bounds(rank(rows, cluster="question_id")), bounds(rank(rows, cluster=None))
    for model, (rating, low, high) in clustered.items():
        assert rating == pytest.approx(alone[model][0], abs=1e-9)
        assert high - low == pytest.approx(alone[model][2] - alone[model][1], rel=0.01)
        assert high - low > alone[model][2] - alone[model][1]


def test_every_battle_told_twice_is_no_more_evidence_by_prompt() -> None:
    """Two judges who always agree: the intervals by prompt stay, those of independent rows shrink by √2."""
    rows = [row | {"question_id": str(number)} for number, row in enumerate(ROWS)]
    once, twice = (bounds(rank(rows * often, cluster="question_id")) for often in (1, 2))
    for model, row in once.items():
        assert twice[model] == pytest.approx(row, abs=1e-6)
    alone, doubled = (bounds(rank(rows * often, cluster=None)) for often in (1, 2))
    for model, (_, low, high) in alone.items():
        assert doubled[model][2] - doubled[model][1] == pytest.approx((high - low) / np.sqrt(2), rel=1e-6)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_form_says_that_prompts_are_shared(form: Callable[[Path], Any], tmp_path: Path) -> None:
    """Unless they are allowed for, or it was decided not to."""
    battles = form(tmp_path)

    def said(board: Leaderboard) -> bool:
        return any("same prompt" in warning for warning in board.warnings)

    assert said(rank(battles))
    assert not said(rank(battles, cluster="question_id"))
    assert not said(rank(battles, cluster=None))
    assert not said(rank(battles, ci="none"))


def test_prompts_that_are_each_judged_once_are_not_said_to_be_shared(tmp_path: Path) -> None:
    rows = [row | {"question_id": str(number) if number % 3 else None} for number, row in enumerate(ROWS)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "b.parquet")
    for battles in (rows, jsonl(tmp_path / "b.jsonl", rows), tmp_path / "b.parquet"):
        assert not any("same prompt" in warning for warning in rank(battles).warnings)
