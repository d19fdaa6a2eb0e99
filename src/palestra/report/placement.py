"""A placement as text and as JSON: the board with the new model marked, its record, its rank, what would tell
more.
"""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from palestra.report.boards import board_table
from palestra.report.words import number, percent, span, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from palestra.analysis.calibration import Calibration
    from palestra.analysis.placing import Placed
    from palestra.analysis.placing_need import Neighbour

MARK = "  ← placed"
_TOLD = 0.01
"""Ranks less likely than this are not named."""
_STRETCH = 10.0
_BARS = " ▁▂▃▄▅▆▇█"


def marked_board(placed: Placed) -> str:
    """The board with the placed model marked, ending with a line break."""
    marked = [
        replace(row, model=row.model + MARK) if row.model == placed.model else row
        for row in placed.board.ratings
    ]
    return board_table(replace(placed.board, ratings=marked)).replace(f"{MARK}:", ":")


def summary_lines(placed: Placed) -> Iterator[str]:
    """What the judged battles came to, where the model stands, and how sure that is."""
    name = visible(placed.model)
    yield (
        f"{name}: {placed.n_battles} battles on {placed.n_prompts} prompts, {placed.wins} wins, "
        f"{placed.losses} losses, {placed.ties} ties, win rate {percent(placed.win_rate)}"
    )
    yield f"Labels: {_labels(placed)}"
    if placed.calibration is not None:
        yield from _calibration_lines(placed.calibration)
    if placed.steepness is not None and not math.isnan(placed.steepness.value):
        steep = placed.steepness
        yield (
            f"Labels on the arena's own pairs are {number(steep.value, 2)} times as steep as people's votes "
            f"({span(steep.low, steep.high, 2)})"
        )
    yield (
        f"Mean absolute error of the refit against the human-only board: "
        f"{number(placed.mean_absolute_error, 2)} points"
    )
    if placed.rank_probabilities:
        yield f"Rank: {_ranks(placed.rank_probabilities)}"
    for neighbour in placed.neighbours:
        yield _neighbour_line(name, neighbour)


def _labels(placed: Placed) -> str:
    if placed.labels == "hard":
        return "hard (who won)"
    fitted = "" if placed.calibration is None else ", fitted"
    return f"soft (the judge's share of the win, T = {number(placed.temperature, 4)}{fitted})"


def _calibration_lines(found: Calibration) -> Iterator[str]:
    bounds = f"{100 * found.level:g} %: {span(found.low, found.high, 4)}"
    yield (
        f"Temperature: {number(found.temperature, 4)} ({bounds}), by maximum "
        f"likelihood on {found.n} human verdicts without ties; the judge is on the side of people in "
        f"{percent(found.agreement)}"
    )
    yield f"Likelihood, T from {_curve(found)}"


def _curve(found: Calibration) -> str:
    """The likelihood as a line of bars, around its top, and between which temperatures."""
    near = [(t, value) for t, value in found.curve if t > 0 and value > found.log_likelihood - _STRETCH]
    if not near:
        return f"{number(found.temperature, 4)} alone"
    heights = [math.exp(min(value - found.log_likelihood, 0.0) / 4) for _, value in near]
    bars = "".join(_BARS[round(height * (len(_BARS) - 1))] for height in heights)
    return f"{number(near[0][0], 3)} to {number(near[-1][0], 3)}: {bars}"


def _ranks(chances: tuple[float, ...]) -> str:
    named = [(chance, rank) for rank, chance in enumerate(chances, 1) if chance >= _TOLD]
    listed = ", ".join(f"{rank} ({percent(chance, 0)})" for chance, rank in named)
    mean = sum(rank * chance for rank, chance in enumerate(chances, 1))
    return f"{listed}; mean {number(mean, 1)} of {len(chances)}"


def _neighbour_line(name: str, neighbour: Neighbour) -> str:
    other = visible(neighbour.model)
    gap = f"{number(abs(neighbour.gap))} points {'above' if neighbour.gap >= 0 else 'below'} {other}"
    if math.isnan(neighbour.chance_better):
        return f"{name} is {gap}"
    told = f"{name} is {gap}, better with {percent(neighbour.chance_better, 0)}"
    if neighbour.told_apart:
        return f"{told}: told apart"
    if math.isnan(neighbour.more_prompts):
        return f"{told}: not told apart"
    if math.isinf(neighbour.more_prompts):
        return f"{told}: not told apart, and more prompts alone would not tell"
    return f"{told}: not told apart; about {neighbour.more_prompts:,.0f} more prompts would tell"


def placement_data(placed: Placed) -> dict[str, Any]:
    """Everything but the boards, JSON-ready; what is not known or infinite is null."""
    found = {
        name: value
        for name, value in asdict(placed).items()
        if name not in ("board", "human_board", "calibration")
    }
    found |= {"n_battles": placed.n_battles, "win_rate": placed.win_rate}
    found["interval"] = asdict(placed.board.interval)
    found["calibration"] = None
    if placed.calibration is not None:
        told = asdict(placed.calibration)
        told["curve"] = [
            {"temperature": temperature, "log_likelihood": value} for temperature, value in told["curve"]
        ]
        found["calibration"] = told
    cleaned = _finite(found)
    assert isinstance(cleaned, dict)
    return cleaned


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
