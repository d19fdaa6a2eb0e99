"""What a test needs and a bare machine lacks.

Each function returns the thing, or skips the calling test with a reason that says how to get it.
With `PALESTRA_REQUIRE=all` in the environment nothing is skipped: the test fails.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parents[2]
"""The top of the checkout."""


def everything() -> bool:
    """Whether a missing part is a failure (`PALESTRA_REQUIRE=all`)."""
    return os.environ.get("PALESTRA_REQUIRE") == "all"


def lacking(reason: str) -> NoReturn:
    """Skip the calling test, or fail it where everything must be there."""
    if everything():
        pytest.fail(f"PALESTRA_REQUIRE=all, but {reason}", pytrace=False)
    pytest.skip(reason)


def shared_data(name: str) -> Path:
    """The folder `name` of the public data sets, which lie outside the repository."""
    base = Path(os.environ.get("PALESTRA_SHARED") or ROOT.parent / "shared" / "data")
    folder = base / name
    if not folder.is_dir():
        lacking(f"no {name} in {base}: put the data sets there, or set PALESTRA_SHARED to their folder")
    return folder


def llama_server() -> Path:
    """llama.cpp's `llama-server`."""
    return _program(
        "PALESTRA_LLAMA_SERVER", ("llama-server",), "install Debian's llama.cpp-tools or build llama.cpp"
    )


def chromium() -> Path:
    """A Chromium or Chrome that Playwright can drive."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return _program("PALESTRA_CHROMIUM", names, "apt install chromium")


def node() -> Path:
    """Node.js."""
    return _program("PALESTRA_NODE", ("node",), "apt install nodejs")


def postgres() -> Path:
    """The folder with PostgreSQL's `initdb` and `pg_ctl`. They refuse to run as root."""
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda folder: _version(folder.parent.name),
        reverse=True,
    )
    on_path = shutil.which("pg_ctl")
    for folder in [*([Path(on_path).parent] if on_path else []), *debian]:
        if (folder / "initdb").is_file() and (folder / "pg_ctl").is_file():
            return folder
    lacking("no PostgreSQL server (initdb, pg_ctl): apt install postgresql")


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdigit())


def _program(variable: str, names: tuple[str, ...], advice: str) -> Path:
    told = os.environ.get(variable)
    if told is not None:
        found = shutil.which(told)
        if found is None:
            lacking(f"{variable} names {told!r}, which is not a program")
        return Path(found)
    for name in names:
        found = shutil.which(name)
        if found is not None:
            return Path(found)
    lacking(f"no {names[0]}: {advice}, or set {variable}")
