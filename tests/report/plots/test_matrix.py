from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import pytest
from tests.report.plots.drawn import HOSTILE, SVG, assert_tidy, counts, rendered, size, texts

from palestra.errors import UsageError
from palestra.ranking.counts import Counts
from palestra.ranking.leaderboard import rank_counts
from palestra.report.plots.matrix import draw_matrix
from palestra.report.plots.theme import DARK, LIGHT, shade
from palestra.report.words import visible


def picture(of: Counts, method: str = "bradley-terry", **options: Any) -> bytes:
    ranked = rank_counts(of, method=method, ci="none")
    return rendered(lambda: draw_matrix(ranked, of, **{"theme": LIGHT, **options}))


def words(svg: bytes) -> list[str]:
    return [text.text for text in texts(svg)]


def colours(svg: bytes) -> set[str]:
    styles = [path.attrib.get("style", "") for path in ET.fromstring(svg).iter(f"{SVG}path")]
    return {style.split("fill: ")[1].split(";")[0] for style in styles if "fill: #" in style}


@pytest.mark.parametrize("models", [2, 5, 10, 16, 26, 60, 130])
def test_nothing_overlaps_and_every_name_is_there(models: int) -> None:
    found = counts(models, 12 * models)
    svg = picture(found)
    assert_tidy(svg)
    shown = set(words(svg))
    assert [name for name in found.models if name not in shown] == []


@pytest.mark.parametrize("width", [360, 900, 2400, None])
def test_every_width_is_tidy_and_names_stay_readable(width: int | None) -> None:
    svg = picture(counts(len(HOSTILE), 600, names=HOSTILE), width=width)
    assert_tidy(svg)
    assert width is None or size(svg)[0] >= width
    heights = [text.bottom - text.top for text in texts(svg)]
    assert min(heights) >= 5.5


def test_observed_and_predicted_stand_side_by_side() -> None:
    """10 to 0 and then 1: the share is 10/11 either way, of eleven battles."""
    found = Counts.from_rows(["A"] * 11, ["B"] * 11, ["model_a"] * 10 + ["model_b"])
    svg = picture(found)
    shown = words(svg)
    assert shown.count("91") == shown.count("9") == 2
    assert shown.count("11") == 2
    assert {shade(LIGHT, 10 / 11), shade(LIGHT, 1 / 11)} <= colours(svg)
    left, right = (text.left for text in texts(svg) if text.text == "91")
    assert right - left > 50


def test_models_stand_in_the_order_of_the_board() -> None:
    found = counts(8, 400)
    board = rank_counts(found)
    names = [text for text in texts(picture(found)) if text.text in found.models]
    assert [text.text for text in sorted(names, key=lambda text: text.top)] == [
        row.model for row in board.ratings
    ]


def test_pairs_that_never_met_have_no_figure() -> None:
    """A chain of three: the ends never met, but the ratings say something; X and Y met nobody else."""
    chain = Counts.from_rows(
        ["A", "B", "B", "C", "X", "Y"], ["B", "A", "C", "B", "Y", "X"], ["model_a"] * 4 + ["tie"] * 2
    )
    shown = words(picture(chain))
    assert shown.count("50") == 6 + 8
    assert shown.count("2") == 6 + 3
    assert any("never met" in word for word in shown)


@pytest.mark.parametrize("method", ["win-rate", "davidson"])
def test_a_method_that_predicts_nothing_has_one_panel(method: str) -> None:
    shown = words(picture(counts(4, 200), method))
    assert "Observed" in shown
    assert "Predicted" not in shown


def test_figures_go_where_cells_are_too_small_for_them() -> None:
    small, middle, large = (picture(counts(n, 40 * n)) for n in (40, 20, 8))
    assert not [word for word in words(small) if word == "50"]
    assert "numbers of battles" not in " ".join(words(middle))
    assert "numbers of battles" in " ".join(words(large))


def test_even_odds_have_the_middle_colour() -> None:
    even = Counts.from_rows(["A", "A"], ["B", "B"], ["model_a", "model_b"])
    cells = colours(picture(even, theme=DARK)) - {shade(DARK, (n + 0.5) / 100) for n in range(100)}
    assert DARK.stops[2] in colours(picture(even, theme=DARK))
    assert cells <= {DARK.stops[2], DARK.paper}


def test_names_are_shown_as_they_are() -> None:
    shown = words(picture(counts(len(HOSTILE), 600, names=HOSTILE)))
    expected = [visible(name).replace("\uffff\ufffe", "\ufffd\ufffd") for name in HOSTILE]
    assert [name for name in expected if name not in shown] == []


def test_no_battles_are_an_error() -> None:
    with pytest.raises(UsageError, match="no battles"):
        picture(Counts.empty())
