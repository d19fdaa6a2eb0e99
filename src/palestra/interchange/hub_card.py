"""The card of a result folder that goes to the Hugging Face hub."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import ValidationError

from palestra.errors import DataError
from palestra.interchange.exports.dataset_card import CardFacts, CardModel, CardSubset, card
from palestra.records.manifest import Manifest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_SUBSETS: Mapping[str, str] = {
    "battles": "battles.jsonl",
    "preferences": "preferences.jsonl",
    "training_data": "training_data.json",
    "responses": "responses.jsonl",
    "verdicts": "verdicts.jsonl",
    "prompts": "prompts.jsonl",
}
_LONGEST_BOARD = 20_000
"""Characters of a leaderboard that a card shows."""


def run_card(folder: Path, title: str, *, licence: str | None = None) -> str:
    """A README.md for a result folder: what is in it, where it came from, and the leaderboard.

    Raises:
        DataError: the folder's `manifest.json` or `config.yaml` cannot be read.
    """
    manifest = _manifest(folder / "manifest.json")
    config = _config(folder / "config.yaml")
    several = _conversations(folder / "prompts.jsonl")
    subsets = [
        CardSubset(files={"train": file}, rows={"train": rows}, name=name)
        for name, file in _SUBSETS.items()
        if (rows := _rows(folder / file)) and not (several == "some" and name in ("battles", "responses"))
    ]
    models, judges = config.get("models", []), config.get("judges", [])
    facts = CardFacts(
        title=title,
        summary=(
            f"Battles between {len(models)} language models on {manifest.n_prompts:,} prompts, and what "
            f"became of them: every answer, every verdict, the ratings. Made by Palestra in the arena "
            f"{manifest.arena}."
        ),
        subsets=subsets,
        sources=[_source(entry) for entry in config.get("prompts", [])],
        judges=[_judge(entry) for entry in judges],
        models=[CardModel(entry["label"], _reached(entry), entry.get("licence") or None) for entry in models],
        languages=sorted(_languages(folder / "prompts.jsonl")),
        counts=[
            ("prompts", manifest.n_prompts),
            ("matchups", manifest.n_matchups),
            ("battles", manifest.n_battles),
            ("matchups not judged, because an answer failed", manifest.n_unjudged),
            *(
                (f"failed calls of {row.label}", sum(row.failed.values()))
                for row in manifest.spend
                if row.failed
            ),
        ],
        parameters={"seed": manifest.seed, "config": manifest.config_hash, "prompts": manifest.prompt_hash},
        versions={"palestra": manifest.palestra, **manifest.versions},
        licence=licence,
        tags=["arena", "llm-as-a-judge", "preferences"],
        tasks=["text-generation"],
        notes=_notes(manifest, mixed=several == "some"),
    )
    return card(facts) + _board(folder / "leaderboard.md")


def _manifest(path: Path) -> Manifest:
    try:
        return Manifest.model_validate_json(path.read_text(encoding="utf-8"))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise DataError(first["msg"], path=path, key=".".join(map(str, first["loc"])) or None) from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot be read: {error}", path=path) from None


def _config(path: Path) -> dict[str, Any]:
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DataError(f"cannot be read: {error}", path=path) from None
    return found if isinstance(found, dict) else {}


def _reached(entry: Mapping[str, Any]) -> str:
    return f"{entry['endpoint_type']} {entry.get('model') or ''}".strip()


def _judge(entry: Mapping[str, Any]) -> str:
    if entry.get("metric"):
        return f"{entry['label']}: the metric {entry['metric']}"
    return f"{entry['label']}: {_reached(entry)}, protocol {entry.get('protocol', 'pairwise')}"


def _source(entry: Mapping[str, Any]) -> str:
    """Without the folder, which is this machine's own matter."""
    name = entry.get("name") or str(entry.get("path", "")).replace("\\", "/").rsplit("/", 1)[-1]
    parts = [f"{key} {entry[key]}" for key in ("config", "split", "revision", "field") if entry.get(key)]
    where = "the dataset" if entry.get("name") else "the file"
    return f"prompts of {where} {name}" + (f" ({', '.join(parts)})" if entry.get("name") and parts else "")


def _notes(manifest: Manifest, *, mixed: bool) -> list[str]:
    notes = ["What each file and column means is described in Palestra's guide."]
    if not manifest.complete:
        notes.append("The run was stopped before its end; this is what it had reached.")
    if mixed:
        notes.append(
            "Some prompts are conversations, so battles.jsonl and responses.jsonl hold texts and lists of "
            "messages in the same columns; they are not offered as subsets."
        )
    return [*notes, *manifest.notes]


def _rows(path: Path) -> int:
    if not path.is_file():
        return 0
    try:
        if path.suffix == ".json":
            return len(json.loads(path.read_text(encoding="utf-8")))
        with path.open("rb") as file:
            return sum(1 for line in file if line.strip())
    except (OSError, ValueError) as error:
        raise DataError(f"cannot be read: {error}", path=path) from None


def _prompts(path: Path) -> Iterator[dict[str, Any]]:
    if not path.is_file() or not path.stat().st_size:
        return
    from palestra.interchange.rows import read_rows

    for row in read_rows(path):
        yield row.data


def _conversations(path: Path) -> str:
    """Whether `all`, `some` or `none` of the prompts are more than one message."""
    kinds = {len(row.get("messages") or ()) > 1 for row in _prompts(path)}
    return "some" if len(kinds) > 1 else "all" if kinds == {True} else "none"


def _languages(path: Path) -> set[str]:
    return {row["language"] for row in _prompts(path) if isinstance(row.get("language"), str)}


def _board(path: Path) -> str:
    if not path.is_file():
        return ""
    text = path.read_text(encoding="utf-8").strip()
    if len(text) > _LONGEST_BOARD:
        return "\n## Leaderboard\n\nIn `leaderboard.md`.\n"
    return f"\n## Leaderboard\n\n{text}\n"
