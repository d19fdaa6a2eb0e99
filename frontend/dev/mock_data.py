# ruff: noqa: E501
"""Invented models, boards and battles for the stand-in server."""

from __future__ import annotations

import math
import random
from typing import Any

_NAMES = [
    ("kestrel-9", "Northwind", "Proprietary", None),
    ("heron-large", "Lakeside AI", "Proprietary", None),
    ("otter-mini-3b", "Otterworks", "Apache-2.0", 3.0),
    ("magpie-70b-instruct", "Corvid", "MIT", 70.0),
    ("sandpiper-8x7b", "Tidal", "Apache-2.0", 56.0),
    ("wren-1.5b", "Hedgerow", "MIT", 1.5),
    ("org/goshawk-pro-preview-2026-10", "Talon Labs", "Proprietary", None),
    ("puffin-12b", "Skerry", "CC-BY-NC-4.0", 12.0),
    ("lapwing-360m", "Hedgerow", "MIT", 0.36),
    ("crane-2", "Lakeside AI", "Proprietary", None),
    ("siskin-v3", "Corvid", "MIT", 14.0),
    ("newcomer", "Talon Labs", None, None),
]
MODELS = [{"label": n, "organisation": o, "licence": li, "size_b": s} for n, o, li, s in _NAMES]
PLAIN_A = """Sunlight looks white, but it is a mixture of **all colours**. Air scatters short waves much more strongly
than long ones, roughly with the fourth power of the frequency.

1. Blue light is scattered in every direction, so it reaches you from the whole sky.
2. At sunset the light crosses far more air. Most of the blue is gone from the direct beam, and what is left is
   orange and red.

> The violet part is scattered even more, but the sun sends less of it and our eyes are less sensitive to it.

| Time of day | Path through air | Colour of the sun |
| --- | ---: | --- |
| Noon | 1 × | white |
| Low sun | 10 × | yellow |
| Sunset | 38 × | red |

```python
def scattering(wavelength_nm: float) -> float:
    # Relative strength, blue at 450 nm is 1.
    return (450 / wavelength_nm) ** 4
```

In short: *blue comes from everywhere, red is what remains.*"""
PLAIN_B = """The sky is blue because of Rayleigh scattering. Molecules of the air are much smaller than the wavelength
of light, and they scatter blue light about five times as much as red light.

### At sunset

The sun's rays travel a longer way through the atmosphere when the sun is low. The blue is scattered out of the beam
before it reaches you, so the remaining light looks red.

- Dust and smoke make it redder.
- On Mars it is the other way round: dust makes the day reddish and the sunset blue.

See [the article on scattering](https://example.org/rayleigh) for more."""
MATHS = r"""The Gaussian integral is

$$
\int_{-\infty}^{\infty} e^{-x^2}\,dx = \sqrt{\pi}
$$

because in polar coordinates \(x^2 + y^2 = r^2\), so that $I^2 = 2\pi \int_0^\infty r e^{-r^2} dr = \pi$.

It costs $5 or $10, whichever is more. A broken one: $\notacommand{x}$.

مرحبا بالعالم، هذه فقرة من اليمين إلى اليسار مع رمز `code` داخلها.

- שלום עולם
- 日本語のテキスト"""
ANSWERS = {
    "maths": [MATHS, PLAIN_B + "\n\n" + MATHS],
    "long": [(PLAIN_A + "\n\n") * 90, "x" * 1_000_000],
    "plain": [PLAIN_A, PLAIN_B, PLAIN_B + "\n\n" + PLAIN_B, PLAIN_A[:900]],
}
CATEGORIES = ["coding", "maths", "writing", "reasoning", "translation"]


def rows() -> list[dict[str, Any]]:
    """The board's rows, a little different with each call."""
    found = []
    for i, model in enumerate(MODELS):
        n = [2210, 1980, 904, 1320, 1105, 402, 240, 655, 310, 1502, 88, 7][i]
        rating = 1178 - 29.0 * i + random.uniform(-3, 3)
        half = 620 / math.sqrt(n)
        rate = 1 / (1 + 10 ** ((1010 - rating) / 400))
        found.append(
            {
                "model": model["label"],
                **{k: model[k] for k in ("organisation", "licence", "size_b")},
                "rating": rating,
                "ci_low": rating - half,
                "ci_high": rating + half * 1.1,
                "elo": rating - 8,
                "gladiator": rate * (1 - 1 / (n + 1)),
                "size_elo": None if model["size_b"] is None else 1000 + 100 * model["size_b"],
                "win_rate": rate,
                "win_rate_low": max(0, rate - 1 / math.sqrt(n)),
                "win_rate_high": min(1, rate + 1 / math.sqrt(n)),
                "n_battles": n,
                "wins": int(n * rate * 0.9),
                "losses": int(n * (1 - rate) * 0.9),
                "ties": int(n * 0.07),
                "both_bad": int(n * 0.03),
                "retired": i == 9,
                "enough": n >= 20,
                "flags": [],
                "component": 0,
            }
        )
    found.sort(key=lambda row: -row["rating"])
    for i, row in enumerate(found):
        row["rank"] = i + 1
        row["rank_low"] = 1 + sum(other["ci_low"] > row["ci_high"] for other in found)
        row["rank_high"] = sum(other["ci_high"] >= row["ci_low"] for other in found)
    return found


