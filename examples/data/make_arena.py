"""Write arena.jsonl, arena-answers.jsonl and arena-verdicts.jsonl: `python examples/data/make_arena.py`.

A small human arena: four models that do not exist do sums, and people who do not exist vote, by strengths
that are known here. A fifth model, Fathom, answers the same prompts, and a judge has given scores to its
answers and to pairs of the arena's own. The judge's scores are nearer to each other than they should be: what
it calls a point is worth more to people than the 0.3 that is usual. The same seed, the same files.
"""

from __future__ import annotations

import json
import math
import random
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
SEED = 5
BATTLES = 240
MODELS = {"Abacus": -0.6, "Beacon": -0.2, "Cobalt": 0.2, "Dynamo": 0.6}
"""Strength (log-odds)."""
NEW, STRENGTH = "Fathom", 0.35
TEMPERATURE = 0.6
"""What one of the judge's points is worth, in log-odds."""
SURE = 4.0
"""The larger, the less the judge sees that sets one battle apart from others of the same two models."""
TIES = 0.06


def chance(one: float, other: float) -> float:
    """That people prefer the one to the other."""
    return 1.0 / (1.0 + math.exp(other - one))


def scores(rng: random.Random, mean: float) -> tuple[float, float, float]:
    """A share of the win with this mean, and two scores, from 0 to 10, that stand for it."""
    share = min(max(rng.betavariate(SURE * mean, SURE * (1 - mean)), 0.01), 0.99)
    gap = math.log(share / (1 - share)) / TEMPERATURE
    return share, round(5 + gap / 2, 1), round(5 - gap / 2, 1)


def sentence(name: str, a: int, b: int) -> str:
    """An answer."""
    return f"{name}: {a} times {b} is {a * b}."


def make() -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """Battles, answers of the new model, and verdicts."""
    rng = random.Random(SEED)
    battles, answers, verdicts = [], [], []
    for number in range(BATTLES):
        name = f"sum-{number:03}"
        a, b = rng.randint(12, 99), rng.randint(3, 9)
        left, right = rng.sample(sorted(MODELS), 2)
        share, *graded = scores(rng, chance(MODELS[left], MODELS[right]))
        verdicts.append(verdict(name, left, right, graded))
        winner = "tie" if rng.random() < TIES else "model_a" if rng.random() < share else "model_b"
        battles.append(
            {
                "question_id": name,
                "model_a": left,
                "model_b": right,
                "winner": winner,
                "source": "human",
                "language": rng.choice(["en", "en", "fr"]),
                "prompt": f"What is {a} times {b}?",
                "response_a": sentence(left, a, b),
                "response_b": sentence(right, a, b),
            }
        )
        answers.append({"question_id": name, "model": NEW, "response": sentence(NEW, a, b)})
        for other in (left, right):
            _, *graded = scores(rng, chance(STRENGTH, MODELS[other]))
            verdicts.append(verdict(name, NEW, other, graded))
    return battles, answers, verdicts


def verdict(name: str, one: str, other: str, graded: list[float]) -> dict[str, Any]:
    """A row of verdicts, whose order nobody knows."""
    a, b = graded
    return {
        "question_id": name,
        "model_a": one,
        "model_b": other,
        "judge_model": "sample-judge",
        "winner": "tie" if a == b else "model_a" if a > b else "model_b",
        "score_a": a,
        "score_b": b,
    }


def write(folder: Path) -> None:
    """Write the three files."""
    names = ("arena.jsonl", "arena-answers.jsonl", "arena-verdicts.jsonl")
    for name, rows in zip(names, make(), strict=True):
        (folder / name).write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")


if __name__ == "__main__":
    write(FOLDER)
