"""Battles that say little or look odd: a right answer or one clear error, the same from every form."""

from __future__ import annotations

import math
import subprocess
import sys
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.interchange.forms import FORMS, Row, jsonl, parquet

from palestra.errors import DataError
from palestra.interchange.rank import rank
from palestra.ranking.counts import Counts
from palestra.ranking.leaderboard import rank_counts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from palestra.records.rating import Leaderboard, Rating

NAMES = [
    *("null", "NULL", "NaN", "nan", "None", "NA", "\\N", "true", "1", "1.0", "-", "#", "'", " ", " Llama"),
    *("a,b", 'say "hi"', "two\nlines", "\r\n", "\u2028", "\0", "🦙", "Llama", "llama", "LLAMA", "[x]", "{y}"),
    *("\u00e9", "e\u0301", "../x", "=1+1", "a\tb"),
]
CASES: dict[str, list[Row]] = {
    "one battle": [("A", "B", "model_a")],
    "one tie": [("A", "B", "tie")],
    "a model against itself": [("A", "A", "model_a")],
    "only models against themselves": [("A", "A", "model_a"), ("B", "B", "tie")],
    "all ties": [("A", "B", "tie")] * 3 + [("B", "C", "tie (bothbad)")] * 2,
    "all both bad": [("A", "B", "both_bad"), ("B", "C", "bothbad"), ("C", "A", "tie (bothbad)")],
    "disconnected": [("A", "B", "model_a"), ("B", "A", "model_a"), ("X", "Y", "tie"), ("Y", "X", "model_b")],
    "undefeated": [("A", "B", "model_a"), ("A", "B", "model_b"), ("X", "A", "model_a")],
    "winless": [("A", "B", "model_a"), ("A", "B", "model_b"), ("X", "A", "model_b")],
    "a chain of 50": [(f"m{one:02}", f"m{one + 1:02}", "model_a") for one in range(49)],
    "odd names": [
        row
        for one, other in zip(NAMES, NAMES[1:] + NAMES[:1], strict=True)
        for row in [(one, other, "model_a"), (other, one, "tie"), (one, other, "bothbad")]
    ],
}
CHAIN = [
    (one, other, winner)
    for one, other in pairwise(f"m{number:02}" for number in range(50))
    for winner in ["model_a"] * 3 + ["model_b"]
]


def by_hand(rows: Sequence[Row], **wishes: Any) -> Leaderboard:
    return rank_counts(Counts.from_rows(*([row[place] for row in rows] for place in range(3))), **wishes)


@pytest.fixture(params=list(FORMS.values()), ids=list(FORMS))
def form(request: pytest.FixtureRequest) -> Any:
    """One form after the other: a function of rows and a folder."""
    return request.param


@pytest.mark.parametrize("rows", CASES.values(), ids=CASES)
def test_every_form_gives_the_board_of_the_rows(form: Any, rows: list[Row], tmp_path: Path) -> None:
    """With all that is in it: ratings, intervals, flags, parts, warnings; and by every method."""
    assert rank(form(rows, tmp_path)).to_dict() == by_hand(rows).to_dict()
    for method in ("win-rate", "davidson"):
        board = rank(form(rows, tmp_path), method=method)
        assert board.to_dict() == by_hand(rows, method=method).to_dict()


def test_no_battles_are_an_empty_board(form: Any, tmp_path: Path) -> None:
    """But for a JSONL file: one that has not even a header may be cut off, and says nothing of what it is."""
    if form is jsonl:
        with pytest.raises(DataError, match="the file is empty"):
            rank(form([], tmp_path))
        return
    board = rank(form([], tmp_path))
    assert board.to_dict() == by_hand([]).to_dict()
    assert (board.ratings, board.warnings) == ([], ["there are no battles"])


FAULTS = {
    "an unknown winner": ("A", "B", "model_c"),
    "an empty name": ("A", "", "model_a"),
    "an empty winner": ("A", "B", ""),
}


@pytest.mark.parametrize("name", [name for name in FORMS if name != "records"])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_every_form_names_the_row_of_a_fault(name: str, fault: Row, tmp_path: Path) -> None:
    """In the words of its form: a line of a file, a row of a table, a record. (A Battle refuses it.)"""
    with pytest.raises(DataError) as caught:
        rank(FORMS[name]([("A", "B", "tie"), ("A", "B", "model_a"), fault], tmp_path))
    error = caught.value
    place = {"rows": "record 3", "DataFrame": "row 3", "Arrow": "row 3"}.get(name)
    assert error.key == ("model_b" if fault[1] == "" else "winner")
    assert (error.path == place) if place else error.line == (4 if name == "CSV" else 3)


def rows_of(board: Leaderboard) -> dict[str, Rating]:
    return {row.model: row for row in board.ratings}


def test_one_battle_is_a_little_evidence() -> None:
    """Against a phantom in the middle each has one drawn battle: f(2h) + ½ = f(−h), h half the gap."""
    board = rows_of(by_hand(CASES["one battle"]))
    half = (board["A"].rating - board["B"].rating) / 2
    assert 1 / (1 + 10 ** (half / 200)) + 0.5 == pytest.approx(1 / (1 + 10 ** (-half / 400)), abs=1e-9)
    assert board["A"].flags == ("undefeated", "few_battles")
    assert (board["A"].ci_low or 0) < board["B"].rating < board["A"].rating


