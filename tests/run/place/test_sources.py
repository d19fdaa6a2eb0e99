"""Other arenas' published files are placed into as they are."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from tests.run.place.arenas import MODELS, battles, settings, write_jsonl
from tests.support.cli import write_config

import palestra
from palestra.errors import DataError
from palestra.run.place.sources import arena_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def talk(prompt: Any, response: Any) -> list[dict[str, Any]]:
    if isinstance(prompt, str):
        return [{"role": "user", "content": prompt}, {"role": "assistant", "content": response}]
    return list(response)


def lmarena_140k(path: Path, rows: list[dict[str, Any]]) -> Path:
    """Parquet, the content of a message as a list of parts."""

    def parts(prompt: Any, response: Any) -> list[dict[str, Any]]:
        return [
            {"role": m["role"], "content": [{"type": "text", "text": m["content"], "image": None}]}
            for m in talk(prompt, response)
        ]

    told = [
        {
            "id": row["question_id"],
            "model_a": row["model_a"],
            "model_b": row["model_b"],
            "winner": {"tie (bothbad)": "both_bad"}.get(row["winner"], row["winner"]),
            "evaluation_session_id": f"s{row['question_id']}",
            "evaluation_order": 1,
            "conversation_a": parts(row["prompt"], row["response_a"]),
            "conversation_b": parts(row["prompt"], row["response_b"]),
            "language": row["language"],
            "is_code": False,
            "timestamp": "2025-05-01 10:00:00",
        }
        for row in rows
    ]
    lines = write_jsonl(path.with_suffix(".jsonl"), told)
    duckdb.execute(f"COPY (FROM read_json('{lines}')) TO '{path}' (FORMAT parquet)")
    lines.unlink()
    return path


def lmarena_100k(path: Path, rows: list[dict[str, Any]]) -> Path:
    """Parquet, the content of a message as a text."""
    told = [
        {
            **{name: row[name] for name in ("question_id", "model_a", "model_b", "winner", "language")},
            "conversation_a": talk(row["prompt"], row["response_a"]),
            "conversation_b": talk(row["prompt"], row["response_b"]),
            "turn": 1,
            "anony": True,
            "tstamp": 1718000000.5,
            "judge_hash": f"j{number % 7}",
            "is_code": False,
        }
        for number, row in enumerate(rows)
    ]
    lines = write_jsonl(path.with_suffix(".jsonl"), told)
    duckdb.execute(f"COPY (FROM read_json('{lines}')) TO '{path}' (FORMAT parquet)")
    lines.unlink()
    return path


def lmarena_55k(path: Path, rows: list[dict[str, Any]]) -> Path:
    """CSV, the texts as JSON lists by turn."""

    def turns(value: Any, role: str) -> str:
        texts = [value] if isinstance(value, str) else [m["content"] for m in value if m["role"] == role]
        return json.dumps(texts)

    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            [
                "id",
                "model_a",
                "model_b",
                "prompt",
                "response_a",
                "response_b",
                "winner_model_a",
                "winner_model_b",
                "winner_tie",
            ]
        )
        for row in rows:
            won = [
                int(row["winner"] == word) for word in ("model_a", "model_b")
            ] + [int(row["winner"].startswith("tie"))]  # fmt: skip
            writer.writerow(
                [
                    row["question_id"],
                    row["model_a"],
                    row["model_b"],
                    turns(row["prompt"], "user"),
                    turns(row["response_a"], "assistant"),
                    turns(row["response_b"], "assistant"),
                    *won,
                ]
            )
    return path


def comparia(path: Path, rows: list[dict[str, Any]]) -> Path:
    """JSONL."""
    told = [
        {
            "id": number,
            "timestamp": "2025-01-01T10:00:00",
            "model_a_name": row["model_a"],
            "model_b_name": row["model_b"],
            "model_pair_name": [row["model_a"], row["model_b"]],
            "chosen_model_name": {"model_a": row["model_a"], "model_b": row["model_b"]}.get(row["winner"]),
            "both_equal": row["winner"].startswith("tie"),
            "conversation_a": talk(row["prompt"], row["response_a"]),
            "conversation_b": talk(row["prompt"], row["response_b"]),
            "conversation_pair_id": row["question_id"],
        }
        for number, row in enumerate(rows)
    ]
    return write_jsonl(path, told)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("a140.parquet", lmarena_140k),
        ("a100.parquet", lmarena_100k),
        ("a55.csv", lmarena_55k),
        ("votes.jsonl", comparia),
    ],
)
def test_another_arenas_file_gives_the_placement_that_its_battles_give(
    name: str, write: Callable[[Path, list[dict[str, Any]]], Path], tmp_path: Path
) -> None:
    rows = battles(60)
    own = settings(write_jsonl(tmp_path / "own.jsonl", rows), min_battles=5)
    other = settings(write(tmp_path / name, rows), min_battles=5)
    found = []
    for number, config in enumerate((own, other)):
        config["place"] = {**config["place"], "battles": 0}
        config["ranking"] = {"ci": "sandwich"}
        path = write_config(tmp_path / f"{number}.yaml", config)
        found.append(palestra.place(config=path, out=tmp_path / str(number), db=tmp_path / f"{number}.db"))
    assert {row.model for row in found[0].board.ratings} == {*MODELS, "new"}
    assert [row.model for row in found[1].board.ratings] == [row.model for row in found[0].board.ratings]
    assert found[1].placed.n_prompts == found[0].placed.n_prompts == 60
    for one, two in zip(found[0].board.ratings, found[1].board.ratings, strict=True):
        assert one.rating == pytest.approx(two.rating, abs=1e-6)
    told = json.loads((tmp_path / "1" / "elo_ratings.json").read_text())
    assert told["arena"] == name.partition(".")[0]


def test_battles_of_pictures_are_not_drawn(tmp_path: Path) -> None:
    rows = [{**row, "flags": ["images_left_out"] if n % 2 else []} for n, row in enumerate(battles(100))]
    config = settings(write_jsonl(tmp_path / "a.jsonl", rows), battles=0)
    found = palestra.place(
        config=write_config(tmp_path / "c.yaml", config), out=tmp_path / "out", db=tmp_path / "a.db"
    )
    assert found.placed.n_prompts == 50
    assert found.board.n_battles == 150


def test_a_file_of_no_known_arena_says_what_was_seen(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "a.jsonl", [{"left": "x", "right": "y"}])
    with pytest.raises(DataError, match="seen: left, right"), arena_files([str(path)]):
        pass


def test_a_dataset_of_the_hub_is_read_by_its_name(tmp_path: Path) -> None:
    """A folder stands in for the hub, in a process of its own that may not go online."""
    data = tmp_path / "votes" / "data"
    data.mkdir(parents=True)
    lmarena_140k(data / "train-00000-of-00001.parquet", battles(30))
    program = (
        "import sys\n"
        "from palestra.run.place.arena import read_arena\n"
        "from palestra.run.place.sources import arena_files\n"
        "with arena_files([sys.argv[1]]) as files:\n"
        "    arena = read_arena(files, seed=0, min_battles=1)\n"
        "print(arena.name, arena.rows.a.size, int(arena.usable.sum()))\n"
    )
    env = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "hf")}
    command = [sys.executable, "-c", program, f"hub:{tmp_path / 'votes'}"]
    done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["votes", "30", "30"]


def test_the_name_of_a_dataset_is_told_how_to_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="hub:lmarena-ai/arena"), arena_files(["lmarena-ai/arena"]):
        pass
