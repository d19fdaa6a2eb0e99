"""Arrays that grow at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

_LEAST = 1024


class Column:
    """Numbers that are added and never changed, so that a view of the first n stays true."""

    def __init__(self, kind: npt.DTypeLike) -> None:
        self._held: npt.NDArray[Any] = np.zeros(_LEAST, dtype=kind)
        self._size = 0

    def extend(self, values: npt.ArrayLike) -> None:
        """Add these at the end."""
        new = np.asarray(values, dtype=self._held.dtype)
        size = self._size + new.size
        if size > self._held.size:
            grown = np.zeros(max(size, 2 * self._held.size), dtype=self._held.dtype)
            grown[: self._size] = self._held[: self._size]
            self._held = grown
        self._held[self._size : size] = new
        self._size = size

    @property
    def view(self) -> npt.NDArray[Any]:
        """All values so far, (size,); what is added later is not in it."""
        return self._held[: self._size]


def grown(array: npt.NDArray[Any], size: int) -> npt.NDArray[Any]:
    """The array with zeros at its end up to `size`; itself if it has it."""
    if array.size >= size:
        return array
    longer = np.zeros(max(size, 2 * array.size), dtype=array.dtype)
    longer[: array.size] = array
    return longer
