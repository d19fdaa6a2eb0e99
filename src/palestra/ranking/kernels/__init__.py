"""Compiled inner loops, by numba. Nothing here decides anything: each has a numpy counterpart that gives
the same numbers, or for random draws the same law.

Import it through `compiled.kernels`, which knows when that is worth its while.
"""

from __future__ import annotations

from palestra.ranking.kernels.battles import count, play
from palestra.ranking.kernels.draws import draw_cells, draw_rows
from palestra.ranking.kernels.refits import is_strong, settle, tabulate
from palestra.ranking.kernels.rows import sum_rows

__all__ = ["count", "draw_cells", "draw_rows", "is_strong", "play", "settle", "sum_rows", "tabulate"]
