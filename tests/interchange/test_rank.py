from __future__ import annotations

import csv
import gzip
import json
from typing import TYPE_CHECKING, Any, Literal

import duckdb
import pytest
from tests.support import require

from palestra.errors import UsageError
from palestra.interchange.rank import rank

if TYPE_CHECKING:
    from pathlib import Path

WINNERS = {"left": "model_a", "right": "model_b", "tie": "tie"}


@pytest.fixture(scope="module")
def crowd() -> tuple[Path, list[dict[str, str]]]:
    """The llmfao crowd votes as rows, and the folder they are in."""
    folder = require.shared_data("llmfao")
    with gzip.open(folder / "crowd_votes.csv.gz", "rt", encoding="utf-8") as file:
        votes = [
            {
                "model_a": vote["left"],
                "model_b": vote["right"],
                "winner": WINNERS[vote["winner"]],
                "category": vote["slug"],
            }
            for vote in csv.DictReader(file)
        ]
    return folder, votes


def reference(folder: Path, column: str) -> dict[str, float]:
    with (folder / "reference_ratings.csv").open(encoding="utf-8") as file:
        return {row["model"]: float(row[column]) for row in csv.DictReader(file)}


def jsonl(path: Path, rows: list[dict[str, str]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_crowd_votes_give_the_reference_ratings(
    crowd: tuple[Path, list[dict[str, str]]], tmp_path: Path
) -> None:
    folder, votes = crowd
    board = rank(jsonl(tmp_path / "votes.jsonl", votes))
    rated = {row.model: row.rating for row in board.ratings}
    assert rated == pytest.approx(reference(folder, "bt_elo"), abs=1e-9)
    assert board.n_battles == 4143


def test_crowd_votes_give_the_reference_elo_in_file_order(
    crowd: tuple[Path, list[dict[str, str]]], tmp_path: Path
) -> None:
    folder, votes = crowd
    files = [jsonl(tmp_path / "1.jsonl", votes[:1000]), jsonl(tmp_path / "2.jsonl", votes[1000:])]
    board = rank(files, method="elo", k=4, start=1000)
    rated = {row.model: row.rating for row in board.ratings}
    assert rated == pytest.approx(reference(folder, "elo_k4_file_order"), abs=1e-9)


def test_splitting_by_prompt_counts_every_vote_once(crowd: tuple[Path, list[dict[str, str]]]) -> None:
    _, votes = crowd
    boards = rank(votes, by="category", ci="none")
    assert list(boards) == sorted({vote["category"] for vote in votes})
    assert sum(board.n_battles for board in boards.values()) == len(votes)


def test_alpaca_eval_win_rates_are_the_published_ones() -> None:
    folder = require.shared_data("alpacaeval")
    rows = duckdb.execute(
        f"""SELECT 'baseline' AS model_a, model AS model_b, 'tie' AS winner, TRUE AS soft,
                   2 - CASE preference WHEN 0 THEN 1.5 ELSE preference END AS pref
            FROM '{folder / "ae2_annotations.parquet"}' WHERE preference IS NOT NULL"""
    ).df()
    with (folder / "ae2_leaderboard_official.csv").open(encoding="utf-8") as file:
        official = list(csv.DictReader(file))
    name = next(iter(official[0]))
    board = rank(rows, method="win-rate")
    rated = {row.model: row.rating for row in board.ratings if row.model != "baseline"}
    assert rated == pytest.approx({row[name]: float(row["win_rate"]) for row in official}, abs=1e-9)


ROWS: list[dict[str, Any]] = [
    {"model_a": "A", "model_b": "B", "winner": "model_a", "category": "math", "pref": 0.6},
    {"model_a": "B", "model_b": "C", "winner": "model_a", "category": "math", "pref": 0.9},
    {"model_a": "A", "model_b": "B", "winner": "model_b", "category": "law", "soft": True, "pref": 0.3},
    {"model_a": "C", "model_b": "B", "winner": "tie"},
]


def test_by_gives_a_board_for_each_value_and_for_none() -> None:
    boards = rank(ROWS, by="category")
    assert {name: board.n_battles for name, board in boards.items()} == {"(none)": 1, "law": 1, "math": 2}
    elo = rank(ROWS, by="category", method="elo", k=32)
    assert {row.model: row.rating for row in elo["law"].ratings} == pytest.approx(
        {"A": 1000 - 6.4, "B": 1000 + 6.4}
    )


def test_shrunk_groups_are_those_of_all_votes(crowd: tuple[Path, list[dict[str, str]]]) -> None:
    """59 models and 6 prompts: ratings of a prompt alone scatter more than shrunk ones."""
    _, votes = crowd
    whole, alone = rank(votes), rank(votes, by="category")
    shrunk = rank(votes, by="category", shrink=True)
    overall = {row.model: row.rating for row in whole.ratings}
    assert list(shrunk) == list(alone)
    for name, board in shrunk.items():
        assert board.n_battles == alone[name].n_battles
        assert {row.model for row in board.ratings} == {
            row.model for row in alone[name].ratings if row.n_battles
        }
        scatter, rest = (
            sum((row.rating - overall[row.model]) ** 2 for row in each.ratings)
            for each in (alone[name], board)
        )
        assert rest < 0.8 * scatter
        assert 0 < board.parameters["tau"] < 200
        assert all(0 <= pull <= 1 + 1e-9 for pull in board.parameters["pull"].values())


def test_shrunk_groups_know_of_clusters_filters_and_the_anchor() -> None:
    rows = [
        {
            "model_a": "A",
            "model_b": "B",
            "winner": ["model_a", "tie", "model_b"][n % 7 % 3],
            "category": f"c{n % 2}",
            "question_id": f"q{n // 8}",
        }
        for n in range(96)
    ]
    copies = [row for row in rows for _ in range(6)]
    options: dict[str, Any] = {"by": "category", "shrink": True, "anchor": {"A": 1100.0}}
    apart = rank(copies, filter="category <> 'c1'", **options)
    together = rank(copies, cluster="question_id", filter="category <> 'c1'", **options)
    bare = rank(copies, cluster="question_id", filter="category <> 'c1'", ci="none", **options)
    assert list(apart) == ["c0"]
    wide, narrow = together["c0"].ratings[0], apart["c0"].ratings[0]
    assert (wide.ci_high or 0) - (wide.ci_low or 0) > 1.3 * ((narrow.ci_high or 0) - (narrow.ci_low or 0))
    assert together["c0"].interval.cluster == "question_id"
    assert together["c0"].anchor == {"A": 1100.0}
    assert together["c0"].parameters["filter"] == "category <> 'c1'"
    assert [row.rating for row in bare["c0"].ratings] == [row.rating for row in together["c0"].ratings]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"by": "category", "method": "elo"},
        {"by": "category", "method": "davidson"},
        {"by": "category", "style": "lmarena"},
        {"by": "category", "side": True},
        {"by": "category", "ci": "bootstrap"},
        {"by": "category", "simultaneous": True},
        {"by": "category", "details": True},
    ],
)
def test_what_cannot_be_shrunk_is_refused_before_reading(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="shrunk"):
        rank("no-such-file.jsonl", shrink=True, **options)


