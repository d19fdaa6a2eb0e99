"""Rows of EvalScope's output folders, in the columns that its caches have."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


def prediction(index: int, query: str, answer: str, *, thinking: str | None = None) -> dict[str, Any]:
    """A row of `predictions/MODEL/DATASET_SUBSET.jsonl`."""
    content: Any = answer
    if thinking is not None:
        content = [{"type": "reasoning", "reasoning": thinking}, {"type": "text", "text": answer}]
    said = {"id": f"m{index}", "role": "assistant", "content": content, "source": "generate"}
    return {
        "index": index,
        "model": "served-name",
        "model_output": {
            "id": f"c{index}",
            "model": "served-name",
            "choices": [{"message": said, "stop_reason": "stop", "logprobs": None}],
            "usage": {"input_tokens": 7, "output_tokens": 11, "total_tokens": 18},
            "time": 1.5,
            "metadata": None,
            "error": None,
        },
        "messages": [
            {"id": f"s{index}", "role": "system", "content": "Be brief."},
            {"id": f"u{index}", "role": "user", "content": query},
            said,
        ],
        "metadata": {},
    }


def review(index: int, query: str, answer: str, *, target: str) -> dict[str, Any]:
    """A row of `reviews/MODEL/DATASET_SUBSET.jsonl`."""
    score = {"value": {"acc": 1.0}, "extracted_prediction": answer, "prediction": answer, "metadata": {}}
    return {
        "index": index,
        "input": query,
        "target": target,
        "sample_score": {"score": score, "sample_id": index, "group_id": index, "sample_metadata": {}},
    }


def write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """Write a JSONL file, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path
