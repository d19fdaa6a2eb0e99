"""How many threads the work takes."""

from __future__ import annotations

import os
from contextlib import nullcontext
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

_WORTH_IT = 500
"""Rows of a square matrix from which more threads than one are faster, also on a busy machine."""


def processors() -> int:
    """How many threads can work at once."""
    return os.cpu_count() or 1


def few_threads(size: int) -> AbstractContextManager[Any]:
    """One thread where matrices of `size` rows are too small to share; elsewhere as it was.

    Threads that wait for each other cost more than a small matrix, by a factor of twenty where other
    work is on the machine.
    """
    return nullcontext() if size >= _WORTH_IT else _controller().limit(limits=1, user_api="blas")


@cache
def _controller() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