def board() -> dict[str, Any]:
    """The leaderboard."""
    return {
        "arena": "mock",
        "filter": {"source": "people"},
        "n_battles": 10723,
        "n_voters": 611,
        "updated": 1764276000.0,
        "min_votes": 20,
        "method": {
            "name": "bradley-terry",
            "scale": 400,
            "base": 10,
            "anchor": None,
            "interval": {"kind": "sandwich", "level": 0.95},
        },
        "warnings": ["newcomer has 7 battles: its interval is wide and its rank means little."],
        "facets": {
            "categories": [{"name": c, "n": 400} for c in CATEGORIES],
            "datasets": [{"name": "sample", "n": 900}],
            "languages": [{"name": "en", "n": 8000}, {"name": "de", "n": 900}],
            "sources": [{"name": "people", "n": 8000}, {"name": "judge", "n": 2700}],
        },
        "rows": rows(),
    }


def battle(i: int, *, full: bool = False) -> dict[str, Any]:
    """A decided battle."""
    draw = random.Random(i)
    a, b = draw.sample(MODELS, 2)
    found = {
        "battle_id": f"b{i}",
        "model_a": a["label"],
        "model_b": b["label"],
        "winner": ["model_a", "model_b", "tie", "tie (bothbad)"][i % 4],
        "source": ["human", "llm-judge"][i % 2],
        "judge_model": "Judge" if i % 2 else None,
        "category": draw.choice(CATEGORIES),
        "dataset": None,
        "language": "en",
        "tstamp": 1764276000.0 - 4000 * i,
        "score": [1.0, 0.25, 0.5, 0.5][i % 4],
        "flags": [["order_disagreement"], [], [], ["identity_leak"]][i % 4],
        "prompt_excerpt": "Why is the sky blue, and the sunset red? Answer for a ten-year-old, please.",
    }
    if not full:
        return found
    a_style = {"tokens": 210, "headers": 0, "lists": 2, "bold": 1, "characters": 980}
    b_style = {"tokens": 150, "headers": 1, "lists": 2, "bold": 0, "characters": 720}
    said = {
        "judge_model": "Judge",
        "raw": "My final verdict is: [[A>B]]",
        "failure": None,
        "winner": "model_a",
    }
    said |= {
        "label": "A>B",
        "score_a": 8,
        "score_b": 6.5,
        "explanation": "A explains both halves of the question.",
    }
    other = {
        **said,
        "order": "ba",
        "label": "B>A",
        "winner": "model_b",
        "explanation": "B is shorter and clearer.",
    }
    return {
        **found,
        "prompt": "Why is the sky blue, and the sunset red? Answer for a ten-year-old, please.",
        "response_a": PLAIN_A,
        "response_b": PLAIN_B,
        "style": {"a": a_style, "b": b_style},
        "verdicts": [{**said, "order": "ab"}, other],
        "share": None,
    }


def model_page(label: str) -> dict[str, Any]:
    """A model's page."""
    model = next(m for m in MODELS if m["label"] == label)
    times = [1.75e9 + 86400 * 3 * i for i in range(30)]
    rating = [1000 + 120 * (1 - math.exp(-i / 8)) + random.uniform(-5, 5) for i in range(30)]
    return {
        **model,
        "row": next(row for row in rows() if row["model"] == label),
        "opponents": [
            {
                "model": m["label"],
                "n": 90,
                "wins": 50 - i,
                "losses": 30 + i,
                "ties": 10,
                "win_rate": 0.6 - i / 90,
                "predicted": 0.58 - i / 80,
            }
            for i, m in enumerate(MODELS)
            if m["label"] != label
        ],
        "history": {
            "t": times,
            "rating": rating,
            "low": [r - 30 for r in rating],
            "high": [r + 30 for r in rating],
        },
        "categories": [
            {
                "category": c,
                "n": 120,
                "win_rate": 0.42 + 0.06 * i,
                "low": 0.34 + 0.06 * i,
                "high": 0.5 + 0.06 * i,
            }
            for i, c in enumerate(CATEGORIES)
        ],
        "latest": [{**battle(i), "model_a": label} for i in range(10)],
    }


def charts(kind: str) -> dict[str, Any]:
    """The data of a chart."""
    table = rows()
    models = [row["model"] for row in table]
    if kind == "intervals":
        columns = {"rating": "rating", "low": "ci_low", "high": "ci_high"}
        return {"models": models, **{k: [row[c] for row in table] for k, c in columns.items()}}
    if kind == "performance":
        names = ("wins", "losses", "ties")
        return {
            "models": models,
            **{k: [row[k] for row in table] for k in names},
            "score": [r["gladiator"] for r in table],
        }
    if kind == "history":
        times = [1.75e9 + 86400 * 3 * i for i in range(40)]
        lines = {
            m: [1000 + (180 - 29 * k) * (1 - math.exp(-i / 9)) for i in range(40)]
            for k, m in enumerate(models)
        }
        return {"models": models, "t": times, "rating": lines}
    n = [
        [None if a == b else 40 + 7 * ((i * j) % 11) for j, b in enumerate(models)]
        for i, a in enumerate(models)
    ]
    if kind == "counts":
        return {"models": models, "n": n}
    wins = [
        [None if a is b else 1 / (1 + 10 ** ((b["rating"] - a["rating"]) / 400)) for b in table]
        for a in table
    ]
    seen = [
        [None if p is None else min(1, max(0, p + random.uniform(-0.07, 0.07))) for p in row] for row in wins
    ]
    return {"models": models, "observed": seen, "predicted": wins, "n": n}
