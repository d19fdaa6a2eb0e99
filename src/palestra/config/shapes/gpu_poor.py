"""GPU-Poor LLM Gladiator Arena's `arena_config.py`: its syntax is read, it is never executed."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from palestra.config.document import Builder, Document, Loc, Spot, dotted, unusable
from palestra.config.endpoint import EndpointType
from palestra.config.problems import shown
from palestra.config.shapes.common import type_of_address
from palestra.errors import ConfigError

_NAMES = ("APPROVED_MODELS", "API_URL", "API_KEY", "example_prompts")
_OLLAMA_PORT = 11434


def convert(text: str, path: Path, env: Mapping[str, str]) -> tuple[Document, tuple[str, ...]]:
    """The approved models at `API_URL` (default: the local Ollama), and the example prompts.

    `os.environ.get("NAME")` and its like are looked up in `env`. Raises `ConfigError` for a file that
    is not Python and for a value that would have to be computed.
    """
    source = _Source(path, env)
    others = source.read(text)
    document = Document(source.value, source.spots)
    if "APPROVED_MODELS" not in source.value:
        raise document.spot(()).error("APPROVED_MODELS is missing: a list of models")
    builder = Builder(document)
    approved = document.get(("APPROVED_MODELS",))
    if not isinstance(approved, list):
        raise document.spot(("APPROVED_MODELS",)).error(f"expected a list, got {shown(approved)}")
    for i in range(len(approved)):
        _model(builder, i, key_variable=source.variables.get("API_KEY"))
    builder.copy(("serve", "example_prompts"), ("example_prompts",))
    if "API_URL" in source.variables and document.get(("API_URL",)) is None:
        name = source.variables["API_URL"]
        builder.warnings.append(f"{path}: API_URL: {name} is not set; the local Ollama is used")
    builder.warn_unused(others, str(path))
    return builder.done()


def _model(builder: Builder, i: int, *, key_variable: str | None) -> None:
    document, loc = builder.source, ("models", i)
    origin: Loc = ("APPROVED_MODELS", i)
    builder.put(loc, {}, origin)
    match document.get(origin):
        case str():
            builder.copy((*loc, "model"), origin)
        case [str(), str(), *_]:
            builder.copy((*loc, "model"), (*origin, 0))
            builder.copy((*loc, "label"), (*origin, 1))
        case other:
            raise document.spot(origin).error(
                f"expected a model's name, or the pair (name, label), got {shown(other)}"
            )
    kind, key, address = _endpoint(document)
    builder.put((*loc, "endpoint_type"), kind.value, ("API_URL",))
    builder.put((*loc, key), address, ("API_URL",))
    if key_variable is not None:
        builder.put((*loc, "api_key_env"), key_variable, ("API_KEY",))
    else:
        builder.put((*loc, "api_key"), document.get(("API_KEY",)) or None, ("API_KEY",))


def _endpoint(document: Document) -> tuple[EndpointType, str, str | None]:
    """The endpoint type, and the address with the key it belongs under."""
    address = document.get(("API_URL",))
    if address is None:
        return EndpointType.OLLAMA, "base_url", None
    spot = document.spot(("API_URL",))
    if not isinstance(address, str):
        raise spot.error(f"expected an address in quotes, got {shown(address)}")
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        raise spot.error(f"{shown(address)} is not an address: {error}") from None
    route = parts.path.rstrip("/")
    if port != _OLLAMA_PORT and route.endswith("/chat/completions"):
        return type_of_address(address), "url", address
    if port != _OLLAMA_PORT and route.endswith("/v1"):
        return type_of_address(address), "base_url", address
    for ending in ("/chat/completions", "/v1", "/chat", "/generate", "/api"):
        route = route.removesuffix(ending)
    return EndpointType.OLLAMA, "base_url", f"{parts.scheme}://{parts.netloc}{route}"


@dataclass
class _Source:
    """The file's assignments, as plain data with lines."""

    path: Path
    env: Mapping[str, str]
    value: dict[str, Any] = field(default_factory=dict)
    spots: dict[Loc, Spot] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    """Names that take their value from a variable of the environment, and which."""

    def read(self, text: str) -> list[str]:
        """Take the known assignments in; returns the names of the others."""
        self.spots[()] = self._spot((), None)
        others = []
        for statement in self._parse(text).body:
            match statement:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    pass
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                    pass
                case _:
                    continue
            if name in _NAMES:
                self.value[name] = self._value(value, (name,))
            else:
                others.append(name)
        return others

    def _parse(self, text: str) -> ast.Module:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SyntaxWarning)
                warnings.simplefilter("ignore", DeprecationWarning)
                return ast.parse(text)
        except SyntaxError as error:
            raise ConfigError(
                f"is not valid Python: {error.msg}", path=self.path, line=error.lineno
            ) from None
        except (ValueError, RecursionError, MemoryError) as error:
            raise ConfigError(f"is not valid Python: {error}", path=self.path) from None

    def _spot(self, loc: Loc, line: int | None) -> Spot:
        return Spot(str(self.path), line, dotted(loc), self.path.parent)

    def _value(self, node: ast.expr, loc: Loc) -> Any:
        self.spots[loc] = self._spot(loc, node.lineno)
        match node:
            case ast.Constant(value=str() | int() | float() | bool() | None as value):
                return self._usable(value, loc)
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return [self._value(item, (*loc, i)) for i, item in enumerate(items)]
        looked_up = _look_up(node)
        if looked_up is None:
            message = "is computed; the file is read without being executed, so write the value out"
            raise self.spots[loc].error(message)
        name, default = looked_up
        if name in self.env:
            self.variables[dotted(loc)] = name
            return self._usable(self.env[name], loc)
        if default is not None:
            return self._value(default, loc)
        self.variables[dotted(loc)] = name
        return None

    def _usable(self, value: Any, loc: Loc) -> Any:
        problem = unusable(value)
        if problem:
            raise self.spots[loc].error(problem)
        return value


def _look_up(node: ast.expr) -> tuple[str, ast.expr | None] | None:
    """The variable and the default of `os.environ.get(…)`, `os.getenv(…)` or `os.environ[…]`."""
    match node:
        case ast.Call(func=function, args=[ast.Constant(value=str() as name), *rest], keywords=[]):
            if ast.unparse(function) in ("os.environ.get", "environ.get", "os.getenv", "getenv"):
                return name, rest[0] if rest else None
        case ast.Subscript(value=holder, slice=ast.Constant(value=str() as name)):
            if ast.unparse(holder) in ("os.environ", "environ"):
                return name, None
    return None
