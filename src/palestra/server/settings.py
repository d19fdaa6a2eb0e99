"""What a server is started with."""

from __future__ import annotations

import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from palestra.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from palestra.config.schema import Config

ADMIN_KEY_VARIABLE = "PALESTRA_ADMIN_KEY"
SECRET_VARIABLE = "PALESTRA_SECRET"
LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Everything that `create_app` needs to know. Nothing in it changes while the server runs."""

    config: Config
    database: str
    """A file, or a database URL."""
    admin_key: str = field(default="", repr=False)
    """Empty: nobody is admin."""
    secret: str | None = field(default=None, repr=False)
    """Signs sessions and tokens. None: one that is kept in the database."""
    runs: tuple[Path, ...] = ()
    """Result folders that are shown beside the arena's own battles."""
    sample: bool = False
    """Whether this is the embedded sample arena."""
    base_dir: Path = field(default_factory=Path)
    """Where relative paths of the config start."""
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Where API keys are looked up."""

    @property
    def hosts(self) -> frozenset[str] | None:
        """The host names that requests may be addressed to; None: any.

        A server that only this machine reaches answers to this machine's names alone, so that no page of
        another site can reach it under a name of its own.
        """
        serve = self.config.serve
        if serve.host not in LOOPBACK or serve.proxy:
            return None
        return frozenset(LOOPBACK)


def shown_address(host: str, port: int) -> str:
    """Where a browser on this machine finds a server that listens there."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def find_admin_key(config: Config, env: Mapping[str, str], database: str) -> tuple[str, Path | None]:
    """The admin's key, and the file it stands in if it is neither in the config nor in the environment.

    The file is made at the first start, with mode 0600, beside the database's file.

    Raises:
        ConfigError: the file cannot be read or made, or others may read it.
    """
    given = config.serve.admin_api_key
    written = "" if given is None else given.get_secret_value().strip()
    if written.startswith("${") and written.endswith("}"):
        written = env.get(written[2:-1], "").strip()
    found = written or env.get(ADMIN_KEY_VARIABLE, "").strip()
    if found:
        return found, None
    name = "palestra.db" if "://" in database else database
    path = Path(f"{name}.admin-key").expanduser().absolute()
    return _key_in(path), path


def _key_in(path: Path) -> str:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read_key(path)
    except OSError as error:
        raise ConfigError(f"the admin key cannot be kept here: {error.strerror}", path=path) from error
    key = secrets.token_urlsafe(24)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"{key}\n")
    return key


def _read_key(path: Path) -> str:
    try:
        mode = path.stat().st_mode
        key = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the admin key cannot be read: {error}", path=path) from error
    if not key:
        raise ConfigError("holds no admin key", path=path, hint="delete the file and a new one is made")
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise ConfigError("others may read the admin key", path=path, hint=f"chmod 600 {path}")
    return key
