"""Bradley-Terry with features: style, length, side."""

from __future__ import annotations

from palestra.ranking.contextual.fit import ContextualFit, fit, side_feature

__all__ = ["ContextualFit", "fit", "side_feature"]
