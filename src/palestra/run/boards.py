"""The leaderboards of a result folder: all battles, and each dataset, subset and category."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from palestra.interchange.rank import rank
from palestra.report.boards import board_csv, board_json, board_markdown, board_table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from palestra.config.schema import Config
    from palestra.interchange.battle_query import By
    from palestra.records.rating import Leaderboard
    from palestra.report.baseline_text import BaselineReport
    from palestra.run.baselines import BaselineResults

_GROUPED_BY: tuple[By, ...] = ("dataset", "subset", "category")


@dataclass(frozen=True, slots=True)
class Boards:
    """The overall board, and those by kind of group and value."""

    overall: Leaderboard
    groups: Mapping[str, Mapping[str, Leaderboard]]
    baseline: BaselineReport | None = None
    """Of a run against a baseline."""
    sentences: tuple[str, ...] = ()
    """How each candidate did against its baseline."""

    def text(self) -> str:
        """What a person is shown when the run ends, ending with a line break."""
        return board_table(self.overall) if self.baseline is None else self.baseline.shown()

    def files(self, config: Config) -> dict[str, str]:
        """File name → content."""
        return {
            "leaderboard.txt": board_table(self.overall, self.groups),
            "leaderboard.md": board_markdown(self.overall, self.groups),
            "leaderboard.csv": board_csv(self.overall, self.groups),
            "leaderboard.json": board_json(self.overall, self.groups),
            "elo_ratings.json": json.dumps(elo_ratings(self.overall, config), indent=2, ensure_ascii=False)
            + "\n",
        } | ({} if self.baseline is None else self.baseline.files())


def make_boards(folder: Path, config: Config, against: BaselineResults | None = None) -> Boards:
    """Rank the folder's battles as the config says. A kind of group with a single value is left out.

    `against`: what a run against a baseline collected.
    """
    settings = config.ranking
    options: dict[str, Any] = {
        "method": settings.method,
        "ci": settings.ci,
        "rounds": settings.rounds,
        "level": settings.level,
        "seed": config.seed,
        "anchor": settings.anchor,
        "k": settings.k,
        "start": settings.start,
        "sizes": {model.label: model.size_b for model in config.models if model.size_b},
    }
    overall = rank(folder, **options | {"anchor": None})
    anchor = settings.anchor
    if anchor is not None and not {row.model for row in overall.ratings}.issuperset(anchor):
        note = f"the anchor {next(iter(anchor))} is in no battle; the mean is 1000"
        overall = replace(overall, warnings=[*overall.warnings, note])
        options["anchor"] = None
    elif anchor is not None:
        overall = rank(folder, **options)
    groups = {kind: rank(folder, by=kind, **options) for kind in _GROUPED_BY}
    return Boards(
        overall=overall,
        groups={kind: boards for kind, boards in groups.items() if len(boards) > 1},
        baseline=None if against is None else against.report(),
        sentences=() if against is None else tuple(against.sentences()),
    )


def elo_ratings(board: Leaderboard, config: Config) -> dict[str, Any]:
    """The board in the shape of JudgeArena's `elo_ratings.json`."""
    return {
        "arena": config.arena.name,
        "model": None,
        "judge_model": ", ".join(judge.label for judge in config.judges),
        "n_bootstraps": board.interval.rounds or 0,
        "seed": config.seed,
        "ratings": [
            {
                "model": row.model,
                "rating": row.rating,
                "ci_low": row.ci_low,
                "ci_high": row.ci_high,
                "n_battles": row.n_battles,
                "source": "evaluated",
            }
            for row in board.ratings
        ],
    }
