"""What battles are read from."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, Union

if TYPE_CHECKING:
    from palestra.records.battle import Battle

Paths: TypeAlias = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]
BattleInput: TypeAlias = Paths | Iterable[Union["Battle", Mapping[str, Any]]] | Any
"""A path or several (a file, a run folder, `-` for standard input), Battle records or rows as dicts,
a pandas DataFrame, or an Arrow table."""
