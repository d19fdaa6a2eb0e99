"""Files of a result folder appear whole or not at all, and another config's results are set aside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from palestra.errors import StoreError
from palestra.run.folder import prepare, replacing

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_that_fails_half_way_leaves_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "battles.jsonl"
    target.write_text("old")

    def write() -> None:
        with replacing(target) as file:
            file.write("new, but")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_the_same_config_keeps_the_results(tmp_path: Path) -> None:
    prepare(tmp_path / "run", "seed: 0\n")
    (tmp_path / "run" / "battles.jsonl").write_text("{}")
    prepare(tmp_path / "run", "seed: 0\n")
    assert (tmp_path / "run" / "battles.jsonl").read_text() == "{}"
    assert not (tmp_path / "run" / ".previous").exists()


def test_another_config_sets_the_results_aside_and_nothing_else(tmp_path: Path) -> None:
    run = tmp_path / "run"
    prepare(run, "seed: 0\n")
    (run / "battles.jsonl").write_text("{}")
    (run / "notes.txt").write_text("mine")
    prepare(run, "seed: 1\n")
    assert sorted(path.name for path in (run / ".previous").iterdir()) == ["battles.jsonl", "config.yaml"]
    assert (run / ".previous" / "config.yaml").read_text() == "seed: 0\n"
    assert (run / "config.yaml").read_text() == "seed: 1\n"
    assert (run / "notes.txt").read_text() == "mine"


def test_a_file_in_the_folders_place_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("")
    with pytest.raises(StoreError, match="cannot be written") as caught:
        prepare(tmp_path / "run", "")
    assert "--out" in str(caught.value)
