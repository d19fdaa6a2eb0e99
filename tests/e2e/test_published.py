"""Published verdicts and votes, run through the whole and ranked: the published numbers come out."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from typing import TYPE_CHECKING

import duckdb
import pytest
from tests.support import require
from tests.support.cli import palestra, rows, write_config

import palestra as library

if TYPE_CHECKING:
    from pathlib import Path

BASELINE = "gpt4_1106_preview"


def test_six_recorded_models_against_the_seventh(tmp_path: Path) -> None:
    """AlpacaEval texts and verdicts: each win rate is 100 times the model's mean share, to 1e-9."""
    data = require.shared_data("alpacaeval")
    source = f"read_parquet('{data}/texts_verdicts.parquet')"
    verdicts = duckdb.execute(f"SELECT model, instruction_id, preference FROM {source}").fetchall()
    shares: dict[str, list[float]] = defaultdict(list)
    with (tmp_path / "verdicts.jsonl").open("w") as file:
        for model, question, preference in verdicts:
            row = {
                "question_id": str(question),
                "model_a": BASELINE,
                "model_b": model,
                "pref": 2 - preference,
            }
            file.write(json.dumps(row) + "\n")
            shares[model].append(preference - 1)
    assert {model: len(values) for model, values in shares.items()} == dict.fromkeys(shares, 120)
    recorded = {"endpoint_type": "recorded", "path": str(data / "texts.parquet")}
    config = {
        "arena": {"name": "alpacaeval"},
        "models": [{**recorded, "model": model} for model in (*shares, BASELINE)],
        "judges": [{"endpoint_type": "recorded", "path": "verdicts.jsonl", "soft": True}],
        "prompts": [{"path": str(data / "texts_prompts.parquet")}],
        "schedule": {"kind": "baseline", "baseline": BASELINE, "swap": "once"},
        "ranking": {"method": "win-rate"},
    }
    palestra("run", write_config(tmp_path / "arena.yaml", config), "--fail-on-errors", "-q", cwd=tmp_path)

    folder = tmp_path / "runs" / "alpacaeval"
    battles = rows(folder / "battles.jsonl")
    assert len(battles) == 6 * 120
    assert {battle["model_a"] for battle in battles} == {BASELINE}
    assert all(battle["soft"] for battle in battles)
    board = library.rank(folder, method="win-rate")
    rates = {row.model: row.win_rate for row in board.ratings}
    for model, values in shares.items():
        assert 100 * (rates[model] or 0.0) == pytest.approx(100 * sum(values) / 120, abs=1e-9)
    written = json.loads((folder / "leaderboard.json").read_text())
    assert {row["model"]: row["win_rate"] for row in written["ratings"]} == rates


def test_crowd_votes_give_the_reference_ratings(tmp_path: Path) -> None:
    """llmfao: Bradley-Terry and Elo with K = 4 to 1e-9, by the command on a CSV of battles."""
    data = require.shared_data("llmfao")
    battles, winners = tmp_path / "battles.csv", "MAP {'left': 'model_a', 'right': 'model_b', 'tie': 'tie'}"
    duckdb.sql(
        f'COPY (SELECT "left" AS model_a, "right" AS model_b, {winners}[winner] AS winner, worker AS voter '
        f"FROM read_csv('{data}/crowd_votes.csv.gz')) TO '{battles}'"
    )
    with (data / "reference_ratings.csv").open(newline="") as file:
        expected = list(csv.DictReader(file))
    for method, column in (("bradley-terry", "bt_elo"), ("elo", "elo_k4_file_order")):
        done = palestra("rank", battles, "--method", method, "--k", "4", "--format", "json", cwd=tmp_path)
        found = {row["model"]: row["rating"] for row in json.loads(done.stdout)["ratings"]}
        assert len(found) == len(expected)
        for row in expected:
            assert found[row["model"]] == pytest.approx(float(row[column]), abs=1e-9)
