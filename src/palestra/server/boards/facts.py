"""What is told of models beside their ratings: organisation, licence, size, whether they are retired."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from palestra.server.roster import Roster


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What is told of models."""

    roster: Roster
    size: Callable[[str], float | None]
    """Billions of parameters of a model, also where only its name tells them."""

    def of(self, label: str) -> dict[str, Any]:
        """organisation, licence, size_b and retired of a model, be it of the roster or of old battles."""
        found = self.roster.facts(label)
        state = self.roster.states.get(label)
        return {
            "organisation": found["organisation"],
            "licence": found["licence"],
            "size_b": found["size_b"] if found["size_b"] is not None else self.size(label),
            "retired": state is not None and state.retired,
        }

    def retired(self) -> frozenset[str]:
        """The labels of retired models."""
        return frozenset(label for label, state in self.roster.states.items() if state.retired)

    def listed(self) -> list[dict[str, Any]]:
        """All models of the roster, in its order."""
        return [
            {"label": entry.label, **self.of(entry.label), "enabled": entry.state.enabled}
            for entry in self.roster.all()
        ]
