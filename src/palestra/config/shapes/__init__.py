"""Whose file is it? Palestra's own, or that of an arena before it, read into Palestra's shape."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from palestra.config.document import Document
from palestra.config.shapes import evalscope, gpu_poor, openarena, potato

Shape = Literal["palestra", "potato", "openarena", "evalscope", "gpu-poor"]


def read_shape(path: Path, env: Mapping[str, str]) -> tuple[Shape, Document, tuple[str, ...]]:
    """Read `path` into a document in Palestra's shape, with warnings about what is not used.

    A `.py` file is GPU-Poor's and is never executed; `env` is what its look-ups of the environment
    find. Every other file is YAML (JSON is, too). Raises `ConfigError`, in the words of the file.
    """
    from palestra.config.reader import parse, read_text

    text = read_text(path)
    if path.suffix == ".py":
        return ("gpu-poor", *gpu_poor.convert(text, path, env))
    document = parse(text, path)
    if potato.matches(document):
        return ("potato", *potato.convert(document))
    if openarena.matches(document):
        return ("openarena", *openarena.convert(document))
    if evalscope.matches(document):
        return ("evalscope", *evalscope.convert(document))
    return "palestra", document, ()
