"""`palestra init`: a config to start from."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from palestra.config.starter import LocalModel

_PROMPTS = "prompts.jsonl"
_OLLAMA = "http://localhost:11434"
_SECONDS = 2.0


def init(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="Where to write it.")] = Path("palestra.yaml"),
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that is there.")] = False,
) -> None:
    """Write a commented config; finds local Ollama models."""
    from palestra.config.load import environment
    from palestra.config.starter import STARTER_PROMPTS, starter_config
    from palestra.errors import UsageError

    prompts = path.parent / _PROMPTS
    is_folder = os.path.isdir(path)  # which, unlike pathlib, says no where it may not look
    if is_folder or (os.path.exists(path) and not force):
        hint = "name another path" if is_folder else "--force overwrites it, or name another path"
        raise UsageError("is there already", path=path, hint=hint)
    host = environment(Path.cwd()).get("OLLAMA_HOST", "")
    local = find_local_models(host)
    _write(path, starter_config(local, _PROMPTS))
    wrote = [f"{path} ({_count(local)})"]
    if not prompts.exists():
        _write(prompts, STARTER_PROMPTS)
        wrote.append(f"{prompts} (5 prompts to try it with)")
    typer.echo("Wrote " + "\n  and ".join(wrote))
    typer.echo(_next_steps(path, len(local)))


def find_local_models(host: str = "") -> Sequence[LocalModel]:
    """The chat models of the Ollama at `host` (`OLLAMA_HOST`'s form; default: this machine), by name.

    Empty if none answers within two seconds.
    """
    import httpx
    import ollama

    from palestra.config.starter import LocalModel

    address = _address(host)
    try:
        with closing(ollama.Client(address, timeout=_SECONDS)) as client:
            found = client.list().models
    except (OSError, ValueError, TypeError, ollama.ResponseError, httpx.HTTPError, httpx.InvalidURL):
        return []  # nobody there, or something else than Ollama
    usual = None if address == _OLLAMA else address
    return sorted(
        (LocalModel(name, size, usual) for name, size in _chat_models(found)), key=lambda model: model.name
    )


def _chat_models(found: Sequence[object]) -> Iterator[tuple[str, float | None]]:
    for model in found:
        name = getattr(model, "model", None)
        details = getattr(model, "details", None)
        family = getattr(details, "family", None) or ""
        if not name or not (name.isascii() and name.isprintable()) or "bert" in family or "embed" in name:
            continue
        yield name, _billions(getattr(details, "parameter_size", None) or "")


def _billions(size: str) -> float | None:
    """Ollama's `3.2B` or `134.52M` in billions."""
    scale = {"B": 1.0, "M": 1e-3, "K": 1e-6}.get(size[-1:].upper())
    try:
        value = float(size[:-1]) * (scale or 0.0)
    except ValueError:
        return None
    return round(value, 6) if value > 0 else None


def _address(host: str) -> str:
    """An address from `OLLAMA_HOST`, which may lack the scheme and the port."""
    host = host.strip().rstrip("/")
    if not host:
        return _OLLAMA
    if "://" in host:
        return host
    host = host.replace("0.0.0.0", "127.0.0.1")
    return f"http://{host}" if ":" in host else f"http://{host}:11434"


def _write(path: Path, text: str) -> None:
    from palestra.errors import UsageError

    try:
        path.write_text(text, encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"cannot be written: {reason}", path=path) from None


def _count(local: Sequence[LocalModel]) -> str:
    if not local:
        return "no local Ollama found"
    return f"{len(local)} local Ollama model{'s' if len(local) > 1 else ''} found"


def _next_steps(path: Path, n_models: int) -> str:
    edit = "" if n_models > 1 else f"Open {path} and name at least two models.\n"
    return f"{edit}Next: palestra check {path}\nThen: palestra run {path}"
