"""Config files, flags and the environment → `Config`.

A file is Palestra's own YAML, or one of the files of other arenas that `shapes/` knows. Every error
says file, line and key in the words of the file at hand.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from palestra.config.document import Document, Loc, Spot, unusable
from palestra.config.flags import Flags, apply_flags, apply_overrides, apply_settings, apply_values
from palestra.config.problems import config_error
from palestra.config.schema import Config
from palestra.errors import ConfigError

if TYPE_CHECKING:
    from palestra.config.shapes import Shape


@dataclass(frozen=True, slots=True)
class LoadedConfig:
    """A config, and what is to be said about its file."""

    config: Config
    path: Path | None
    """The file; null when the config came from flags alone."""
    shape: Shape
    """Whose file it is: `palestra`, `potato`, `openarena`, `evalscope` or `gpu-poor`."""
    warnings: tuple[str, ...] = ()
    """What was read and is not used; one sentence each, for the user."""


def load_config(
    path: Path | None,
    *,
    flags: Flags | None = None,
    overrides: Sequence[str] = (),
    settings: Mapping[str, tuple[str, Any]] | None = None,
    values: Mapping[str, Any] | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> LoadedConfig:
    """Read the config at `path`, if any, then let what is given here win: flags, `settings`, `key=value`
    overrides, `values`, each over those before.

    `settings` are values by dotted key, each after what to call it in an error. `values` are whole sections,
    as Python data; a model or judge in them may also be written as a flag. Relative paths in the file start
    from its folder, all others from `cwd` (default: the working folder); all are absolute in the result.
    `env` (default: `environment(cwd)`) is what a GPU-Poor file's environment look-ups see.

    Raises:
        ConfigError: a file, a setting or a value that makes no sense.
        UsageError: flags that make none.
    """
    from palestra.config.shapes import read_shape

    cwd = Path.cwd() if cwd is None else cwd
    env = environment(cwd) if env is None else env
    if path is None:
        shape, document, warnings = _nothing(cwd)
    else:
        shape, document, warnings = read_shape(path, env)
    document = apply_flags(document, flags or Flags(), cwd)
    document = apply_settings(document, settings or {}, cwd)
    document = apply_overrides(document, overrides, cwd)
    document = apply_values(document, values or {}, cwd)
    return LoadedConfig(check_document(document), path, shape, warnings)


def config_from_flags(
    *,
    models: Sequence[str] = (),
    judges: Sequence[str] = (),
    prompts: Sequence[str] = (),
    overrides: Sequence[str] = (),
    cwd: Path | None = None,
) -> Config:
    """A config without a file: see `Flags` for how models, judges and prompts are written."""
    flags = Flags(tuple(models), tuple(judges), tuple(prompts))
    return load_config(None, flags=flags, overrides=overrides, env={}, cwd=cwd).config


def environment(cwd: Path | None = None) -> dict[str, str]:
    """The variables of `.env` in the working folder, then the process's own, which win.

    The process's environment is left as it is. Raises `ConfigError` for a `.env` that cannot be read.
    """
    path = (Path.cwd() if cwd is None else cwd) / ".env"
    if not path.is_file():
        return dict(os.environ)
    from dotenv import dotenv_values

    try:
        found = dotenv_values(path)
    except UnicodeDecodeError:
        raise ConfigError("is not UTF-8 text", path=path) from None
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", path=path) from None
    return {key: value for key, value in found.items() if value is not None} | dict(os.environ)


def check_document(document: Document) -> Config:
    """The config that a document in Palestra's shape describes; its paths are made absolute.

    Types are taken strictly: `"0.7"` in quotes is no number, and `yes` is no text.
    """
    value = {key: part for key, part in document.value.items() if part is not None}
    value = _absolute(value, document)
    try:
        return Config.model_validate_json(json.dumps(value), strict=True)
    except ValidationError as error:
        raise config_error(error, document) from None


def _nothing(cwd: Path) -> tuple[Shape, Document, tuple[str, ...]]:
    return "palestra", Document({}, {(): Spot("the command line", None, "", cwd)}), ()


_PATH_KEYS = {"models": ("path", "template"), "judges": ("path", "template"), "prompts": ("path",)}


def _absolute(value: dict[str, Any], document: Document) -> dict[str, Any]:
    """Make the paths absolute, each from the folder of the place it was written at."""
    for section, keys in _PATH_KEYS.items():
        entries = value.get(section)
        if isinstance(entries, list):
            value = {
                **value,
                section: [
                    _absolute_entry(entry, keys, (section, i), document) for i, entry in enumerate(entries)
                ],
            }
    if "serve" in value:
        place = _absolute_entry(value["serve"], ("leaderboard_json",), ("serve",), document)
        value = {**value, "serve": place}
    schedule = value.get("schedule")
    if isinstance(schedule, dict) and schedule.get("into"):
        value = {**value, "schedule": {**schedule, "into": _absolute_arena(schedule["into"], document)}}
    return value


def _absolute_arena(written: Any, document: Document) -> Any:
    """The files of human battles; a dataset on the hub stays as it is."""
    if not isinstance(written, list):
        return _absolute_arena([written], document)[0] if isinstance(written, str) else written
    found = []
    for number, text in enumerate(written):
        is_path = isinstance(text, str) and not text.startswith("hub:")
        entry = _absolute_entry({"path": text}, ("path",), ("schedule", "into", number), document)
        found.append(entry["path"] if is_path else text)
    return found


def _absolute_entry(entry: Any, keys: Sequence[str], loc: Loc, document: Document) -> Any:
    if not isinstance(entry, dict):
        return entry
    found = {}
    for key in keys:
        written, spot = entry.get(key), document.spot((*loc, key))
        if written == "":
            raise spot.error("must not be empty")
        if isinstance(written, str):
            found[key] = os.path.abspath(spot.folder / Path(os.path.expanduser(written)))
            if unusable(found[key]):
                raise spot.error(f"the path {found[key]!a} is not UTF-8 text; move it to another folder")
    return entry | found
