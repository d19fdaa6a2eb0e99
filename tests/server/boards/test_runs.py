"""Result folders are read into boards of their own, and say so when they cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.report.sample import arena
from tests.support.ports import wait_until

from palestra.errors import UsageError
from palestra.interchange.rank import rank
from palestra.server.boards.board import Rules
from palestra.server.boards.runs import NotYetReadError, RunShelf
from palestra.store.arena_battle_filter import Search, Selection
from palestra.store.arena_battle_pages import find, page, total, verdicts_of

if TYPE_CHECKING:
    from pathlib import Path


def opened(*paths: Path) -> RunShelf:
    shelf = RunShelf(paths, Rules())
    shelf.start()
    assert wait_until(lambda: all(run["state"] != "reading" for run in shelf.listing()), 30)
    return shelf


def test_a_folder_gives_the_board_of_its_battles(tmp_path: Path) -> None:
    folder = arena(["a", "b", "c"], 12).write(tmp_path / "first")
    shelf = opened(folder)
    try:
        (facts,) = shelf.listing()
        assert (facts["name"], facts["state"], facts["n_battles"], facts["arena"]) == (
            "first",
            "ready",
            36,
            "sample",
        )
        board = shelf.book("first").board(Selection())
        expected = rank(folder)
        assert [(r.model, r.rating) for r in board.table.ratings] == [
            (r.model, r.rating) for r in expected.ratings
        ]
        assert board.table.interval == expected.interval
        for mine, theirs in zip(board.table.ratings, expected.ratings, strict=True):
            assert (mine.ci_low, mine.ci_high) == pytest.approx((theirs.ci_low, theirs.ci_high), abs=1e-9)
    finally:
        shelf.close()


def test_battles_of_a_folder_are_listed_with_the_judges_words_in_both_orders(tmp_path: Path) -> None:
    made = arena(["a", "b"], 5)
    shelf = opened(made.write(tmp_path / "run"))
    try:
        table = shelf.book("run").table
        assert total(table, Search()) == 5
        (last, *_) = page(table, Search(), limit=1)
        found = find(table, last.battle_id)
        assert found is not None
        assert found.battle == made.battles[-1]
        told = verdicts_of(table, found.battle)
        expected = [verdict for verdict in made.verdicts if verdict.question_id == found.battle.question_id]
        assert sorted(told, key=lambda v: v.order) == sorted(expected, key=lambda v: v.order)
    finally:
        shelf.close()


def test_folders_of_the_same_name_are_told_apart_and_a_bad_one_says_why(tmp_path: Path) -> None:
    one = arena(["a", "b"], 3).write(tmp_path / "x" / "run")
    two = arena(["a", "b"], 4).write(tmp_path / "y" / "run")
    broken = arena(["a", "b"], 3).write(tmp_path / "broken")
    with (broken / "battles.jsonl").open("a") as file:
        file.write("{no json\n")
    shelf = opened(one, broken, two, tmp_path / "nowhere")
    try:
        states = {run["name"]: (run["state"], run["n_battles"]) for run in shelf.listing()}
        assert states["run"] == ("ready", 3)
        assert states["run-2"] == ("ready", 4)
        assert states["broken"][0] == states["nowhere"][0] == "failed"
        errors = {run["name"]: run["error"] for run in shelf.listing()}
        assert "battles.jsonl:4" in errors["broken"]
        assert str(tmp_path) not in errors["broken"]
        with pytest.raises(NotYetReadError):
            shelf.book("broken")
        with pytest.raises(UsageError):
            shelf.book("unknown")
    finally:
        shelf.close()


def test_nothing_is_left_behind_and_the_folder_is_as_it_was(tmp_path: Path) -> None:
    folder = arena(["a", "b"], 3).write(tmp_path / "run")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    shelf = opened(folder)
    place = shelf._place
    assert place is not None
    assert list(place.iterdir())
    shelf.close()
    assert not place.exists()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
