"""`Config` → YAML that reads back as the same config."""

from __future__ import annotations

from typing import Any

from palestra.config.address import shown
from palestra.config.schema import Config


def dump_config(config: Config) -> str:
    """The whole config as YAML, defaults spelled out, secrets left out.

    `load_config` reads it back into an equal config, but for inline API keys and keys in an address's query.
    """
    import yaml

    from palestra.config.reader import Dumper

    value = _without_nothing(config.model_dump(mode="json"))
    for endpoint in (*value.get("models", ()), *value.get("judges", ())):
        for name in ("base_url", "url"):
            if name in endpoint:
                endpoint[name] = shown(endpoint[name])
    return yaml.dump(value, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=_NO_FOLDS)


_NO_FOLDS = 1_000_000
_FREE = ("extra_body", "script")
"""Sections whose keys are the user's own: what is in them stays as it is."""


def _without_nothing(value: Any) -> Any:
    """The value without keys that hold null or nothing, which mean the default."""
    if isinstance(value, dict):
        return {
            key: part if key in _FREE else _without_nothing(part)
            for key, part in value.items()
            if part is not None and part != [] and part != {}
        }
    if isinstance(value, list):
        return [_without_nothing(part) for part in value]
    return value
