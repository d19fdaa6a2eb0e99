"""How models are reached, and who competes."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from palestra.config.section import Section, Texts


class EndpointType(StrEnum):
    """How a model is reached."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    GEMINI = "gemini"
    OLLAMA = "ollama"
    VLLM = "vllm"
    OPENROUTER = "openrouter"
    HUGGINGFACE = "huggingface"
    BEDROCK = "bedrock"
    RECORDED = "recorded"
    SCRIPTED = "scripted"


def _check_address(text: str) -> None:
    """Raises `ValueError` unless it is an http(s) address with a host, and without a password in it."""
    parts = urlsplit(text)
    if parts.username is not None or parts.password is not None:
        raise ValueError("an address holds no user or password; put the key in `api_key_env`")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
        raise ValueError(f"{text!r} is not an address such as http://localhost:8000/v1")


class Price(Section):
    """USD per million tokens."""

    input: Annotated[float, Field(ge=0)]
    output: Annotated[float, Field(ge=0)]


class Endpoint(Section):
    """How to reach a model, and how to sample from it. Models and judges share it."""

    label: str = ""
    """Default: `metric`, `model`, `path`'s stem or `endpoint_type`, the first that is there."""
    endpoint_type: EndpointType
    model: str = ""
    """The name the server knows."""
    base_url: str | None = None
    """The server's address, such as http://localhost:8000/v1 (for Ollama, localhost:11434 will do).
    Default: the provider's own."""
    url: str | None = None
    """An exact address to POST an OpenAI chat-completions body to, instead of `base_url`."""
    api_key: Annotated[SecretStr | None, Field(repr=False, exclude=True)] = None
    """Used, and never written anywhere. Better: `api_key_env`."""
    api_key_env: str | None = None
    """The environment variable that holds the key. Default: the provider's usual one."""
    system_prompt: str | None = None
    temperature: Annotated[float | None, Field(ge=0)] = None
    top_p: Annotated[float | None, Field(gt=0, le=1)] = None
    max_tokens: Annotated[int | None, Field(gt=0)] = None
    seed: int | None = None
    """A fixed seed for every call. Default: one derived per call from the run's seed."""
    stop: Texts = ()
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None = None
    extra_body: dict[str, Any] = Field(default_factory=dict)
    """Sent along in the request's body (for Ollama: `think`, `keep_alive` and `format` as they are,
    everything else as an option such as `num_ctx`)."""
    price: Price | None = None
    """Default: what genai-prices knows of the model."""
    concurrency: Annotated[int | None, Field(gt=0)] = None
    """Most calls at once to this endpoint."""
    requests_per_minute: Annotated[float | None, Field(gt=0)] = None
    timeout: Annotated[float, Field(gt=0)] = 300.0
    """Seconds for one attempt."""
    retries: Annotated[int, Field(ge=0)] = 5
    """Further attempts after the first, on 408, 409, 429, 5xx and dropped connections."""
    path: Path | None = None
    """For `recorded`: the file with the answers or verdicts."""
    script: dict[str, Any] = Field(default_factory=dict)
    """For `scripted`: see `models/scripted.py`."""

    @model_validator(mode="before")
    @classmethod
    def _default_label(cls, data: Any) -> Any:
        if not isinstance(data, dict) or data.get("label") not in (None, ""):
            return data
        path = data.get("path")
        stem = Path(path).stem if isinstance(path, str | Path) else None
        names = [data.get("metric"), data.get("model"), stem, data.get("endpoint_type")]
        return {**data, "label": next((name for name in names if isinstance(name, str) and name), "")}

    @field_validator("base_url", "url")
    @classmethod
    def _address(cls, text: str | None, info: ValidationInfo) -> str | None:
        bare = info.data.get("endpoint_type") is EndpointType.OLLAMA and text and "://" not in text
        if text is not None:
            _check_address(f"http://{text}" if bare else text)
        return text

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        self._check_reachable()
        return self

    def _check_reachable(self) -> None:
        if self.endpoint_type is EndpointType.RECORDED and self.path is None:
            raise ValueError("endpoint_type recorded needs `path`, the file with the answers")
        free = (EndpointType.RECORDED, EndpointType.SCRIPTED)
        if self.endpoint_type not in free and not self.model:
            raise ValueError(
                f"endpoint_type {self.endpoint_type.value} needs `model`, the name the server knows"
            )


class ModelConfig(Endpoint):
    """One competitor."""

    size_b: Annotated[float | None, Field(gt=0)] = None
    """Size in billions of parameters. Default: read from the name where it says."""
    organisation: str | None = None
    licence: str | None = None
    name_in_file: str | None = None
    """For `recorded`: which model of the file. Default: `model`, then `label`; a file without a model
    column holds one model."""
