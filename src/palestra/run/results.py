"""What `palestra.run` gives back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from palestra.interchange.battles import read_battles
from palestra.records.response import Response
from palestra.records.tables import Tabular
from palestra.records.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from palestra.records.base import Record
    from palestra.records.battle import Battle
    from palestra.records.manifest import Manifest
    from palestra.records.rating import Leaderboard


@dataclass(frozen=True, slots=True, repr=False)
class Rows(Tabular):
    """Records of a run as a table."""

    records: tuple[Record, ...]
    columns: tuple[str, ...]
    """Those that are shown."""

    def rows(self) -> list[dict[str, Any]]:
        """The records as plain rows."""
        return [record.model_dump(mode="json") for record in self.records]

    def shown(self) -> tuple[str, ...]:
        """The columns that tell most."""
        return self.columns if self.records else ()

    def caption(self) -> str:
        """How many there are."""
        return f"{len(self.records)} rows"

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)


@dataclass(frozen=True, slots=True, repr=False)
class Results(Tabular):
    """A run's leaderboard and its folder; shows itself as the board with what is to be said of the run."""

    leaderboard: Leaderboard
    groups: Mapping[str, Mapping[str, Leaderboard]]
    """By kind (`dataset`, `subset`, `category`) and value, where there are several."""
    manifest: Manifest
    folder: Path
    """With the rows, the boards and `report.html`."""
    sentences: tuple[str, ...]
    """What happened: the outcome, failures, calls and cost."""

    def rows(self) -> list[dict[str, Any]]:
        """The leaderboard's."""
        return self.leaderboard.rows()

    def shown(self) -> tuple[str, ...]:
        """As the leaderboard."""
        return self.leaderboard.shown()

    def caption(self) -> str:
        """The leaderboard's, then the sentences."""
        return "\n".join([self.leaderboard.caption(), *self.sentences])

    @property
    def battles(self) -> Rows:
        """All battles, read from the folder."""
        found: tuple[Battle, ...] = tuple(read_battles(self.folder / "battles.jsonl"))
        return Rows(found, ("question_id", "model_a", "model_b", "winner", "judge_model", "order", "flags"))

    @property
    def responses(self) -> Rows:
        """All answers, read from the folder."""
        columns = ("question_id", "model", "text", "failure", "latency_ms", "tokens_out", "cost_usd")
        return Rows(self._read("responses.jsonl", Response), columns)

    @property
    def verdicts(self) -> Rows:
        """All verdicts, read from the folder."""
        columns = ("question_id", "model_a", "model_b", "order", "judge_model", "winner", "failure")
        return Rows(self._read("verdicts.jsonl", Verdict), columns)

    def _read(self, name: str, kind: type[Response] | type[Verdict]) -> tuple[Record, ...]:
        with (self.folder / name).open(encoding="utf-8") as lines:
            return tuple(kind.model_validate(json.loads(line)) for line in lines)
