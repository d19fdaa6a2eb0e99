"""The totals of a GPU-Poor LLM Gladiator Arena (`leaderboard.json`).

`{model: {wins, losses, ties?, opponents: {model: {wins, losses, ties?}}}}`. They are made into as many
battles, without prompt, order or time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from palestra.interchange.outside.base import DamagedError, Format

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from palestra.interchange.outside.base import BattleRow, Data, Options

MOST = 10_000_000
"""Battles of one pair; a larger count is taken for a damaged one."""
_WORDS = {"wins": "model_a", "losses": "model_b", "ties": "tie"}
_MIRRORED = {"wins": "losses", "losses": "wins", "ties": "ties"}


def _fits(data: Data) -> bool:
    return bool(data) and all(
        isinstance(row, dict) and {"wins", "losses", "opponents"} <= row.keys() for row in data.values()
    )


class _Totals:
    """Pairs in the order in which the file names them."""

    def __init__(self, _: Options) -> None:
        self._lost = 0

    def start(self, name: str) -> None:
        pass

    def end(self) -> tuple[()]:
        return ()

    def notes(self) -> list[str]:
        notes = [
            "battles were made of totals: they have no prompt, order or time, and models go by the alphabet"
        ]
        if self._lost:
            notes.append(
                f"{self._lost} games of the totals (often ties) name no opponent; they are in no battle"
            )
        return notes

    def convert(self, data: Data) -> Iterator[BattleRow | DamagedError]:
        played: dict[str, int] = dict.fromkeys(data, 0)
        for a, b in _pairs(data):
            try:
                counts = _counts(data, a, b)
            except DamagedError as error:
                yield error
                continue
            for word, count in counts.items():
                for name in (a, b):
                    played[name] = played.get(name, 0) + count
                for _ in range(count):
                    yield {
                        "model_a": a,
                        "model_b": b,
                        "winner": _WORDS[word],
                        "source": "human",
                        "dataset": "gpu-poor",
                    }
        self._lost += _unmatched(data, played)


def _pairs(data: Data) -> list[tuple[str, str]]:
    """Each pair once, alphabetical in itself."""
    found: dict[tuple[str, str], None] = {}
    for model, row in data.items():
        opponents = row.get("opponents") if isinstance(row, dict) else None
        for other in opponents if isinstance(opponents, dict) else ():
            if other != model:
                found[min(model, other), max(model, other)] = None
    return list(found)


def _counts(data: Data, a: str, b: str) -> dict[str, int]:
    """A's record against B, by either side's account.

    Raises:
        DamagedError: the accounts differ, or are no counts.
    """
    own, mirrored = _record(data, a, b), _record(data, b, a)
    if own is None and mirrored is None:
        raise DamagedError("expected an object for each opponent", key="opponents", seen=f"{a}, {b}")
    turned = None if mirrored is None else {word: mirrored[_MIRRORED[word]] for word in _WORDS}
    if own is not None and turned is not None and own != turned:
        raise DamagedError("the two sides' records differ", key="opponents", seen=f"{a}, {b}")
    return own if own is not None else turned or {}


def _record(data: Data, model: str, other: str) -> dict[str, int] | None:
    row = data.get(model)
    opponents: Any = row.get("opponents") if isinstance(row, dict) else None
    record = opponents.get(other) if isinstance(opponents, dict) else None
    if not isinstance(record, dict):
        return None
    return {word: _count(record, word) for word in _WORDS}


def _count(record: Mapping[str, Any], word: str) -> int:
    value = record.get(word, 0)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST:
        raise DamagedError(f"expected a whole number from 0 to {MOST}", key=word, seen=value)
    return value


def _unmatched(data: Data, played: Mapping[str, int]) -> int:
    """Games of the totals that no opponent's record has, each counted once where both sides have it."""
    missing = 0
    for model, row in data.items():
        counts = [row.get(word, 0) for word in _WORDS] if isinstance(row, dict) else []
        if all(isinstance(count, int) for count in counts):
            missing += max(0, sum(counts) - played[model])
    return (missing + 1) // 2


FORMATS = (
    Format(
        name="gpu-poor",
        title="GPU-Poor leaderboard.json",
        shape="each model with wins, losses, opponents",
        fits=_fits,
        make=_Totals,
    ),
)