def test_labels_say_what_is_read() -> None:
    def of_a(labels: Literal["hard", "soft"] | None) -> float | None:
        board = rank(ROWS, method="win-rate", labels=labels)
        return {row.model: row.win_rate for row in board.ratings}["A"]

    assert of_a(None) == pytest.approx((1 + 0.3) / 2)
    assert of_a("hard") == pytest.approx(1 / 2)
    assert of_a("soft") == pytest.approx((0.6 + 0.3) / 2)


def test_an_anchor_that_a_group_lacks_is_said_there() -> None:
    boards = rank(ROWS, by="category", anchor={"C": 1200.0})
    assert boards["law"].anchor is None
    assert any("anchor C" in warning for warning in boards["law"].warnings)
    assert boards["math"].anchor == {"C": 1200.0}


def test_the_board_repeats_filter_and_labels() -> None:
    board = rank(ROWS, filter="category = 'math'", labels="hard")
    assert board.parameters["filter"] == "category = 'math'"
    assert board.parameters["labels"] == "hard"
    assert board.n_battles == 2


@pytest.mark.parametrize(
    "wrong", [{"by": "model_a"}, {"labels": "medium"}, {"method": "glicko"}, {"ci": "x"}, {"level": 2}]
)
def test_a_senseless_request_is_refused_before_reading(wrong: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        rank("/no/such/file.jsonl", **wrong)  # type: ignore[call-overload]


def test_elo_may_go_by_time() -> None:
    """Whatever order the rows are in; rows without a time are left out and counted."""
    games = [("A", "B", "model_a", 3.0), ("B", "C", "tie", 1.0), ("A", "C", "model_b", 4.0)]
    games += [("C", "B", "model_a", 2.0), ("A", "B", "model_b", 0.0)]
    rows = [{"model_a": a, "model_b": b, "winner": w, "tstamp": t} for a, b, w, t in games]
    untimed = {"model_a": "A", "model_b": "B", "winner": "model_b", "tstamp": None}
    board = rank([*rows, untimed], method="elo", k=32, by_time=True)
    sorted_rows = [row for _, row in sorted(zip([game[3] for game in games], rows, strict=True))]
    told = rank(sorted_rows, method="elo", k=32)
    assert [(row.model, row.rating) for row in board.ratings] == [(r.model, r.rating) for r in told.ratings]
    assert board.parameters["n_untimed"] == 1
    as_they_come = rank(rows, method="elo", k=32)
    assert [row.rating for row in as_they_come.ratings] != [row.rating for row in told.ratings]
    with pytest.raises(UsageError, match="by time"):
        rank(rows, by_time=True)


def test_battles_that_share_prompts_are_pointed_out(tmp_path: Path) -> None:
    def file(name: str, share: int) -> Path:
        lines = [
            {
                "question_id": f"q{n // share}",
                "model_a": "A",
                "model_b": "B",
                "winner": "tie" if n % 3 else "model_a",
            }
            for n in range(40)
        ]
        path = tmp_path / name
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        return path

    shared, alone = file("shared.jsonl", 2), file("alone.jsonl", 1)

    def warned(path: Path, **options: Any) -> bool:
        return any("same prompt" in warning for warning in rank(path, **options).warnings)

    assert warned(shared)
    assert not warned(shared, cluster="question_id")
    assert not warned(shared, cluster=None)
    assert not warned(shared, ci="none")
    assert not warned(alone)
    parquet = tmp_path / "shared.parquet"
    duckdb.sql(f"COPY (FROM '{shared}') TO '{parquet}'")
    assert warned(parquet)
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "battles.jsonl").write_text(shared.read_text())
    assert not warned(folder)  # its battles are clustered by themselves
