"""The models of the arena: how each is asked, what may be told of it, and what an admin set."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from palestra.store.arena_schema import model_states

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from palestra.config.endpoint import ModelConfig
    from palestra.models.base import Model
    from palestra.store.database import Database


@dataclass(frozen=True, slots=True)
class ModelState:
    """What an admin set; the default is what holds for a model without a row."""

    enabled: bool = True
    weight: float = 1.0
    """How often it is drawn, compared with others; 0 takes it out of blind battles."""
    retired: bool = False


@dataclass(frozen=True, slots=True)
class Contestant:
    """One model of the arena."""

    config: ModelConfig
    model: Model
    state: ModelState = field(default_factory=ModelState)

    @property
    def label(self) -> str:
        """The name it goes by in battles."""
        return self.config.label

    @property
    def plays(self) -> bool:
        """Whether it can be asked at all."""
        return self.state.enabled and not self.state.retired

    def facts(self) -> dict[str, Any]:
        """What is told of it once it may be named: label, organisation, licence, size_b."""
        config = self.config
        return {
            "label": config.label,
            "organisation": config.organisation,
            "licence": config.licence,
            "size_b": config.size_b,
        }


class Roster:
    """All models of the arena, in the order of the config."""

    def __init__(self, contestants: Sequence[Contestant], database: Database) -> None:
        self._by_label = {contestant.label: contestant for contestant in contestants}
        self._database = database
        self.reload()

    def reload(self) -> None:
        """Read again what an admin set.

        Raises:
            StoreError: the database cannot be read.
        """
        with self._database.reading() as connection:
            rows = connection.execute(sa.select(model_states)).mappings().all()
        states = {row["label"]: ModelState(row["enabled"], row["weight"], row["retired"]) for row in rows}
        self._states = states
        self._by_label = {
            label: Contestant(entry.config, entry.model, states.get(label, ModelState()))
            for label, entry in self._by_label.items()
        }

    def __len__(self) -> int:
        return len(self._by_label)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in the order of the config."""
        return tuple(self._by_label)

    @property
    def states(self) -> Mapping[str, ModelState]:
        """What an admin set, by label; models of old battles among them."""
        return self._states

    def get(self, label: str) -> Contestant | None:
        """The model of this label, or None."""
        return self._by_label.get(label)

    def all(self) -> tuple[Contestant, ...]:
        """All models, in the order of the config."""
        return tuple(self._by_label.values())

    def playing(self) -> tuple[Contestant, ...]:
        """The models that can be asked, in the order of the config."""
        return tuple(entry for entry in self._by_label.values() if entry.plays)

    def facts(self, label: str) -> dict[str, Any]:
        """What is told of a model: label, organisation, licence, size_b; of an unknown one the label."""
        found = self.get(label)
        if found is not None:
            return found.facts()
        return {"label": label, "organisation": None, "licence": None, "size_b": None}

    async def aclose(self) -> None:
        """Close all connections to model servers."""
        closing = (entry.model.aclose() for entry in self._by_label.values())
        await asyncio.gather(*closing, return_exceptions=True)
