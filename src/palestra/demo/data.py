"""The sample arena's config and files."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

from palestra.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

SAMPLES = ("atalanta", "leonidas", "nestor", "dionysus", "icarus")
"""The sample models, from the best answers to the worst: close to the point, terse, long-winded, sloppy,
wrong. Nothing stands behind the names but `answers.jsonl`.
"""

PROMPTS = "prompts.jsonl"
ANSWERS = "answers.jsonl"


def demo_config(out_dir: Path) -> dict[str, Any]:
    """The sample arena, ready for `Config.model_validate`; its two files are put into `out_dir/samples`.

    Five recorded models, every pair of them, and a metric (rougeL) that compares their answers with
    the reference answers, in both orders.

    Raises:
        UsageError: `out_dir` cannot be written.
    """
    folder = out_dir / "samples"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in (PROMPTS, ANSWERS):
            (folder / name).write_bytes(sample_file(name))
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", path=folder) from error
    answers = str(folder / ANSWERS)
    return {
        "arena": {"name": "demo"},
        "models": [
            {"label": f"sample-{name}", "endpoint_type": "recorded", "path": answers} for name in SAMPLES
        ],
        "judges": [{"label": "rougeL", "metric": "rougeL"}],
        "prompts": [{"path": str(folder / PROMPTS), "dataset": "demo"}],
        "schedule": {"kind": "round-robin", "swap": "both-combine"},
    }


def sample_file(name: str) -> bytes:
    """The content of `prompts.jsonl` or `answers.jsonl`."""
    return files("palestra.demo").joinpath(name).read_bytes()
