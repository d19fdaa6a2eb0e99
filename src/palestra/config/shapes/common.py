"""What the readers of other arenas' files share."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any
from urllib.parse import urlsplit

from palestra.config.document import Builder, Document, Loc
from palestra.config.endpoint import EndpointType
from palestra.config.problems import shown
from palestra.errors import nearest

_VARIABLE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?")
_HOSTS = {
    "api.openai.com": EndpointType.OPENAI,
    "openrouter.ai": EndpointType.OPENROUTER,
    "router.huggingface.co": EndpointType.HUGGINGFACE,
    "api-inference.huggingface.co": EndpointType.HUGGINGFACE,
}


def mapping(document: Document, loc: Loc) -> dict[str, Any]:
    """The mapping at `loc`, empty where there is nothing; an error for anything else."""
    value = document.get(loc)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise document.spot(loc).error(f"expected a mapping (keys with values), got {shown(value)}")
    return value


def entries(document: Document, loc: Loc) -> Sequence[Loc]:
    """The places of the mappings in the list at `loc`; an error unless it is a list of mappings."""
    value = document.get(loc)
    if value is None:
        return []
    if not isinstance(value, list):
        raise document.spot(loc).error(f"expected a list, got {shown(value)}")
    found: list[Loc] = [(*loc, i) for i in range(len(value))]
    for entry in found:
        if document.get(entry) is None:
            raise document.spot(entry).error("is empty; expected a mapping (keys with values)")
        mapping(document, entry)
    return found


def no_other_keys(document: Document, loc: Loc, known: Collection[str]) -> None:
    """An error for the first key of the mapping at `loc` that is not known."""
    for key in mapping(document, loc):
        if key not in known:
            raise document.spot((*loc, key)).error(f"unknown key; {nearest(key, known)}")


def needs(document: Document, loc: Loc, key: str) -> None:
    """An error unless the mapping at `loc` has `key`."""
    if mapping(document, loc).get(key) is None:
        raise document.spot(loc).below((key,)).error("is missing")


def put_key(builder: Builder, loc: Loc, origin: Loc) -> None:
    """Set the endpoint's key at `loc` from `origin`; `${NAME}` names a variable of the environment."""
    value = builder.source.get(origin)
    if value == "":
        return
    named = _VARIABLE.fullmatch(value) if isinstance(value, str) else None
    if named:
        builder.put((*loc, "api_key_env"), named[1], origin)
    else:
        builder.put((*loc, "api_key"), value, origin)


def type_of_address(address: object) -> EndpointType:
    """Which provider an OpenAI-compatible address belongs to, so that no other one's key is sent there.

    A server that is none of the known providers is `vllm`, the endpoint type of servers of one's own.
    """
    try:
        host = urlsplit(address).hostname if isinstance(address, str) else None
    except ValueError:
        host = None
    return _HOSTS.get(host or "", EndpointType.VLLM)
