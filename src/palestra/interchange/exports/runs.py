"""What a run folder tells of itself, beside its battles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml
from pydantic import ValidationError

from palestra.records.manifest import Manifest

if TYPE_CHECKING:
    from pathlib import Path


def run_line(folder: Path) -> str | None:
    """The run in a line; None if the folder has no sound manifest."""
    try:
        manifest = Manifest.model_validate_json((folder / "manifest.json").read_bytes())
    except (OSError, ValidationError):
        return None
    left = "" if manifest.complete else ", stopped before its end"
    return (
        f"run {manifest.run_id} of {manifest.arena}: Palestra {manifest.palestra}, seed {manifest.seed}, "
        f"{manifest.n_prompts:,} prompts, {manifest.n_battles:,} battles{left}"
    )


def run_models(folder: Path) -> dict[str, str]:
    """Label → how the model was reached; empty if the folder has no sound config. No address is told."""
    try:
        config = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return {}
    models = config.get("models") if isinstance(config, dict) else None
    found = {}
    for model in models if isinstance(models, list) else ():
        if isinstance(model, dict) and isinstance(model.get("label"), str):
            words = (model.get("endpoint_type"), model.get("model"))
            found[model["label"]] = " ".join(str(word) for word in words if word)
    return found
