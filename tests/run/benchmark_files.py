"""Prompts and answers in the shapes of the benchmarks' own files, made up."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def write(path: Path, rows: Iterable[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def arena_hard_questions(path: Path, categories: dict[str, int]) -> Path:
    """Arena-Hard 2.0's `question.jsonl`: so many of each category."""
    return write(
        path,
        [
            {"uid": f"{category}-{n}", "category": category, "subcategory": "x", "prompt": f"{category} {n}?"}
            for category, count in categories.items()
            for n in range(count)
        ],
    )


def arena_hard_answers(path: Path, model: str, questions: Path) -> Path:
    """Arena-Hard 2.0's `model_answer/MODEL.jsonl`."""
    asked = [json.loads(line) for line in questions.read_text().splitlines()]
    return write(
        path,
        [
            {
                "uid": row["uid"],
                "ans_id": f"a{n}",
                "model": model,
                "messages": [
                    {"role": "user", "content": row["prompt"]},
                    {
                        "role": "assistant",
                        "content": {"answer": f"# {model}\n\n" + f"word {n} " * (n % 7 + 1)},
                    },
                ],
                "metadata": {"token_len": 3},
            }
            for n, row in enumerate(asked)
        ],
    )


def mt_bench_answers(path: Path, model: str, questions: Iterable[dict[str, Any]]) -> Path:
    """FastChat's `model_answer/MODEL.jsonl`."""
    return write(
        path,
        [
            {
                "question_id": row["question_id"],
                "answer_id": f"{model}{row['question_id']}",
                "model_id": model,
                "choices": [{"index": 0, "turns": [f"{model} one", f"{model} two {row['question_id']}"]}],
                "tstamp": 1.0,
            }
            for row in questions
        ],
    )
