"""Prompts and answers out of the output folder of an EvalScope run, without calling a model.

    outputs/RUN/predictions/MODEL/DATASET_SUBSET.jsonl   {index, model, model_output, messages}
    outputs/RUN/reviews/MODEL/DATASET_SUBSET.jsonl       {index, input, target, sample_score}
    outputs/RUN/reports/MODEL/DATASET.json

Answers come from the predictions, or from the reviews where those are not there; the references (`target`)
come from the reviews. Models are compared by prompt and never by `index`, which counts what each run was
given.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from palestra.errors import DataError
from palestra.interchange.rows import Row, read_rows
from palestra.records.keys import digest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ANSWERS = ("predictions", "reviews")
_PARTS = (*_ANSWERS, "reports")
_ENDING = ".jsonl"


@dataclass(frozen=True, slots=True)
class OutputFile:
    """One model's answers to one subset."""

    path: Path
    dataset: str
    subset: str
    reviews: Path | None
    """Where the references are, if anywhere."""

    def rows(self) -> Iterator[Row]:
        """The rows, with columns as answer and prompt files of our own have them: `question_id`, `messages`,
        `response`, `dataset`, `subset`, `reference`, and what is known of the call.

        Raises:
            DataError: a row cannot be read, or lacks what is needed; with its line.
        """
        targets = {} if self.reviews is None else _targets(self.reviews)
        for row in read_rows(self.path):
            yield Row(row.line, self._told(row, targets))

    def _told(self, row: Row, targets: dict[Any, str]) -> dict[str, Any]:
        data = row.data
        told = _predicted(data) if "model_output" in data else _reviewed(data)
        if told is None:
            raise DataError(
                "neither a prediction (model_output, messages) nor a review (input, sample_score)",
                path=self.path,
                line=row.line,
            )
        messages = _asked(told["messages"])
        if not messages:
            raise DataError("no user's message is there", path=self.path, line=row.line, key="messages")
        reference = _text(data.get("target")) or targets.get(data.get("index")) or None
        place = [self.dataset, self.subset, messages, reference]
        return {
            "question_id": digest(["evalscope", *place])[:16],
            **told,
            "messages": [{"role": role, "content": content} for role, content in messages],
            "dataset": self.dataset,
            "subset": self.subset,
            "reference": reference,
        }


def output_files(path: Path) -> list[OutputFile]:
    """The files that hold a model's answers, by name; none if `path` is nothing of EvalScope's.

    `path` is the model's folder in `predictions`, `reviews` or `reports`, the folder of a run with a single
    model, or one of the files.

    Raises:
        DataError: the run holds several models.
    """
    folder = path if path.suffix != _ENDING else path.parent
    for candidate in _folders(folder):
        if not os.path.isdir(candidate):
            continue
        names = [path] if path.suffix == _ENDING else sorted(candidate.glob(f"*{_ENDING}"))
        found = [file for file in names if _is_output(file)]
        if found:
            datasets = _datasets(candidate, names)
            return [_output(file, datasets) for file in found]
    return []


def _folders(folder: Path) -> list[Path]:
    """Where a model's answers may be, the best place first."""
    if folder.parent.name in _PARTS:
        return [folder.parent.parent / part / folder.name for part in _ANSWERS]
    models = sorted(child.name for child in _children(folder / _ANSWERS[0]) if os.path.isdir(child))
    if len(models) > 1:
        raise DataError(
            f"there are answers of several models: {', '.join(models)}",
            path=folder,
            hint=f"name one model's folder, such as {folder / _ANSWERS[0] / models[0]}",
        )
    return [folder / part / name for name in models for part in _ANSWERS] or [folder]


def _children(folder: Path) -> list[Path]:
    """What is in a folder; nothing where one may not look, which whoever reads the file will say."""
    try:
        return sorted(folder.iterdir()) if os.path.isdir(folder) else []
    except OSError:
        return []


