"""Human arenas of known strengths, as files in Palestra's columns."""

from __future__ import annotations

import csv
import json
import math
import random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

MODELS = ("ash", "birch", "cedar", "elm", "fir")
"""The later in the alphabet, the stronger."""
LANGUAGES = ("en", "en", "de", "fr")
SCORES = (
    "Fine.\nscore_A: 8\nscore_B: 6",
    "score_A: 5\nscore_B: 7",
    "score_A: 6\nscore_B: 6",
    "score_A: 9\nscore_B: 4.5",
)
"""What the scripted judge says."""


def battles(n: int, *, seed: int = 1, models: Iterable[str] = MODELS) -> list[dict[str, Any]]:
    """Human battles with texts; every fifth is a conversation of two turns, one in seven a tie."""
    rng = random.Random(seed)
    names = list(models)
    return [_battle(number, rng, names) for number in range(n)]


def _battle(number: int, rng: random.Random, names: list[str]) -> dict[str, Any]:
    a, b = rng.sample(range(len(names)), 2)
    chance = 1 / (1 + math.exp((b - a) / 2))
    winner = rng.choice(["tie", "tie (bothbad)"]) if rng.random() < 1 / 7 else "model_b"
    if winner == "model_b" and rng.random() < chance:
        winner = "model_a"
    row = {
        "question_id": f"q{number}",
        "model_a": names[a],
        "model_b": names[b],
        "winner": winner,
        "source": "human",
        "language": rng.choice(LANGUAGES),
        "tstamp": 1.7e9 + number,
    }
    if number % 5:
        said = {f"response_{side}": f"{names[who]} on {number}." for side, who in (("a", a), ("b", b))}
        return {**row, "prompt": f"What of {number}?", **said}
    turns = [f"What of {number}?", f"And then, {number}?"]
    asked = [{"role": "user", "content": text} for text in turns]
    return {
        **row,
        "prompt": asked,
        "response_a": _talk(turns, names[a]),
        "response_b": _talk(turns, names[b]),
    }


def _talk(turns: list[str], name: str) -> list[dict[str, str]]:
    return [
        message
        for turn in turns
        for message in (
            {"role": "user", "content": turn},
            {"role": "assistant", "content": f"{name} on {turn}"},
        )
    ]


def write_jsonl(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def write_csv(path: Path, rows: list[dict[str, Any]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        for row in rows:
            writer.writerow({k: json.dumps(v) if isinstance(v, list) else v for k, v in row.items()})
    return path


def settings(into: Path, **place: Any) -> dict[str, Any]:
    """A config that needs no server."""
    return {
        "arena": {"name": "placed"},
        "models": [{"label": "new", "endpoint_type": "scripted", "script": {"echo": True}}],
        "judges": [{"label": "judge", "endpoint_type": "scripted", "script": {"replies": list(SCORES)}}],
        "schedule": {"kind": "place", "into": str(into)},
        "place": {"battles": 40, "min_battles": 10, **place},
        "ranking": {"rounds": 40},
    }
