"""What `palestra.place` gives back."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from palestra.records.tables import Tabular
from palestra.report.placement import summary_lines

if TYPE_CHECKING:
    from pathlib import Path

    from palestra.analysis.calibration import Calibration
    from palestra.analysis.placing import Placed
    from palestra.analysis.placing_need import Neighbour
    from palestra.records.manifest import Manifest
    from palestra.records.rating import Leaderboard, Rating


@dataclass(frozen=True, slots=True, repr=False)
class Placement(Tabular):
    """A model, placed in an arena of human battles; shows itself as the board with the model marked."""

    placed: Placed
    manifest: Manifest
    folder: Path
    """The result folder."""

    @property
    def model(self) -> str:
        """The placed model."""
        return self.placed.model

    @property
    def board(self) -> Leaderboard:
        """All models."""
        return self.placed.board

    @property
    def rating(self) -> Rating:
        """The placed model's row."""
        return next(row for row in self.placed.board.ratings if row.model == self.model)

    @property
    def calibration(self) -> Calibration | None:
        """The fitted temperature with its likelihood; None if it was given."""
        return self.placed.calibration

    @property
    def rank_probabilities(self) -> tuple[float, ...]:
        """The probability of each rank, from the first on, of the placed model."""
        return self.placed.rank_probabilities

    @property
    def neighbours(self) -> tuple[Neighbour, ...]:
        """The models right above and below, and how many more prompts would tell from them."""
        return self.placed.neighbours

    def rows(self) -> list[dict[str, Any]]:
        """The board as plain rows, with `source`: `evaluated` for the placed model, `human` for the
        arena's.
        """
        return [
            {**asdict(row), "source": "evaluated" if row.model == self.model else "human"}
            for row in self.board.ratings
        ]

    def shown(self) -> tuple[str, ...]:
        """The columns that matter most."""
        return ("rank", "model", "rating", "ci_low", "ci_high", "n_battles", "win_rate", "source")

    def caption(self) -> str:
        """What the judged battles came to, and the board's method and warnings."""
        return "\n".join([*summary_lines(self.placed), self.board.caption()])
