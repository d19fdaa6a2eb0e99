"""The benchmark against peers, as far as it needs no peer: its data, our side, its tables."""

from __future__ import annotations

import fcntl
import json
import sys
import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq
import pytest
from benchmarks.ranking import data, measure
from benchmarks.ranking.child import measure as measure_here
from benchmarks.ranking.counting import count
from benchmarks.ranking.measure import Measured, Sample
from benchmarks.ranking.plan import COMMAND, FIGURES, MEMORY, OURS, Wanted
from benchmarks.ranking.report import compare, judged, lines
from benchmarks.ranking.task import TASKS

from palestra import rank

if TYPE_CHECKING:
    from pathlib import Path

BATTLES, MODELS = 3000, 12


@pytest.fixture(scope="module")
def battles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("bench") / "battles.parquet"
    data.write_parquet(path, BATTLES, MODELS)
    return path


def test_the_same_size_gives_the_same_battles(battles: Path, tmp_path: Path) -> None:
    data.write_parquet(tmp_path / "again.parquet", BATTLES, MODELS)
    assert pq.read_table(tmp_path / "again.parquet").equals(pq.read_table(battles))


def test_battles_are_as_an_arena_logs_them(battles: Path) -> None:
    """Skewed popularity, 30 % ties of both kinds, prompts that come back, all features there."""
    table = pq.read_table(battles)
    frame = table.to_pylist()
    assert len(frame) == BATTLES
    assert all(row["model_a"] != row["model_b"] for row in frame)
    ties = sum(row["winner"].startswith("tie") for row in frame) / BATTLES
    assert ties == pytest.approx(0.3, abs=4 * np.sqrt(0.21 / BATTLES))
    assert {row["winner"] for row in frame} == {"model_a", "model_b", "tie", "tie (bothbad)"}
    names = data.model_names(MODELS)
    fought = [sum(name in (row["model_a"], row["model_b"]) for row in frame) for name in names]
    assert min(fought) > 0
    assert max(fought) > 2 * min(fought)
    assert len({row["question_id"] for row in frame}) < BATTLES
    assert set(frame[0]["style"]) == {f"{name}_{side}" for name in data.FEATURES for side in "ab"}


def test_many_rows_come_in_several_parts_and_are_counted_as_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bare counting sees what a row-by-row count sees, whatever order each part names the models in."""
    monkeypatch.setattr(data, "ROWS_AT_ONCE", 700)
    path = tmp_path / "parts.parquet"
    data.write_parquet(path, 2000, 5)
    assert pq.ParquetFile(path).num_row_groups == 3
    models, winners, counts = count(path)
    expected = np.zeros_like(counts)
    for row in pq.read_table(path).to_pylist():
        place = models.index(row["model_a"]), models.index(row["model_b"]), winners.index(row["winner"])
        expected[place] += 1
    np.testing.assert_array_equal(counts, expected)


def test_jsonl_holds_the_same_battles(battles: Path, tmp_path: Path) -> None:
    path = tmp_path / "battles.jsonl"
    data.write_jsonl(path, battles)
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    columns = ["question_id", "model_a", "model_b", "winner"]
    assert rows == pq.read_table(battles, columns=columns).to_pylist()


@pytest.mark.parametrize(
    ("task", "options"),
    [
        ("fit", {"ci": "none"}),
        ("bootstrap", {"ci": "none"}),
        ("sandwich", {"ci": "sandwich"}),
        ("elo", {"method": "elo"}),
        ("elo in memory", {"method": "elo"}),
    ],
)
def test_our_tasks_give_the_ratings_of_palestra_rank(
    task: str, options: dict[str, str], battles: Path
) -> None:
    found = measure_here(f"palestra {task}", battles, battles)
    board = rank(battles, **options)  # type: ignore[call-overload]
    assert found["ratings"] == pytest.approx({row.model: row.rating for row in board.ratings}, abs=1e-9)
    assert found["run"] > 0


def test_a_task_in_a_process_of_its_own(battles: Path) -> None:
    found = measure.task("palestra fit", battles, battles, limit=120, env={"PALESTRA_COMPILED": "0"})
    assert isinstance(found, Sample), found
    assert len(found.ratings) == MODELS
    assert found.peak_mb > 10
    assert found.total == found.load + found.run


def test_what_cannot_be_measured_says_why(battles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A peer that is not installed, and one that fails, leave their reason and no figure."""
    monkeypatch.setitem(sys.modules, "evalica", None)
    assert "evalica" in measure_here("evalica fit", battles, None)["reason"]
    missing = measure.task("palestra fit", battles.with_name("missing.parquet"), battles, limit=120)
    assert isinstance(missing, str)
    assert "missing.parquet" in missing


def test_a_process_that_fails_gives_its_last_words() -> None:
    found = measure.whole([sys.executable, "-c", "raise SystemExit('no such thing')"], limit=60)
    assert found == "exit code 1: no such thing"