def _is_output(path: Path) -> bool:
    """Whether the first row is one of EvalScope's. A damaged file is left to whoever reads it."""
    if not os.path.isfile(path):  # which, unlike pathlib, says no where it may not look
        return False
    try:
        (first,) = islice(read_rows(path), 1)
    except DataError:
        return path.parent.parent.name in _ANSWERS
    return "model_output" in first.data or "sample_score" in first.data


def _output(file: Path, datasets: list[str]) -> OutputFile:
    stem = file.name.removesuffix(_ENDING)
    known = [name for name in datasets if stem.startswith(f"{name}_")]
    dataset = max(known, key=len) if known else stem.rpartition("_")[0]
    reviews = file.parent.parent.parent / "reviews" / file.parent.name / file.name
    has_reviews = file.parent.parent.name == "predictions" and os.path.isfile(reviews)
    return OutputFile(
        file,
        dataset or stem,
        stem[len(dataset) + 1 :] if dataset else "default",
        reviews if has_reviews else None,
    )


def _datasets(folder: Path, files: list[Path]) -> list[str]:
    """Names of datasets: those of the reports; without any, what all files' names begin with. A name may
    hold underscores, and so may that of a subset.
    """
    reports = folder.parent.parent / "reports" / folder.name
    named = [file.name.removesuffix(".json") for file in _children(reports) if file.suffix == ".json"]
    if named or len(files) < 2:
        return named
    shared = []
    for words in zip(*(file.name.removesuffix(_ENDING).split("_")[:-1] for file in files), strict=False):
        if len(set(words)) > 1:
            break
        shared.append(words[0])
    return ["_".join(shared)] if shared else []


def _predicted(data: dict[str, Any]) -> dict[str, Any] | None:
    output, messages = data.get("model_output"), data.get("messages")
    if not isinstance(messages, list) or not isinstance(output, dict | None):
        return None
    output = output or {}
    choices = output.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    message = choice.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    usage = output.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    seconds = output.get("time")
    told: dict[str, Any] = {
        "messages": messages,
        "response": _text(content),
        "thinking": _text(content, "reasoning") or None,
        "finish_reason": choice.get("stop_reason"),
        "tokens_in": usage.get("input_tokens"),
        "tokens_out": usage.get("output_tokens"),
        "latency_ms": seconds * 1000 if isinstance(seconds, int | float) else None,
    }
    if output.get("error"):
        told["failure"] = {"kind": "other", "message": str(output["error"])}
    return told


def _reviewed(data: dict[str, Any]) -> dict[str, Any] | None:
    asked, scored = data.get("input"), data.get("sample_score")
    score = scored.get("score") if isinstance(scored, dict) else None
    if not isinstance(score, dict) or not isinstance(asked, str | list):
        return None
    messages = [{"role": "user", "content": asked}] if isinstance(asked, str) else asked
    return {"messages": messages, "response": _text(score.get("prediction"))}


def _asked(messages: list[Any]) -> list[list[str]]:
    """Role and text of each turn up to the last one of the user."""
    told = [
        [str(message.get("role", "user")), _text(message.get("content"))]
        for message in messages
        if isinstance(message, dict)
    ]
    while told and (told[-1][0] != "user" or not told[-1][1].strip()):
        told.pop()
    return [turn for turn in told if turn[1].strip()]


def _text(value: Any, kind: str = "text") -> str:
    """A content's text, or its parts of a kind joined by line breaks."""
    if isinstance(value, list):
        parts = [part.get(kind) for part in value if isinstance(part, dict) and part.get("type") == kind]
        return "\n".join(part for part in parts if isinstance(part, str))
    return value if isinstance(value, str) and kind == "text" else ""


def _targets(path: Path) -> dict[Any, str]:
    """The reference answers of a file of reviews, by index."""
    return {row.data.get("index"): _text(row.data.get("target")) for row in read_rows(path)}
