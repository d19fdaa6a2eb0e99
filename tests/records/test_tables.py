from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import pytest

from palestra.errors import UsageError
from palestra.records.rating import Interval, Leaderboard, Rating
from palestra.records.tables import Tabular, aligned


@dataclass(frozen=True, repr=False)
class Found(Tabular):
    found: list[dict[str, Any]]

    def rows(self) -> list[dict[str, Any]]:
        return self.found


def board() -> Leaderboard:
    rating = {"n_battles": 10, "wins": 6.0, "losses": 4.0, "ties": 0.0, "win_rate": 0.6}
    ratings = [
        Rating(1, 1, 2, "<b>Ä</b>", 1012.345678901, 990.5, None, **rating),  # type: ignore[arg-type]
        Rating(2, 1, 2, "モデル", 987.654321099, 950.0, 1010.0, **rating),  # type: ignore[arg-type]
    ]
    interval = Interval("bootstrap", 0.95, 100, 7)
    return Leaderboard(
        "bradley-terry", 400, 10, None, interval, 10, 0, [["<b>Ä</b>", "モデル"]], ["few"], ratings
    )


def test_a_board_shows_itself_as_a_table_with_how_it_was_made() -> None:
    assert repr(board()).splitlines() == [
        "bradley-terry, 95 % intervals (bootstrap, 100 rounds, seed 7), 10 battles",
        "Warning: few",
        "rank  model     rating  ci_low  ci_high  n_battles  win_rate",
        "────────────────────────────────────────────────────────────",
        "   1  <b>Ä</b>  1012.3   990.5        –         10       0.6",
        "   2  モデル     987.7   950.0   1010.0         10       0.6",
    ]


def test_no_name_is_markup_in_a_notebook() -> None:
    shown = board()._repr_html_()
    assert "<b>" not in shown
    assert "&lt;b&gt;Ä&lt;/b&gt;" in shown
    assert shown.count("<tr>") == 3


def test_no_name_moves_the_cursor_of_a_terminal() -> None:
    assert "\x1b" not in repr(Found([{"model": "a\x1b[2J", "rating": 1.0}]))


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_data_frame_has_every_column_and_digit(library: str) -> None:
    pytest.importorskip(library)
    frame = getattr(board(), f"to_{library}")()
    assert list(frame["model"]) == ["<b>Ä</b>", "モデル"]
    assert list(frame["rating"]) == [1012.345678901, 987.654321099]
    assert frame["ci_high"][1] == 1010.0
    assert {"rank_low", "flags", "component"} <= set(frame.columns)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_missing_library_is_named(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(UsageError, match=library) as raised:
        getattr(board(), f"to_{library}")()
    assert f"pip install {library}" in str(raised.value)


def test_many_rows_are_cut_and_counted() -> None:
    shown = repr(Found([{"n": n} for n in range(100)]))
    assert shown.endswith("… and 40 more rows")


def test_nothing_is_said_to_be_nothing() -> None:
    assert repr(Found([])) == "<Found: no rows>"
    assert "<table>" in Found([])._repr_html_()


def test_wide_characters_take_two_columns() -> None:
    assert aligned([["model", "n"], ["モデル", "10"], ["b", "9"]]) == [
        "model    n",
        "──────────",
        "モデル  10",
        "b        9",
    ]