def test_a_process_over_its_limit_is_ended_with_its_children(tmp_path: Path) -> None:
    """The child of the process holds a lock for as long as it lives, which would be two minutes."""
    lock = tmp_path / "lock"
    child = (
        f"import fcntl, time; file = open({str(lock)!r}, 'w'); fcntl.flock(file, fcntl.LOCK_EX); "
        "file.write('held'); file.flush(); time.sleep(120)"
    )
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    assert measure.whole([sys.executable, "-c", parent], limit=6.0) == "over 6 s"
    assert lock.read_text() == "held"
    with lock.open() as file:
        for _ in range(100):
            with suppress(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            time.sleep(0.1)
    pytest.fail("the child outlived the limit")


def test_slow_things_are_measured_less_often() -> None:
    def after(*seconds: float) -> bool:
        return Measured(tuple(Sample(0.0, each, 1.0) for each in seconds)).enough(7)

    assert [after(), after(0.1), after(*[0.1] * 7)] == [False, False, True]
    assert [after(6.0, 6.0), after(6.0, 6.0, 6.0), after(31.0)] == [False, True, True]
    assert Measured(reason="broken").enough(7)


def test_ratings_are_compared_by_their_differences() -> None:
    """A shift of all ratings says nothing; a swap of two models is two ranks."""
    ours = {"a": 3.0, "b": 2.0, "c": 1.0}
    same = compare(ours, {model: rating + 1000 for model, rating in ours.items()})
    assert same is not None
    assert same.apart == pytest.approx(0.0, abs=1e-9)
    assert same.moved == 0
    swapped = compare(ours, {"a": 2.0, "b": 3.0, "c": 1.0, "d": 9.0})
    assert swapped is not None
    assert (swapped.apart, swapped.moved, swapped.missing) == (1.0, 2, 1)
    assert "2 ranks differ" in swapped.told("ours")
    lost = compare(ours, {**ours, "c": float("nan")})
    assert lost is not None
    assert lost.told("ours") == "some ratings are no numbers"
    assert compare(ours, {}) is None


def timed(*seconds: float) -> Measured:
    return Measured(tuple(Sample(0.0, each, 100.0) for each in seconds))


def test_a_limit_is_read_against_the_fastest_that_finished() -> None:
    wanted = Wanted("fastest / ours", "ours", ("slow", "fast", "broken"), at_least=10, sizes=("2m",))
    found = {
        "ours": timed(1.0, 0.1, 0.2),
        "slow": timed(9.0),
        "fast": timed(3.0),
        "broken": Measured(reason="over 240 s"),
    }
    line = judged(wanted, "2m", "run", found)
    assert line.split()[3] == "15.00"
    assert line.endswith("(wanted: at least 10; met; fastest: fast; not finished: broken)")
    assert "NOT met" in judged(replace(wanted, at_least=16), "2m", "run", found)
    assert "met" not in judged(wanted, "100k", "run", found)
    only_broken = {"ours": found["ours"], "broken": found["broken"]}
    assert "no other finished" in judged(wanted, "2m", "run", only_broken)
    assert "ours was not measured" in judged(wanted, "2m", "run", {"fast": timed(3.0)})


def test_a_limit_from_above() -> None:
    wanted = Wanted("ours / floor", "ours", ("floor",), at_most=2, sizes=("2m",))
    assert "NOT met" in judged(wanted, "2m", "run", {"ours": timed(2.1), "floor": timed(1.0)})
    assert "; met)" in judged(wanted, "2m", "run", {"ours": timed(1.9), "floor": timed(1.0)})
    assert "; met)" in judged(MEMORY, "10m", "peak_mb", {COMMAND: timed(1.0)})


def test_a_table_has_a_line_for_everything_measured() -> None:
    """A reason stands in the place of a figure; ratings are held against ours."""
    figure = FIGURES[0]
    ratings = {"a": 1.0, "b": 2.0}
    found = {
        OURS: Measured((Sample(0.0, 0.5, 100.0, ratings),)),
        "evalica": Measured((Sample(0.1, 0.5, 100.0, {"a": 2.5, "b": 2.0}),)),
        "arena-rank": Measured(reason="over 30 s"),
    }
    ours, evalica, arena_rank = lines(figure, found)
    assert "0.5000 s" in ours
    assert "0.6000 s" in evalica
    assert evalica.endswith("0.75 points from ours, 2 ranks differ")
    assert arena_rank.endswith("over 30 s")
    del found[OURS]
    assert next(lines(figure, found)).endswith("MB")


def test_the_plan_is_whole() -> None:
    """Every task has a name, every limit speaks of lines in its table, labels are unique."""
    sizes = {size.name for size in data.SIZES}
    for figure in FIGURES:
        labels = [entry.label for entry in figure.entries]
        assert len(labels) == len(set(labels))
        assert all(entry.task in TASKS if entry.task else entry.command for entry in figure.entries)
        assert all(set(entry.sizes) <= sizes for entry in figure.entries)
        for wanted in figure.wanted:
            assert {wanted.ours, *wanted.against} <= set(labels)
            assert (wanted.at_least is None) != (wanted.at_most is None)
