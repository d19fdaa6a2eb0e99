"""Which models an Ollama has, and fetching those that it lacks."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import httpx
import ollama

from palestra.errors import EndpointError
from palestra.models.ollama import SendsKey

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

_LOOK_SECONDS = 5.0
_SILENT_SECONDS = 600.0
"""The longest wait for the next line of a pull: checking a large file's hash takes minutes without one."""
_REGISTRY = ("registry.ollama.ai/", "library/")
_NO_ANSWER = (OSError, ValueError, TypeError, AttributeError, ollama.ResponseError, httpx.HTTPError)


@dataclass(frozen=True, slots=True)
class Pulled:
    """How far a pull is."""

    status: str
    """In Ollama's words, without the digests of layers."""
    done: int
    """Bytes, of the layers that were named so far."""
    total: int


class OllamaHost:
    """An Ollama server, apart from its chats."""

    def __init__(self, address: str, key: str | None = None) -> None:
        self.address = address
        self._key = key

    def __repr__(self) -> str:
        return f"OllamaHost({self.address!r})"

    async def lacks(self, models: Sequence[str]) -> list[str]:
        """Those of `models` that would have to be pulled. Empty if no Ollama answers within five seconds:
        whoever calls it finds out why.
        """
        client = self._client(_LOOK_SECONDS)
        try:
            listed = {_full(model.model or "") for model in (await client.list()).models}
            return [m for m in models if _full(m) not in listed and not await _knows(client, m)]
        except _NO_ANSWER:
            return []
        finally:
            await client.close()  # type: ignore[no-untyped-call]

    async def pull(self, model: str) -> AsyncGenerator[Pulled, None]:
        """Fetch a model. What was fetched of one that breaks off is kept, and the next pull goes on.

        Raises:
            EndpointError: there is no such model, it cannot be fetched, or the server is gone.
        """
        layers: dict[str, tuple[int, int]] = {}
        ended = False
        client = self._client(_SILENT_SECONDS)
        try:
            lines = cast(
                "AsyncGenerator[ollama.ProgressResponse, None]", await client.pull(model, stream=True)
            )
            async with aclosing(lines):
                async for line in lines:
                    if line.digest and line.total:
                        layers[line.digest] = line.completed or 0, line.total
                    ended = line.status == "success"
                    yield _pulled(line.status or "", layers)
        except ollama.ResponseError as error:
            raise self._failed(model, error.error) from None
        except (httpx.HTTPError, ConnectionError, ValueError, TypeError, AttributeError) as error:
            raise self._failed(model, str(error) or type(error).__name__) from None
        finally:
            await client.close()  # type: ignore[no-untyped-call]
        if not ended:
            raise self._failed(model, "it ended before the model was there")

    def _failed(self, model: str, why: str) -> EndpointError:
        if self._key is not None:
            why = why.replace(self._key, "***")
        return EndpointError(
            f"{model} could not be pulled to {self.address}: {why}",
            hint="is the name right, and is there room on the disk? What was fetched is kept: run it again "
            "and it goes on",
        )

    def _client(self, seconds: float) -> ollama.AsyncClient:
        return ollama.AsyncClient(
            host=self.address, timeout=seconds, follow_redirects=False, auth=SendsKey(self._key)
        )


async def _knows(client: ollama.AsyncClient, model: str) -> bool:
    """Whether a model that is not in the list is there all the same, by another spelling."""
    try:
        await client.show(model)
    except ollama.ResponseError as error:
        return error.status_code != httpx.codes.NOT_FOUND
    return True


def _full(name: str) -> str:
    """One spelling of a model's name: without the usual registry, with a tag."""
    name = name.strip().lower()
    for prefix in _REGISTRY:
        name = name.removeprefix(prefix)
    return name if ":" in name.rsplit("/", 1)[-1] else f"{name}:latest"


def _pulled(status: str, layers: dict[str, tuple[int, int]]) -> Pulled:
    words, _, digest = status.rpartition(" ")
    plain = words if words == "pulling" and digest != "manifest" else status
    return Pulled(plain, sum(n for n, _ in layers.values()), sum(n for _, n in layers.values()))
