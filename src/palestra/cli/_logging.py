"""What is logged, to standard error: with `--debug` each call and retry, else of a server what goes wrong."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class _Hiding(logging.Formatter):
    """Takes keys out of whatever a library logs."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._secrets = tuple(secrets)

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        for secret in self._secrets:
            text = text.replace(secret, "[hidden]")
        return text


def set_up(*, debug: bool, secrets: Iterable[str], server: bool = False) -> None:
    """Set up logging for this process. `secrets` are the keys in use. A `server` logs warnings always."""
    from stamina.instrumentation import LoggingOnRetryHook, set_on_retry_hooks

    set_on_retry_hooks([LoggingOnRetryHook] if debug else [])
    if debug or server:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_Hiding(secrets))
        logging.basicConfig(level=logging.DEBUG if debug else logging.WARNING, handlers=[handler])
