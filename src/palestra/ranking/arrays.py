"""The data shapes of this package, and the one sum it is made of."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def total(group: Ints, values: Floats, size: int) -> Floats:
    """The sum of the values of each group, (size,); `group` and `values` are (n,)."""
    return np.asarray(np.bincount(group, values, size), dtype=np.float64)