def test_a_model_that_met_only_itself_is_there_and_unrated() -> None:
    board = by_hand(CASES["a model against itself"])
    assert [(row.model, row.rating, row.flags) for row in board.ratings] == [("A", 1000.0, ("no_battles",))]
    assert board.n_battles == 0
    assert any("against itself" in warning for warning in board.warnings)


@pytest.mark.parametrize("case", ["one tie", "all ties", "all both bad"])
def test_ties_alone_make_equals_without_an_interval(case: str) -> None:
    board = by_hand(CASES[case])
    assert {(row.rating, row.ci_low, row.ci_high) for row in board.ratings} == {(1000.0, None, None)}
    assert any("no variation" in warning for warning in board.warnings)


def test_a_chain_keeps_its_order_and_where_it_is_no_guess_its_gaps() -> None:
    won = by_hand(CASES["a chain of 50"])
    assert [row.model for row in won.ratings] == [f"m{one:02}" for one in range(50)]
    assert all(math.isfinite(row.rating) for row in won.ratings)
    exact = by_hand(CHAIN)
    gaps = [one.rating - other.rating for one, other in pairwise(exact.ratings)]
    assert gaps == pytest.approx([400 * math.log10(3)] * 49, abs=1e-9)
    widths = [(row.ci_high or 0) - (row.ci_low or 0) for row in exact.ratings]
    assert widths == pytest.approx(widths[::-1], rel=1e-6)
    assert widths[0] > widths[12] > widths[24] > 100


def test_odd_names_are_told_apart_by_every_letter() -> None:
    board = by_hand(CASES["odd names"])
    assert {row.model for row in board.ratings} == set(NAMES)
    assert all(row.n_battles == 6 for row in board.ratings)


@pytest.mark.parametrize("name", NAMES)
def test_an_odd_name_can_be_the_anchor(name: str, tmp_path: Path) -> None:
    board = rank(parquet(CASES["odd names"], tmp_path), anchor={name: 1234.0})
    assert rows_of(board)[name].rating == 1234.0


def many(models: int) -> list[Row]:
    """Some six battles a pair of models met by chance; a few models only won, or never met the rest."""
    rng = np.random.default_rng(0)
    strength = rng.normal(0, 1, models)
    a = rng.integers(models, size=6 * models)
    b = (a + rng.integers(1, models, size=a.size)) % models
    won = rng.random(a.size) < 1 / (1 + np.exp(strength[b] - strength[a]))
    return [
        (f"m{one:05}", f"m{other:05}", "model_a" if first else "model_b")
        for one, other, first in zip(a.tolist(), b.tolist(), won.tolist(), strict=True)
    ]


@pytest.fixture(scope="module")
def crowd() -> tuple[list[Row], Leaderboard]:
    """Ten thousand models: their battles, and the board of these."""
    rows = many(10_000)
    return rows, by_hand(rows, ci="none")


@pytest.mark.slow
def test_ten_thousand_models_are_rated_the_same_from_every_form(
    form: Any, crowd: tuple[list[Row], Leaderboard], tmp_path: Path
) -> None:
    rows, board = crowd
    assert rank(form(rows, tmp_path), ci="none").to_dict() == board.to_dict()


@pytest.mark.slow
def test_of_ten_thousand_models_each_wins_as_often_as_its_rating_expects(
    crowd: tuple[list[Row], Leaderboard],
) -> None:
    """As at a maximum of the likelihood it must be."""
    rows, board = crowd
    rating = {row.model: row.rating for row in board.ratings}
    missing = dict.fromkeys(rating, 0.0)
    for one, other, winner in rows:
        expected = 1 / (1 + 10 ** ((rating[other] - rating[one]) / 400))
        missing[one] += (winner == "model_a") - expected
        missing[other] -= (winner == "model_a") - expected
    one_way = {row.model for row in board.ratings if {"undefeated", "winless", "one_way"} & set(row.flags)}
    fair = {name for row in rows for name in row[:2]} - one_way
    fair -= {name for row in rows if set(row[:2]) & one_way for name in row[:2]}
    assert len(fair) > 5000
    assert max(abs(missing[name]) for name in fair) < 1e-6


MEMORY = """
import sys
from pathlib import Path
from palestra.interchange.rank import rank
board = rank(sys.argv[1], ci=sys.argv[2])
assert len(board.ratings) == int(sys.argv[3])
status = Path("/proc/self/status").read_text()  # of this program; getrusage also counts who started it
print(int(status.split("VmHWM:")[1].split()[0]) // 1024)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("models", "ci", "megabytes"), [(10_000, "none", 500), (1500, "sandwich", 500)])
def test_many_models_fit_into_little_memory(models: int, ci: str, megabytes: int, tmp_path: Path) -> None:
    """Ratings take no table of all pairs. Intervals do, some six of 8 bytes: 4.5 GB for 10,000 models."""
    path = parquet(many(models), tmp_path)
    command = [sys.executable, "-c", MEMORY, str(path), ci, str(models)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(done.stdout) < megabytes
