"""Judges and people to hold against each other: public ones, and some of known law."""

from __future__ import annotations

import csv
import gzip
from typing import TYPE_CHECKING, Any

import numpy as np
from tests.support.require import shared_data

from palestra.interchange.rows import read_rows

if TYPE_CHECKING:
    from pathlib import Path

Rows = list[dict[str, Any]]
SIDES = {"left": "model_a", "right": "model_b", "tie": "tie"}
OUTPUTS = {"1": "model_a", "2": "model_b"}


def llmfao() -> tuple[Rows, Rows]:
    """(verdicts, people's votes)."""
    folder = shared_data("llmfao")

    def read(path: Path) -> Rows:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        return [
            {
                "question_id": row["slug"],
                "model_a": row["left"],
                "model_b": row["right"],
                "winner": SIDES[row["winner"]],
                "judge_model": row.get("judge"),
                "voter": row.get("worker"),
            }
            for row in rows
        ]

    return read(folder / "llm_judge_votes.csv.gz"), read(folder / "crowd_votes.csv.gz")


def llmbar() -> tuple[Rows, Rows, Rows]:
    """(verdicts of 130 judges in both orders, gold labels, the published tables). An empty verdict is one
    whose text could not be read.
    """
    folder = shared_data("llmbar")
    verdicts: Rows = []
    for row in read_rows(folder / "judge_verdicts.parquet"):
        at = row.data
        for order, column in (("ab", "winner_original"), ("ba", "winner_swapped")):
            verdicts.append(
                {
                    "question_id": f"{at['subset']} {at['instance_id']}",
                    "model_a": "output 1",
                    "model_b": "output 2",
                    "order": order,
                    "judge_model": judge_of(at),
                    "winner": OUTPUTS.get(at[column]),
                    "failure": None if at[column] else {"kind": "unreadable", "message": "no verdict"},
                }
            )
    gold = [
        {
            "question_id": f"{row.data['subset']} {row.data['instance_id']}",
            "model_a": "output 1",
            "model_b": "output 2",
            "winner": OUTPUTS[str(row.data["label"])],
        }
        for row in read_rows(folder / "instances.parquet")
    ]
    return verdicts, gold, [row.data for row in read_rows(folder / "published_statistics.csv")]


def judge_of(table: dict[str, Any]) -> str:
    """A judge's name for a table of LLMBar."""
    return f"{table['evaluator']}, {table['strategy']}, {table['subset']}"


def made_up(
    seed: int, *, side: float, length: float, unbalanced: bool = False, n: int = 1500, models: int = 8
) -> tuple[Rows, Rows, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """(verdicts, votes, the models' true log-strengths) of a judge whose log-odds are those of the strengths,
    `side` for whoever was first, and `length` times (a − b)/(a + b). People see the strengths alone. Where
    `unbalanced`, the better model is mostly shown first, in one order only; else every matchup in both.
    """
    rng = np.random.default_rng(seed)
    strength = np.linspace(-1, 1, models)

    def won(odds: float) -> bool:
        return bool(rng.random() < 1 / (1 + np.exp(-odds)))

    verdicts: Rows = []
    votes: Rows = []
    for number in range(n):
        a, b = (int(one) for one in rng.choice(models, 2, replace=False))
        long_a, long_b = (int(one) for one in rng.integers(100, 1000, 2))
        about = {
            "question_id": f"q{number // 3}",
            "model_a": f"m{a}",
            "model_b": f"m{b}",
            "style": {"tokens_a": long_a, "tokens_b": long_b},
        }
        gap, stretch = strength[a] - strength[b], (long_a - long_b) / (long_a + long_b)
        votes += [
            {**about, "source": "human", "voter": voter, "winner": "model_a" if won(gap) else "model_b"}
            for voter in ("ann", "bob")
        ]
        first = rng.random() < 0.5 + 0.4 * np.sign(gap)
        for order in [("ab" if first else "ba")] if unbalanced else ["ab", "ba"]:
            odds = gap + (side if order == "ab" else -side) + length * stretch
            verdicts.append(
                {**about, "order": order, "judge_model": "J", "winner": "model_a" if won(odds) else "model_b"}
            )
    return verdicts, votes, strength
