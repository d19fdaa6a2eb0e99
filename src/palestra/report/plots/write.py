"""Pictures as files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from palestra.errors import UsageError
from palestra.report.plots.picture import Format, isolated

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from palestra.report.plots.picture import Picture

_FORMATS: dict[str, Format] = {".svg": "svg", ".png": "png"}


def check_target(path: Path) -> None:
    """Make sure, before any long work, that a picture can be drawn and has a format.

    Raises:
        UsageError: the ending is neither .svg nor .png, or matplotlib is missing.
    """
    format_of(path)
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise UsageError(
            "pictures are drawn by matplotlib, which is not installed",
            hint="pip install 'palestra[plot]'",
        ) from None


def format_of(path: Path) -> Format:
    """What to write, by the ending of the file's name.

    Raises:
        UsageError: neither .svg nor .png.
    """
    try:
        return _FORMATS[path.suffix.lower()]
    except KeyError:
        raise UsageError(
            f"cannot draw {path.suffix!r}" if path.suffix else "no ending says the format",
            path=path,
            hint="the name ends in .svg or .png",
        ) from None


def write_picture(path: Path, draw: Callable[[], Picture]) -> None:
    """Draw, and write the picture in the format that the file's name says. It appears whole or not at all.

    Raises:
        UsageError: the ending, a missing matplotlib, or a file that cannot be written.
    """
    check_target(path)
    kind = format_of(path)
    with isolated():
        data = draw().data(kind)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", path=path, key="--out") from None
    finally:
        temporary.unlink(missing_ok=True)
