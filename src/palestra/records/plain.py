"""Data as JSON can hold it."""

from __future__ import annotations

import json
import math
from typing import Any


def finite(value: Any) -> Any:
    """The same data with None for NaN and infinity, and lists for tuples."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value


def json_text(data: Any) -> str:
    """Indented JSON with a line break at the end; NaN and infinity are null."""
    return json.dumps(finite(data), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
