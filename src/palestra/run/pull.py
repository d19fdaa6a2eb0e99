"""Models that an Ollama lacks: found before a run, and fetched if that is wanted."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from palestra.config.endpoint import Endpoint, EndpointType
from palestra.config.judge import JudgeConfig
from palestra.errors import EndpointError
from palestra.models.addresses import base_url
from palestra.models.keys import find_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from palestra.models.ollama_pull import OllamaHost, Pulled

_CHAT_ROUTES = ("/v1/chat/completions", "/api/chat")
"""What an Ollama answers; at the same host, its list of models is looked for."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A model that has to be pulled."""

    host: OllamaHost
    model: str
    labels: tuple[str, ...]
    """Of the competitors and judges that want it."""


async def missing_models(endpoints: Iterable[Endpoint], env: Mapping[str, str]) -> list[Missing]:
    """What Ollama servers lack, in the order of `endpoints`.

    An endpoint with an exact `url` of a server of one's own counts as one if an Ollama answers beside it.
    A server that does not answer lacks nothing, nor does one whose key is missing: its calls will tell.
    """
    wanted: dict[tuple[str, str | None], dict[str, list[str]]] = {}
    for endpoint in endpoints:
        address = ollama_address(endpoint)
        if address is None:
            continue
        try:
            key = find_key(endpoint, env, address)
        except EndpointError:
            continue
        models = wanted.setdefault((address, key), {})
        models.setdefault(endpoint.model, []).append(endpoint.label)
    if not wanted:
        return []
    from palestra.models.ollama_pull import OllamaHost

    hosts = [OllamaHost(*place) for place in wanted]
    found = await asyncio.gather(
        *(host.lacks(list(models)) for host, models in zip(hosts, wanted.values(), strict=True))
    )
    return [
        Missing(host, model, tuple(models[model]))
        for host, models, lacking in zip(hosts, wanted.values(), found, strict=True)
        for model in lacking
    ]


def ollama_address(endpoint: Endpoint) -> str | None:
    """Where the Ollama of an endpoint is, or may be; None if it is something else."""
    if isinstance(endpoint, JudgeConfig) and endpoint.metric is not None:
        return None
    if endpoint.url is None:
        return base_url(endpoint) if endpoint.endpoint_type is EndpointType.OLLAMA else None
    if endpoint.endpoint_type not in (EndpointType.OLLAMA, EndpointType.VLLM):
        return None
    parts = urlsplit(endpoint.url)
    for route in _CHAT_ROUTES:
        if parts.path.rstrip("/").endswith(route):
            root = parts.path.rstrip("/").removesuffix(route)
            return urlunsplit((parts.scheme, parts.netloc, root, "", ""))
    return None


async def pull_models(missing: Sequence[Missing], told: Callable[[Missing, Pulled], None]) -> None:
    """Fetch them, one after the other; `told` hears how far each is.

    Raises:
        EndpointError: one cannot be fetched.
    """
    for each in missing:
        async for pulled in each.host.pull(each.model):
            told(each, pulled)


def not_there(missing: Sequence[Missing]) -> EndpointError:
    """The error that names what is missing, and the commands that help."""
    lines = [f"{', '.join(m.labels)}: {m.host.address} has no model {m.model}" for m in missing]
    commands = " and ".join(f"`ollama pull {m.model}`" for m in missing)
    fetched = "it" if len(missing) == 1 else "them"
    return EndpointError(
        "; ".join(lines), hint=f"`palestra run --pull` fetches {fetched} first; so would {commands}"
    )
