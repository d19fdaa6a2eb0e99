"""Colours can be read, and told apart by people who do not see all of them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest

from palestra.report.plots.theme import DARK, LIGHT, Theme, contrast, readable_on, shade, theme_of

if TYPE_CHECKING:
    from palestra.ranking.arrays import Floats

BLIND = {
    "protan": [[0.11238, 0.88762, 0.0], [0.11238, 0.88762, 0.0], [0.00401, -0.00401, 1.0]],
    "deutan": [[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]],
}
"""Linear RGB as seen without red or green cones (Viénot, Brettel & Mollon, Color Res. Appl. 24, 1999)."""


def seen(colour: str, matrix: list[list[float]]) -> Floats:
    """The colour as others see it, back in the usual coding from 0 to 255."""
    coded = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    mixed = np.clip(np.array(matrix) @ linear, 0, 1)
    return np.asarray(255 * np.where(mixed <= 0.0031308, mixed * 12.92, 1.055 * mixed ** (1 / 2.4) - 0.055))


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_text_can_be_read(theme: Theme) -> None:
    for paper in (theme.paper, theme.sunken):
        assert contrast(theme.ink, paper) >= 7
        assert contrast(theme.soft, paper) >= 4.5
        assert contrast(theme.main, paper) >= 4.5
    assert all(contrast(line, theme.paper) >= 3 for line in theme.lines)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
@pytest.mark.parametrize("per_cent", range(101))
def test_figures_in_cells_can_be_read(theme: Theme, per_cent: int) -> None:
    colour = shade(theme, per_cent / 100)
    assert contrast(readable_on(colour), colour) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK])
@pytest.mark.parametrize("kind", BLIND)
def test_wins_and_losses_look_different_to_the_colour_blind(theme: Theme, kind: str) -> None:
    for per_cent in (60, 75, 90, 100):
        win, loss = shade(theme, per_cent / 100), shade(theme, 1 - per_cent / 100)
        distance = float(np.linalg.norm(seen(win, BLIND[kind]) - seen(loss, BLIND[kind])))
        assert distance > 0.9 * (per_cent - 50), (win, loss)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_shades_are_centred_on_even_odds(theme: Theme) -> None:
    assert shade(theme, 0.5) == theme.stops[2]
    assert (shade(theme, 0.0), shade(theme, 1.0)) == (theme.stops[0], theme.stops[4])
    assert (shade(theme, -3.0), shade(theme, 7.0)) == (theme.stops[0], theme.stops[4])
    steps = [contrast(shade(theme, share / 20), theme.stops[2]) for share in range(10, 21)]
    assert all(later > earlier for earlier, later in itertools.pairwise(steps))


def test_themes_have_names() -> None:
    assert theme_of("dark") is DARK
    assert theme_of("light") is LIGHT
