from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from tests.report.plots.drawn import HOSTILE, SVG, assert_tidy, rendered, texts

from palestra.analysis.history import history
from palestra.errors import DataError
from palestra.ranking.counts import Rows
from palestra.report.plots.history import draw_history
from palestra.report.plots.theme import DARK, LIGHT
from palestra.report.words import visible

START = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
DAY = 86_400.0


def battles(models: int = 6, number: int = 900, days: float = 120, names: list[str] | None = None) -> Any:
    rng = np.random.default_rng(2)
    a = rng.integers(0, models, number)
    b = (a + rng.integers(1, models, number)) % models
    wins = rng.random(number) < 1 / (1 + np.exp((a - b) / models))
    rows = Rows.from_codes(names or [f"model {n}" for n in range(models)], a, b, np.where(wins, 0, 1))
    return rows, START + np.sort(rng.uniform(0, days * DAY, number))


def picture(rows: Rows, times: Any, how: dict[str, Any] | None = None, **options: Any) -> bytes:
    found = history(rows, times, **(how or {}))
    return rendered(lambda: draw_history(found, **{"theme": LIGHT, **options}))


def words(svg: bytes) -> list[str]:
    return [text.text for text in texts(svg)]


@pytest.mark.parametrize("models", [2, 8, 12, 40])
def test_every_curve_has_its_label_and_none_overlaps(models: int) -> None:
    svg = picture(*battles(models, 40 * models), top=models)
    assert_tidy(svg)
    assert set(words(svg)) >= {f"model {n}" for n in range(models)}


@pytest.mark.parametrize("width", [360, 600, 900, 1600, None])
def test_every_width_is_tidy(width: int | None) -> None:
    assert_tidy(picture(*battles(len(HOSTILE), 900, names=HOSTILE), width=width, top=len(HOSTILE)))


@pytest.mark.parametrize("days", [0.0, 1e-5, 0.01, 0.3, 2, 20, 400, 4000, 400_000])
def test_every_span_of_time_has_readable_dates(days: float) -> None:
    svg = picture(*battles(days=days))
    assert_tidy(svg)
    assert any(re.search(r"20[2-9]\d", word) for word in words(svg))


def test_the_best_ten_are_drawn_unless_told() -> None:
    rows, times = battles(14, 900)
    labels = [word for word in words(picture(rows, times)) if word.startswith("model ")]
    assert len(labels) == 10
    assert "first 10 of 14 models" in " ".join(words(picture(rows, times)))
    assert len([word for word in words(picture(rows, times, top=3)) if word.startswith("model ")]) == 3


def test_labels_tell_the_ratings_of_the_board() -> None:
    rows, times = battles()
    found = history(rows, times)
    shown = words(picture(rows, times, theme=DARK))
    assert all(f"{row.rating:.0f}" in shown for row in found.board.ratings)


def test_bands_are_drawn_where_there_are_intervals() -> None:
    def bands(svg: bytes) -> int:
        paths = [path.attrib.get("style", "") for path in ET.fromstring(svg).iter(f"{SVG}path")]
        return sum("opacity: 0.08" in style for style in paths)

    rows, times = battles()
    assert bands(picture(rows, times)) == 6
    assert bands(picture(rows, times, {"method": "elo"})) == 0
    assert bands(picture(*battles(13), top=12)) == 12
    many = picture(*battles(13), top=13)
    assert bands(many) == 0
    assert "Too many curves" in " ".join(words(many))
    assert "Bands" not in " ".join(words(picture(rows, times, {"ci": "none"})))


def test_the_small_print_tells_what_was_done_and_left_out() -> None:
    rows, times = battles()
    lone = Rows.concat([rows, Rows.from_names(["x"], ["y"], ["tie"])])
    text = " ".join(words(picture(lone, np.append(times, START), {"slices": "month"}, n_untimed=3)))
    for part in ("by month", "Bradley-Terry", "sandwich", "2 models without", "3 battles without a time"):
        assert part in text
    assert "in order of time" in " ".join(words(picture(rows, times, {"method": "elo", "slices": 9})))
    assert "9 slices" in " ".join(words(picture(rows, times, {"slices": 9})))


def test_names_are_shown_as_they_are() -> None:
    shown = words(picture(*battles(len(HOSTILE), 900, names=HOSTILE), top=99))
    expected = [visible(name).replace("\uffff\ufffe", "\ufffd\ufffd") for name in HOSTILE]
    assert [name for name in expected if name not in shown] == []


def test_one_point_of_few_battles_is_drawn() -> None:
    rows = Rows.from_names(["a", "b"], ["b", "a"], ["model_a", "model_a"])
    svg = picture(rows, np.full(2, START))
    assert_tidy(svg)
    assert {"a", "b"} <= set(words(svg))


def test_battles_that_determine_nothing_are_an_error() -> None:
    with pytest.raises(DataError, match="determine no model's rating"):
        picture(Rows.from_names(["a"], ["b"], ["model_a"]), np.array([START]))
