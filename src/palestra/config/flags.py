"""The command line's say in a config: `--model`, `--judge`, `--prompts` and `--set`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from palestra.config.document import Document, Loc, Spot, unusable
from palestra.config.endpoint import EndpointType
from palestra.errors import ConfigError, UsageError, nearest

_MOST_PARTS = 30


@dataclass(frozen=True, slots=True)
class Flags:
    """What was given on the command line. What is not empty takes the place of the file's section.

    A model or judge is written `[LABEL=]endpoint_type:model[@base_url]`, as in `ollama:llama3.2`,
    `openai:gpt-4o` or `Mine=vllm:my-model@http://localhost:8000/v1`; answers or verdicts from a file
    as `recorded:PATH`; a judge may also be `metric:rougeL`. Prompts are paths.
    """

    models: tuple[str, ...] = ()
    judges: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()


def apply_flags(document: Document, flags: Flags, cwd: Path) -> Document:
    """The document with the flags' sections in place of its own."""
    value, spots = dict(document.value), dict(document.spots)
    for section, flag, written in (
        ("models", "--model", flags.models),
        ("judges", "--judge", flags.judges),
        ("prompts", "--prompts", flags.prompts),
    ):
        if not written:
            continue
        for text in written:
            if unusable(text):
                raise UsageError("holds a character that is not allowed", path=f"{flag} {text!a}")
        value[section] = [
            {"path": text} if flag == "--prompts" else _endpoint(text, flag) for text in written
        ]
        spots = {loc: spot for loc, spot in spots.items() if loc[:1] != (section,)}
        spots[(section,)] = Spot(flag, None, "", cwd)
        for i, text in enumerate(written):
            spots[(section, i)] = Spot(f"{flag} {text}", None, "", cwd)
    return Document(value, spots)


def apply_values(document: Document, values: Mapping[str, Any], cwd: Path) -> Document:
    """The document with sections given from Python in place of its own; a mapping is laid over its own.

    A model or judge may be written as a flag. Paths may be `Path` objects, sequences tuples.
    """
    value, spots = dict(document.value), dict(document.spots)
    for section, given in values.items():
        entry = plain(given)
        if section in ("models", "judges") and isinstance(entry, list):
            flag = "--model" if section == "models" else "--judge"
            entry = [_endpoint(each, flag) if isinstance(each, str) else each for each in entry]
        if isinstance(entry, dict) and isinstance(value.get(section), dict):
            entry = {**value[section], **entry}
        value[section] = entry
        spots = {loc: spot for loc, spot in spots.items() if loc[:1] != (section,)}
        spots[(section,)] = Spot(f"the argument {section}", None, "", cwd)
    return Document(value, spots)


def plain(given: Any) -> Any:
    """Python data as a config file would hold it."""
    if isinstance(given, os.PathLike):
        return os.fspath(given)
    if isinstance(given, Mapping):
        return {key: plain(item) for key, item in given.items()}
    if isinstance(given, list | tuple):
        return [plain(item) for item in given]
    return given


def _endpoint(text: str, flag: str) -> dict[str, Any]:
    """The model or judge that a flag describes."""
    label, spec = "", text
    before, equals, after = text.partition("=")
    if equals and ":" not in before:
        label, spec = before, after
    kind, colon, name = spec.partition(":")
    known = [*(kind.value for kind in EndpointType), *(["metric"] if flag == "--judge" else [])]
    if not colon or not name:
        raise UsageError(
            "expected endpoint_type:model, such as ollama:llama3.2 or openai:gpt-4o",
            path=f"{flag} {text}",
        )
    if kind not in known:
        raise UsageError(f"{kind!r} is no endpoint type; {nearest(kind, known)}", path=f"{flag} {text}")
    entry: dict[str, Any] = {"label": label} if label else {}
    if kind == "metric":
        return entry | {"metric": name}
    if kind == EndpointType.RECORDED:
        return entry | {"endpoint_type": kind, "path": name}
    model, base_url = _split_address(name)
    return entry | {"endpoint_type": kind, "model": model} | ({"base_url": base_url} if base_url else {})


def _split_address(name: str) -> tuple[str, str | None]:
    """`model@http://…` → the model and the address; a model's own name may hold an `@`."""
    at = max(name.rfind("@http://"), name.rfind("@https://"))
    return (name, None) if at < 0 else (name[:at], name[at + 1 :])


def apply_overrides(document: Document, overrides: Sequence[str], cwd: Path) -> Document:
    """The document with each `key=value` set; the key is dotted, the value is read as YAML.

    `models.0.temperature=0.2` sets the first model's. A position one past a list's end adds to it.
    Raises `UsageError` without `=`, `ConfigError` for a key that leads nowhere.
    """
    for override in overrides:
        key, equals, text = override.partition("=")
        if not equals or not key.strip():
            raise UsageError("expected key=value, such as seed=7", path=f"--set {override}")
        if unusable(override):
            raise UsageError("holds a character that is not allowed", path=f"--set {override!a}")
        from palestra.config.reader import parse_value

        key = key.strip()
        document = _override(document, key, parse_value(text, "--set", key), "--set", cwd)
    return document


def apply_settings(document: Document, settings: Mapping[str, tuple[str, Any]], cwd: Path) -> Document:
    """The document with each dotted key set to a value; errors name it by what it was called where it was
    given, such as `--level`.
    """
    for key, (called, value) in settings.items():
        document = _override(document, key, plain(value), called, cwd)
    return document


def _override(document: Document, key: str, value: Any, called: str, cwd: Path) -> Document:
    loc = _loc(document.value, key, called)
    spots = {at: spot for at, spot in document.spots.items() if at[: len(loc)] != loc}
    return Document(_with(document.value, loc, value), spots | {loc: Spot(called, None, key, cwd)})


def _loc(here: Any, key: str, called: str) -> Loc:
    """The way that a dotted key names: list positions where there is a list, keys elsewhere."""
    loc: Loc = ()
    parts = key.split(".")
    if len(parts) > _MOST_PARTS:
        raise ConfigError(f"has more than {_MOST_PARTS} parts", path=called, key=f"{key[:40]}…")
    for part in parts:
        position = int(part) if part.isascii() and part.isdigit() and len(part) < 10 else None
        if isinstance(here, list):
            if position is None or position > len(here):
                raise ConfigError(
                    f"{part!r}: expected a position from 0 to {len(here)}", path=called, key=key
                )
            loc, here = (*loc, position), here[position] if position < len(here) else None
        elif here is None and position == 0:
            loc = (*loc, 0)
        elif here is None or isinstance(here, dict):
            loc, here = (*loc, part), None if here is None else here.get(part)
        else:
            raise ConfigError(f"there is no {part!r} in it", path=called, key=key)
    return loc


def _with(here: Any, loc: Loc, value: Any) -> Any:
    """A copy of `here` with `value` at `loc`."""
    if not loc:
        return value
    part, rest = loc[0], loc[1:]
    if isinstance(part, int):
        items = here or []
        old = items[part] if part < len(items) else None
        return [*items[:part], _with(old, rest, value), *items[part + 1 :]]
    entries = here or {}
    return {**entries, part: _with(entries.get(part), rest, value)}
