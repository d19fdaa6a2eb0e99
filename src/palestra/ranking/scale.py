"""Rating points: 400 points are a factor of ten in odds, and the mean is 1000."""

from __future__ import annotations

import math

SCALE = 400.0
BASE = 10.0
MEAN = 1000.0
POINTS = SCALE / math.log(BASE)
"""Rating points per unit of log-strength."""
