"""How much each judge of a panel should weigh."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from palestra.analysis.agreement.findings import Estimate


def panel_weights(agreement: Mapping[str, Estimate]) -> dict[str, float]:
    """Weights that add up to 1, from each judge's agreement with the majority of people, ties left out.

    log(p/(1 − p)) with p = (hits + ½)/(n + 1), and none at or below ½: of independent judges that are right
    with a chance p of two outcomes, the panel so weighted errs least (Nitzan & Paroush, Int. Econ. Rev. 23
    (1982) 289). The ½ keeps a judge that was never wrong finite.
    """
    odds = {}
    for judge, found in agreement.items():
        p = ((found.hits or 0.0) + 0.5) / (found.n + 1.0)
        odds[judge] = max(math.log(p / (1.0 - p)), 0.0) if found.n else 0.0
    whole = sum(odds.values())
    return {judge: value / whole for judge, value in odds.items() if value > 0}
