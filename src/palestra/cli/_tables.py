"""JSON for commands that print more than a board."""

from __future__ import annotations

import json
import math
from typing import Any

from palestra.records.tables import aligned

__all__ = ["aligned", "json_text"]


def json_text(data: Any) -> str:
    """Indented JSON with a line break at the end; NaN and infinity are null."""
    return json.dumps(_finite(data), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
