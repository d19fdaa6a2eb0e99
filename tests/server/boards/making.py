"""Battles for boards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from palestra.records.battle import Battle, Source
from palestra.records.winner import Winner

if TYPE_CHECKING:
    from collections.abc import Iterator

NOON = 1_700_000_000.0
MODELS = ("ant-1B", "bee-3B", "cat-8B", "dog-13B", "eel-70B")
WINNERS = tuple(Winner)


def battle(number: int, a: str, b: str, winner: str = "model_a", **more: Any) -> Battle:
    values: dict[str, Any] = {
        "battle_id": f"battle-{number}",
        "question_id": f"q{number % 7}",
        "model_a": a,
        "model_b": b,
        "winner": winner,
        "source": Source.HUMAN,
        "tstamp": NOON + number,
        "voter": f"voter-{number % 5}",
        "anonymous": True,
    }
    return Battle.model_validate(values | more)


def battles(
    n: int, *, seed: int = 0, models: tuple[str, ...] = MODELS, mixed: bool = True
) -> Iterator[Battle]:
    """`n` battles; `mixed`: of all sources, with soft shares, weights and times out of order."""
    rng = np.random.default_rng(seed)
    for number in range(n):
        a, b = rng.choice(len(models), 2, replace=False).tolist()
        winner = str(rng.choice([w.value for w in WINNERS], p=[0.45, 0.35, 0.15, 0.05]))
        more: dict[str, Any] = {
            "category": [None, "code", "maths"][int(rng.integers(3))],
            "dataset": ["one", "two"][int(rng.integers(2))],
            "language": ["en", "de", None][int(rng.integers(3))],
        }
        if mixed:
            judged = bool(rng.random() < 0.4)
            more |= {
                "source": str(rng.choice(["llm-judge", "metric"])) if judged else "human",
                "judge_model": "Judge" if judged else None,
                "soft": judged and bool(rng.random() < 0.5),
                "pref": float(rng.integers(0, 9)) / 8 if judged else None,
                "weight": float(rng.choice([1.0, 3.0, 0.5])) if judged else 1.0,
                "anonymous": None if judged else bool(rng.random() < 0.9),
                "flags": ("identity_leak",) if rng.random() < 0.05 else (),
                "tstamp": NOON + number + float(rng.integers(-40, 40)),
            }
        yield battle(number, models[a], models[b], winner, **more)
