"""Models of battles in which a tie, and "both bad", are outcomes of their own."""

from __future__ import annotations

from palestra.ranking.ties.fit import TieFit, davidson, rao_kupper

__all__ = ["TieFit", "davidson", "rao_kupper"]
