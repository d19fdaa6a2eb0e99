"""The data shapes of this package, and the one sum it is made of."""

from __future__ import annotations

from typing import cast

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def total(group: Ints, values: Floats, size: int) -> Floats:
    """The sum of the values of each group, (size,); `group` and `values` are (n,)."""
    return cast("Floats", np.bincount(group, values, size))
