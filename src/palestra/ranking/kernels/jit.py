"""How a loop is compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

from numba import njit

if TYPE_CHECKING:
    from collections.abc import Callable

Loop = TypeVar("Loop", bound="Callable[..., Any]")


def compiled(loop: Loop) -> Loop:
    """Compiled when first called, kept on disk, and run without the interpreter's lock."""
    return cast("Loop", njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})(loop))
