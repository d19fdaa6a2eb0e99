"""GPU-Poor LLM Gladiator Arena's `leaderboard.json`, written and looked into.

`{model: {wins, losses, ties, opponents: {model: {wins, losses, ties}}}}`, of which theirs reads `wins`,
`losses` and `opponents`. `palestra convert` makes battles of such a file.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

from palestra.errors import DataError
from palestra.ranking.counts import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from palestra.ranking.counts import Counts

Totals = dict[str, tuple[int, int, int]]
"""By model: wins, losses, ties."""
_WORDS = ("wins", "losses", "ties")


def leaderboard_data(counts: Counts) -> dict[str, Any]:
    """What the file holds, models in alphabetical order; one battle counts once, whatever its weight.

    Ties of both kinds are ties. A battle that is told as a share of the win goes to the greater share.
    """
    data: dict[str, Any] = {name: {**_nothing(), "opponents": {}} for name in counts.models}
    a_wins = (counts.outcome == Outcome.A) | ((counts.outcome == Outcome.SOFT) & (counts.share > 0.5))
    b_wins = (counts.outcome == Outcome.B) | ((counts.outcome == Outcome.SOFT) & (counts.share < 0.5))
    kind = np.where(a_wins, 0, np.where(b_wins, 1, 2))
    for a, b, word, n in zip(
        counts.a.tolist(), counts.b.tolist(), kind.tolist(), counts.n.tolist(), strict=True
    ):
        one, other = counts.models[a], counts.models[b]
        _count(data, one, other, _WORDS[word], n)
        _count(data, other, one, _WORDS[(1, 0, 2)[word]], n)
    return data


def _count(data: dict[str, Any], model: str, other: str, word: str, n: int) -> None:
    row = data[model]
    row[word] += n
    row["opponents"].setdefault(other, _nothing())[word] += n


def _nothing() -> dict[str, Any]:
    return dict.fromkeys(_WORDS, 0)


def totals(data: Mapping[str, Any]) -> Totals:
    """Each model's wins, losses and ties."""
    return {model: (row["wins"], row["losses"], row["ties"]) for model, row in data.items()}


def read_totals(path: Path) -> Totals:
    """Each model's wins, losses and ties; a file without ties has none.

    Raises:
        DataError: the file cannot be read, or is no such leaderboard.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", path=path) from None
    except ValueError as error:
        raise DataError(f"is not JSON: {error}", path=path) from None
    shape = "expected {model: {wins, losses, ties?, opponents}}"
    if not isinstance(data, dict):
        raise DataError(f"{shape}, found something else", path=path)
    found: Totals = {}
    for model, row in data.items():
        if not isinstance(row, dict):
            raise DataError(shape, path=path, key=model)
        wins, losses, ties = (row.get(word, 0 if word == "ties" else None) for word in _WORDS)
        if not (_is_count(wins) and _is_count(losses) and _is_count(ties)):
            raise DataError(shape, path=path, key=model)
        found[model] = wins, losses, ties
    return found


def _is_count(value: object) -> TypeGuard[int]:
    return type(value) is int and value >= 0


def write_leaderboard(path: Path, data: Mapping[str, Any]) -> None:
    """Write the file, whole or not at all.

    Raises:
        DataError: it cannot be written.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        draft.write_text(json.dumps(data, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        raise DataError(f"cannot be written: {error.strerror}", path=path) from None
    finally:
        draft.unlink(missing_ok=True)
