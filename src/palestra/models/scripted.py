"""A model that follows a script: for tests and demos, without a server.

In a config, under `script` (all keys optional; with none, it echoes):

    reply: "always this"          one of these three
    replies: [this, that]         one of them, drawn by the request's content
    echo: true                    the last user turn
    thinking: "Hm."               comes before the answer, apart from it
    delay_ms: 20                  or [low, high]: how long an answer takes
    fail: {kind: timeout, message: …, status: …, share: 0.1}
                                  that share (default 1) of the requests fails; the kinds are those
                                  of `records/failure.py`

The same script, messages and repeat always get the same answer, in any process; listing a reply
twice in `replies` doubles its odds. A stream comes word by word. In Python, a function from the
`Request` to a text or a `Failure` can take the script's place.
"""

from __future__ import annotations

import asyncio
import re
import time
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from palestra.errors import ConfigError, nearest
from palestra.models.base import Delta
from palestra.models.pricing import pricer
from palestra.models.reply import Reply
from palestra.records.failure import Failure, FailureKind
from palestra.records.keys import digest, messages_data
from palestra.records.response import Response

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from palestra.config.endpoint import Endpoint
    from palestra.models.base import Request
    from palestra.models.pricing import Pricer

    Function = Callable[[Request], str | Failure]

_WORDS = re.compile(r"\s*\S+\s*$|\s*\S+|\s+")
_Milliseconds = Annotated[float, Field(ge=0)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class _Fail(_Part):
    kind: FailureKind = FailureKind.OTHER
    message: str = "the script says so"
    status: int | None = None
    share: Annotated[float, Field(ge=0, le=1)] = 1.0


class Script(_Part):
    """What a scripted model does."""

    reply: str | None = None
    replies: Annotated[tuple[str, ...] | None, Field(min_length=1)] = None
    echo: bool = False
    thinking: str | None = None
    delay_ms: _Milliseconds | tuple[_Milliseconds, _Milliseconds] = 0.0
    fail: _Fail | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [self.reply is not None, self.replies is not None, self.echo]
        if sum(given) > 1:
            raise ValueError("give only one of reply, replies and echo")
        return self


def scripted_model(config: Endpoint) -> ScriptedModel:
    """The model that follows the config's `script`.

    Raises:
        ConfigError: the script has an unknown key or a wrong value.
    """
    try:
        script = Script.model_validate(config.script)
    except ValidationError as error:
        raise _script_error(config.label, error) from error
    return ScriptedModel(config.label, script, price=pricer(config, public=False))


class ScriptedModel:
    """A `Model` that follows a script. Nothing is drawn from a seed, so any seed repeats it."""

    takes_seed = True
    is_free = True

    def __init__(
        self,
        label: str,
        script: Script | None = None,
        *,
        function: Function | None = None,
        price: Pricer | None = None,
    ) -> None:
        """With a `function`, the script's `reply`, `replies`, `echo` and `fail` do not count."""
        self.label = label
        self._script = script or Script()
        self._function = function
        self._price = price
        self._identity = _identity(self._script, function)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.label!r}>"

    def identity(self, request: Request) -> Mapping[str, Any]:
        """The script."""
        return self._identity

    async def generate(self, request: Request) -> Response:
        """Answer as the script says."""
        started = time.perf_counter()
        draw = self._draw(request)
        await asyncio.sleep(self._delay(draw))
        return self._response(request, self._said(request, draw), started)

    async def stream(self, request: Request) -> AsyncIterator[Delta | Response]:
        """Answer word by word, the delay spread over the words."""
        started = time.perf_counter()
        draw = self._draw(request)
        said = self._said(request, draw)
        words = [] if isinstance(said, Failure) else _WORDS.findall(said)
        pause = self._delay(draw) / (len(words) + 1)
        await asyncio.sleep(pause)
        first_ms: float | None = None
        if self._script.thinking is not None and words:
            first_ms = _ms_since(started)
            yield Delta(thinking=self._script.thinking)
        for word in words:
            first_ms = _ms_since(started) if first_ms is None else first_ms
            yield Delta(text=word)
            await asyncio.sleep(pause)
        yield self._response(request, said, started, first_ms)

    async def aclose(self) -> None:
        """Nothing is open."""

    def _draw(self, request: Request) -> tuple[int, int, int]:
        """Three numbers of 32 bits from the script, the messages and the repeat."""
        drawn = digest(["scripted", self._identity, messages_data(request.messages), request.repeat])
        return int(drawn[:8], 16), int(drawn[8:16], 16), int(drawn[16:24], 16)

    def _delay(self, draw: tuple[int, int, int]) -> float:
        """Seconds."""
        delay = self._script.delay_ms
        if isinstance(delay, tuple):
            low, high = delay
            delay = low + (high - low) * draw[2] / 2**32
        return delay / 1000

    def _said(self, request: Request, draw: tuple[int, int, int]) -> str | Failure:
        if self._function is not None:
            return self._function(request)
        script = self._script
        if script.fail is not None and draw[1] < script.fail.share * 2**32:
            return Failure(kind=script.fail.kind, message=script.fail.message, status=script.fail.status)
        if script.reply is not None:
            return script.reply
        if script.replies is not None:
            return script.replies[draw[0] % len(script.replies)]
        return request.messages[-1].content

    def _response(
        self, request: Request, said: str | Failure, started: float, first_ms: float | None = None
    ) -> Response:
        if isinstance(said, str) and not said.strip():
            said = Failure(kind=FailureKind.EMPTY, message="the reply holds no text")
        failure = said if isinstance(said, Failure) else None
        text = None if isinstance(said, Failure) else said
        tokens_in = sum(len(message.content.split()) for message in request.messages)
        tokens_out = None if text is None else len(text.split())
        counted = Reply(tokens_in=tokens_in, tokens_out=tokens_out)
        return Response(
            key=request.key,
            question_id=request.question_id,
            model=self.label,
            repeat=request.repeat,
            text=text,
            thinking=None if failure else self._script.thinking,
            failure=failure,
            finish_reason=None if failure else "stop",
            latency_ms=_ms_since(started),
            first_token_ms=first_ms,
            tokens_in=tokens_in,
            tokens_out=tokens_out,
            cost_usd=self._price(counted) if self._price else None,
            tstamp=time.time(),
        )


def _identity(script: Script, function: Function | None) -> dict[str, Any]:
    said = script.model_dump(mode="json", exclude={"delay_ms"}, exclude_defaults=True)
    if function is not None:
        said["function"] = (
            f"{function.__module__}.{getattr(function, '__qualname__', type(function).__name__)}"
        )
    return {"endpoint_type": "scripted", "script": said}


def _script_error(label: str, error: ValidationError) -> ConfigError:
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in ("script", *first["loc"]))
    hint = None
    if first["type"] == "extra_forbidden":
        known = _Fail if "fail" in first["loc"][:-1] else Script
        hint = nearest(str(first["loc"][-1]), known.model_fields)
    return ConfigError(f"{label}: {first['msg']}", key=where, hint=hint)


def _ms_since(started: float) -> float:
    return (time.perf_counter() - started) * 1000
