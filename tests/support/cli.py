"""The `palestra` command as a user meets it: a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import yaml
from tests.support.nursery import nursery
from tests.support.require import lacking

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_SECRETS = ("API_KEY", "_TOKEN", "PALESTRA_DB", "PALESTRA_ADMIN")


def clean_environment(**extra: str) -> dict[str, str]:
    """This process's environment without keys and without Palestra's own variables."""
    kept = {name: value for name, value in os.environ.items() if not any(word in name for word in _SECRETS)}
    return {**kept, "NO_COLOR": "1", **extra}


def command(*arguments: str | Path) -> list[str]:
    """The command line of `palestra …`, with warnings as errors."""
    return [sys.executable, "-W", "error", "-m", "palestra", *map(str, arguments)]


def palestra(
    *arguments: str | Path,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    stdin: str | None = None,
    code: int | None = 0,
    timeout: float = 300,
    through: Sequence[str] = (),
) -> subprocess.CompletedProcess[str]:
    """Run `palestra` in `cwd`; unless `code` is None, insist on that exit code.

    `through` is a program that runs another one, such as `bound_by_permissions()`.
    """
    whole = clean_environment(**(env or {}))
    done = None
    if not through and not any(name.startswith("PYTHON") for name in env or {}):
        done = nursery().run([*map(str, arguments)], cwd, whole, stdin, timeout)
    if done is None:
        done = subprocess.run(
            [*through, *command(*arguments)],
            cwd=cwd,
            env=whole,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=timeout,
            check=False,
        )
    said = f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert code is None or done.returncode == code, said
    return done


def bound_by_permissions() -> list[str]:
    """What runs a program so that files closed to their owner are closed to it; root needs this."""
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        lacking("root may read every file, and there is no setpriv to change that: install util-linux")
    return [setpriv, "--bounding-set=-dac_override,-dac_read_search"]


def write_config(path: Path, config: Mapping[str, Any]) -> Path:
    """A config as a YAML file."""
    path.write_text(yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True), encoding="utf-8")
    return path


def rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a JSONL file."""
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]
