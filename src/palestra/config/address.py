"""Addresses, and what must not be shown of them."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

_SECRET = re.compile(r"key|token|secret|sig|code|password", re.IGNORECASE)


def shown(address: str) -> str:
    """The address without what looks like a key in its query, fit for content keys and messages."""
    parts = urlsplit(address)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    query = urlencode([pair for pair in pairs if not _SECRET.search(pair[0])])
    return urlunsplit(parts._replace(query=query))


def secrets_in(address: str | None) -> tuple[str, ...]:
    """What looks like a key in an address's query."""
    pairs = parse_qsl(urlsplit(address or "").query)
    return tuple(value for name, value in pairs if _SECRET.search(name))
