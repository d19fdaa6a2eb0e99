"""An arena is read as numbers, the same from every kind of file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pytest
from tests.run.place.arenas import MODELS, battles, write_csv, write_jsonl

from palestra.errors import DataError
from palestra.run.place.arena import Arena, read_arena

if TYPE_CHECKING:
    from pathlib import Path

    from palestra.ranking.arrays import Ints


def clusters(arena: Arena) -> Ints:
    assert arena.rows.cluster is not None
    return arena.rows.cluster


def test_every_kind_of_file_gives_the_same_numbers_and_draws(tmp_path: Path) -> None:
    rows = battles(120)
    jsonl = write_jsonl(tmp_path / "a.jsonl", rows)
    texts = [{k: v if isinstance(v, str | float) else json.dumps(v) for k, v in r.items()} for r in rows]
    write_jsonl(tmp_path / "texts.jsonl", texts)
    parquet = tmp_path / "a.parquet"
    duckdb.execute(f"COPY (FROM '{tmp_path / 'texts.jsonl'}') TO '{parquet}' (FORMAT parquet)")
    found = [
        read_arena([str(path)], seed=3, min_battles=1)
        for path in (jsonl, write_csv(tmp_path / "a.csv", texts), parquet)
    ]
    for arena in found:
        assert arena.rows.models == MODELS
        assert arena.rows.a.size == arena.n_read == 120
        assert (arena.turns == np.where(np.arange(120) % 5, 1, 2)).all()
        assert arena.usable.all()
        assert arena.draws.tolist() == found[0].draws.tolist()
        assert clusters(arena).tolist() == clusters(found[0]).tolist()
        assert np.unique(clusters(arena)).size == 120


def test_several_files_are_one_arena(tmp_path: Path) -> None:
    rows = battles(60)
    one, two = write_jsonl(tmp_path / "a.jsonl", rows[:30]), write_jsonl(tmp_path / "b.jsonl", rows[30:])
    arena = read_arena([str(one), str(two)], seed=0, min_battles=1)
    assert arena.rows.a.size == 60
    assert arena.name == "a+b"


def test_models_with_few_battles_are_left_out_with_their_battles(tmp_path: Path) -> None:
    rare = [{**row, "model_a": "yew", "question_id": f"r{n}"} for n, row in enumerate(battles(9, seed=2))]
    path = write_jsonl(tmp_path / "a.jsonl", battles(200) + rare)
    arena = read_arena([str(path)], seed=0, min_battles=20)
    assert arena.left_out == {"yew": sum(row["model_b"] != "yew" for row in rare)}
    assert arena.rows.models == MODELS
    assert (arena.n_read, arena.rows.a.size) == (209, 200)
    assert read_arena([str(path)], seed=0, min_battles=5).left_out == {}


def test_only_human_battles_count(tmp_path: Path) -> None:
    rows = battles(80)
    judged = [{**row, "source": "llm-judge"} for row in rows[:30]]
    unsaid = [{k: v for k, v in row.items() if k != "source"} for row in rows[30:]]
    arena = read_arena([str(write_jsonl(tmp_path / "a.jsonl", judged + unsaid))], seed=0, min_battles=1)
    assert arena.n_read == 50


def test_battles_on_the_same_prompt_are_one_cluster_whatever_says_so(tmp_path: Path) -> None:
    rows = battles(40)
    for row in rows:
        row["question_id"] = None
    rows[1]["prompt"] = rows[2]["prompt"]
    path = write_jsonl(tmp_path / "a.jsonl", rows)
    arena = read_arena([str(path)], seed=0, min_battles=1)
    assert clusters(arena)[1] == clusters(arena)[2]
    assert np.unique(clusters(arena)).size == 39
    bare = [{name: row[name] for name in ("model_a", "model_b", "winner")} for row in rows]
    alone = read_arena([str(write_jsonl(tmp_path / "b.jsonl", bare))], seed=0, min_battles=1)
    assert np.unique(clusters(alone)).size == 40
    assert not alone.usable.any()


def test_too_few_models_and_a_damaged_file_are_said(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "a.jsonl", battles(50))
    with pytest.raises(DataError, match=r"0 models have 500 human battles or more; .* fought most"):
        read_arena([str(path)], seed=0, min_battles=500)
    path.write_text(path.read_text() + '{"model_a": "x", "model_b": "y", "winner": "nobody"}\n')
    with pytest.raises(DataError, match=r"a\.jsonl:51: winner: unknown winner 'nobody'"):
        read_arena([str(path)], seed=0, min_battles=1)
