"""The fit, again and again, on resampled battles."""

from __future__ import annotations

from palestra.ranking.bootstrap.draws import Draws, bootstrap

__all__ = ["Draws", "bootstrap"]
