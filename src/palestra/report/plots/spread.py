"""Labels that would overlap, moved apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def spread(wanted: Sequence[float], step: float, low: float, high: float) -> list[float]:
    """Ascending places at least `step` apart within [low, high], moved as little as can be (least squares).

    `wanted` ascends. If not all fit, they go beyond `high`.

    Pool adjacent violators (Barlow et al., Statistical Inference under Order Restrictions, 1972).
    """
    pools: list[tuple[float, int]] = []
    for index, value in enumerate(wanted):
        total, count = value - index * step, 1
        while pools and pools[-1][0] / pools[-1][1] >= total / count:
            total, count = total + pools[-1][0], count + pools[-1][1]
            pools.pop()
        pools.append((total, count))
    last = high - (len(wanted) - 1) * step
    base = [total / count for total, count in pools for _ in range(count)]
    return [max(low, min(value, last)) + index * step for index, value in enumerate(base)]
