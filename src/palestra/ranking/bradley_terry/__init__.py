"""Bradley-Terry strengths by converged maximum likelihood."""

from __future__ import annotations

from palestra.ranking.bradley_terry.fit import (
    LEAST,
    PRIOR,
    Fit,
    Part,
    best_and_worst,
    components,
    fit,
    prior_games,
)

__all__ = ["LEAST", "PRIOR", "Fit", "Part", "best_and_worst", "components", "fit", "prior_games"]
