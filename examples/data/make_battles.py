"""Write battles.jsonl, the battle log of the figures in docs/: `python examples/data/make_battles.py`.

Eight models that do not exist meet on 120 prompts of four categories in the first half of 2026. Wins are
drawn from strengths that differ by category, a longer answer wins a little more often, and so does the one
shown first. Two models come in the course of the half-year. The same seed, the same file.
"""

from __future__ import annotations

import json
import math
import random
from pathlib import Path

PLACE = Path(__file__).with_name("battles.jsonl")
SEED = 7
BATTLES = 1100
START, END = 1_767_225_600, 1_782_864_000
"""2026-01-01 and 2026-07-01, UTC."""
CATEGORIES = ("coding", "maths", "translation", "writing")
LONGER, FIRST = 0.25, 0.1
"""What a longer answer, and being shown first, add to the log-odds."""
TIES = 0.24

MODELS: dict[str, tuple[float, dict[str, float], float, float]] = {
    "Atalanta 70B": (0.85, {"coding": 0.2}, 520, 0.0),
    "Briseis Pro": (0.75, {"writing": 0.35, "maths": -0.2}, 610, 0.45),
    "Camilla 2": (0.45, {"maths": 0.5}, 430, 0.0),
    "Daphne": (0.2, {}, 350, 0.0),
    "Electra mini": (-0.1, {"translation": 0.4}, 260, 0.2),
    "Fulvia 8B": (-0.35, {}, 300, 0.0),
    "Galatea": (-0.7, {"coding": -0.4}, 380, 0.0),
    "Helena base": (-1.1, {"writing": 0.3}, 210, 0.0),
}
"""Strength (log-odds), what categories add to it, usual tokens, share of the half-year before it came."""


def style(rng: random.Random, name: str) -> dict[str, int]:
    """The tokens, headings, list items and bold passages of an answer."""
    tokens = round(MODELS[name][2] * rng.lognormvariate(0, 0.35))
    return {
        "tokens": tokens,
        "headers": rng.randint(0, 1 + tokens // 300),
        "lists": rng.randint(0, 2 + tokens // 100),
        "bold": rng.randint(0, 2 + tokens // 150),
    }


def battle(rng: random.Random, share: float) -> dict[str, object]:
    """One battle at this share of the half-year."""
    present = [name for name, model in MODELS.items() if model[3] <= share]
    model_a, model_b = rng.sample(present, 2)
    number = rng.randrange(120)
    category = CATEGORIES[number % len(CATEGORIES)]
    a, b = style(rng, model_a), style(rng, model_b)

    def strength(name: str) -> float:
        return MODELS[name][0] + MODELS[name][1].get(category, 0.0)

    odds = strength(model_a) - strength(model_b) + FIRST
    odds += LONGER * 2 * (a["tokens"] - b["tokens"]) / (a["tokens"] + b["tokens"])
    wins = rng.random() < 1 / (1 + math.exp(-odds))
    tied = rng.random() < TIES
    return {
        "question_id": f"{category}-{number // len(CATEGORIES) + 1:02}",
        "model_a": model_a,
        "model_b": model_b,
        "winner": "tie" if tied else "model_a" if wins else "model_b",
        "source": "human",
        "category": category,
        "tstamp": round(START + share * (END - START)),
        "style": {f"{what}_{side}": n for side, kept in (("a", a), ("b", b)) for what, n in kept.items()},
    }


def main() -> None:
    """Write the file."""
    rng = random.Random(SEED)
    moments = sorted(rng.random() for _ in range(BATTLES))
    rows = (json.dumps(battle(rng, share), separators=(",", ":")) for share in moments)
    PLACE.write_text("".join(row + "\n" for row in rows), encoding="utf-8")


if __name__ == "__main__":
    main()
